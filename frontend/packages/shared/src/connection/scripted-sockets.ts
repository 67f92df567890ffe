/** The other side of a connection, for its tests. */
import { vi } from "vitest";
import type { ServerMessage } from "../protocol/messages.js";
import { Connection, type ConnectionOptions, type ConnectionStatus } from "./connection.js";
import { ScriptedSocket } from "./scripted-socket.js";

export const NOW = 1_795_000_000_000;
export const TWO_HOURS = 7_200_000;

/** The server's end of one WebSocket. */
export class FakeWebSocket extends ScriptedSocket {
  join(): void {
    this.open();
    this.say(joined());
  }
}

/** Its answer. */
export function joined(serverTime = Date.now()): object {
  return {
    type: "sessionJoined",
    sessionId: "joyful-hope-911",
    role: "listener",
    sourceLanguage: "en",
    targetLanguage: "es",
    state: "live",
    volume: 1,
    nextSequenceNumber: 0,
    nextSampleOffset: null,
    speakerConnected: true,
    connectionExpiresAt: serverTime + TWO_HOURS,
    serverTime,
  };
}

/** A connection whose sockets and whose time a test plays. */
export class Rig {
  readonly sockets: FakeWebSocket[] = [];
  readonly statuses: ConnectionStatus[] = [];
  readonly messages: ServerMessage[] = [];
  readonly refusals: string[] = [];
  readonly connection: Connection;

  constructor(options: Partial<ConnectionOptions> = {}) {
    this.connection = new Connection({
      url: () => `wss://x/dev?n=${this.sockets.length}`,
      join: () => ({ action: "joinSession", lastSequenceNumber: this.messages.length }),
      onMessage: (message) => this.messages.push(message),
      onStatus: (status) => this.statuses.push(status),
      onRefused: (reason) => this.refusals.push(reason),
      openWebSocket: () => {
        const socket = new FakeWebSocket();
        this.sockets.push(socket);
        return socket;
      },
      random: () => 0.5,
      ...options,
    });
  }

  get last(): FakeWebSocket {
    const socket = this.sockets.at(-1);
    if (socket === undefined) throw new Error("no socket yet");
    return socket;
  }

  /** How often the last socket was asked to join or whether it is alive, which is the same. */
  get asked(): number {
    return this.last.sent.filter((text) => text.includes("joinSession")).length;
  }

  async start(): Promise<this> {
    this.connection.start();
    await settle();
    return this;
  }
}

/** Lets promises settle without time passing. */
export async function settle(): Promise<void> {
  await vi.advanceTimersByTimeAsync(0);
}

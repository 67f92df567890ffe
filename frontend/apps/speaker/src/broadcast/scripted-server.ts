/** The other side of a broadcast, for its tests. */
import { ScriptedSocket } from "@babelcast/shared/connection/scripted-socket";
import type { SessionState } from "@babelcast/shared/protocol/messages";
import { vi } from "vitest";
import { Broadcast } from "./broadcast.js";

export const SESSION = "joyful-hope-911";

/** The server's end of one WebSocket. */
export class Socket extends ScriptedSocket {
  join(state: SessionState = "live", nextSampleOffset = 0): void {
    this.open();
    this.sayJoined(state, nextSampleOffset);
  }

  sayJoined(state: SessionState, nextSampleOffset = 0): void {
    this.say({
      type: "sessionJoined",
      sessionId: SESSION,
      role: "speaker",
      sourceLanguage: "en",
      targetLanguage: null,
      state,
      volume: 0.8,
      nextSequenceNumber: 0,
      nextSampleOffset,
      speakerConnected: true,
      connectionExpiresAt: 7_200_000,
      serverTime: 0,
    });
  }

  sayState(state: SessionState, volume = 0.8): void {
    this.say({ type: "broadcastState", sessionId: SESSION, state, volume, speakerConnected: true });
  }

  sayStatus(delayMs: number | null): void {
    const audience = { listenerCount: 1, listenersByLanguage: { es: 1 } };
    this.say({ type: "sessionStatus", sessionId: SESSION, ...audience, durationMs: 1_000, state: "live", delayMs });
  }

  ack(...indices: number[]): void {
    for (const chunkIndex of indices) this.say({ type: "audioAck", chunkIndex });
  }

  refuse(code: string, action: string | null, retryable: boolean): void {
    this.say({ type: "error", code, message: "", retryable, action });
  }

  warn(issue: string, resolved = false): void {
    this.say({ type: "qualityWarning", sessionId: SESSION, issue, value: 1, advice: "Use headphones.", resolved });
  }

  get actions(): string[] {
    return this.received.map((message) => message.action);
  }

  get chunks(): number[] {
    return this.received.flatMap((message) => (message.action === "audioChunk" ? [message.chunkIndex] : []));
  }

  get offsets(): number[] {
    return this.received.flatMap((message) => (message.action === "audioChunk" ? [message.sampleOffset] : []));
  }

  refresh(): void {
    this.say({ type: "connectionRefreshRequired", expiresAt: 7_200_000 });
  }

  count(action: string): number {
    return this.actions.filter((each) => each === action).length;
  }
}

/** A microphone that a test speaks into: a last chunk of 100 ms comes when it is stopped. */
class Source {
  isOpen = false;
  give: (samples: number) => void = () => undefined;

  startChunks(): void {
    this.isOpen = true;
  }

  stopChunks(): Promise<void> {
    if (this.isOpen) this.give(1_600);
    this.isOpen = false;
    return Promise.resolve();
  }
}

/** A broadcast with its microphone and its server, all played by a test under fake timers. */
export class Rig {
  readonly sockets: Socket[] = [];
  readonly source = new Source();
  readonly broadcast: Broadcast;
  diagnosis: "unreachable" | { refused: string } = "unreachable";

  constructor(rememberedOffset = 0) {
    this.broadcast = new Broadcast({
      sessionId: SESSION,
      url: () => Promise.resolve("ws://test"),
      diagnose: () => Promise.resolve(this.diagnosis),
      source: this.source,
      rememberedOffset,
      openWebSocket: () => {
        this.sockets.push(new Socket());
        return this.socket;
      },
      random: () => 0.5,
    });
    this.source.give = (samples) => this.broadcast.sender.add(new Uint8Array(2 * samples), Date.now());
    this.broadcast.start();
  }

  get socket(): Socket {
    const socket = this.sockets.at(-1);
    if (socket === undefined) throw new Error("no socket has been opened");
    return socket;
  }

  /** On air, as if joined long ago. */
  static async live(): Promise<Rig> {
    const rig = new Rig();
    await vi.advanceTimersByTimeAsync(0);
    rig.socket.join();
    rig.broadcast.goLive();
    return rig;
  }

  async speak(chunks: number): Promise<void> {
    for (let chunk = 0; chunk < chunks; chunk++) {
      await vi.advanceTimersByTimeAsync(250);
      this.source.give(4_000);
    }
  }

  /** Time passes, and each question about the audience is answered at once. */
  async answerFor(seconds: number): Promise<void> {
    for (let second = 0; second < seconds; second++) {
      const asked = this.socket.count("getSessionStatus");
      await vi.advanceTimersByTimeAsync(1_000);
      if (this.socket.count("getSessionStatus") > asked) this.socket.sayStatus(null);
      else if (second % 5 === 0) this.socket.sayJoined(this.broadcast.known.value ?? "live");
    }
  }

  async reconnect(state: SessionState = "live"): Promise<void> {
    this.socket.drop();
    await vi.advanceTimersByTimeAsync(600);
    this.socket.join(state);
  }
}

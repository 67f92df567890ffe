import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ServerMessage } from "../protocol/messages.js";
import { Connection, type ConnectionOptions, type ConnectionStatus } from "./connection.js";
import { CONNECTION_POLICY } from "./connection-policy.js";
import type { WebSocketLike } from "./joined-socket.js";

const NOW = 1_795_000_000_000;
const TWO_HOURS = 7_200_000;

class FakeWebSocket implements WebSocketLike {
  onopen: ((event: Event) => void) | null = null;
  onmessage: ((event: MessageEvent) => void) | null = null;
  onclose: ((event: CloseEvent) => void) | null = null;
  readonly sent: string[] = [];
  closed = false;

  send(text: string): void {
    this.sent.push(text);
  }

  close(): void {
    this.closed = true;
  }

  open(): void {
    this.onopen?.(new Event("open"));
  }

  say(message: object): void {
    this.onmessage?.(new MessageEvent("message", { data: JSON.stringify(message) }));
  }

  join(): void {
    this.open();
    this.say(joined());
  }

  drop(): void {
    this.onclose?.({} as CloseEvent);
  }
}

function joined(serverTime = Date.now()): object {
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
    connectionExpiresAt: serverTime + TWO_HOURS,
    serverTime,
  };
}

class Rig {
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

  async start(): Promise<this> {
    this.connection.start();
    await settle();
    return this;
  }
}

/** Lets promises settle without time passing. */
async function settle(): Promise<void> {
  await vi.advanceTimersByTimeAsync(0);
}

beforeEach(() => {
  vi.useFakeTimers({ now: NOW });
});
afterEach(() => {
  vi.useRealTimers();
});

describe("joining", () => {
  it("joins first, and is joined when that is answered", async () => {
    const rig = await new Rig().start();
    expect(rig.statuses).toEqual(["connecting"]);
    expect(rig.connection.send({ action: "heartbeat" })).toBe(false);
    rig.last.open();
    expect(rig.last.sent).toEqual(['{"action":"joinSession","lastSequenceNumber":0}']);
    rig.last.say(joined());
    expect(rig.statuses).toEqual(["connecting", "joined"]);
    expect(rig.messages.map((message) => message.type)).toEqual(["sessionJoined"]);
    expect(rig.connection.send({ action: "heartbeat" })).toBe(true);
  });

  it("repeats joining until it is answered, and then gives the socket up", async () => {
    const rig = await new Rig().start();
    rig.last.open();
    await vi.advanceTimersByTimeAsync(CONNECTION_POLICY.joinAgainMs * 2);
    expect(rig.last.sent).toHaveLength(3);
    await vi.advanceTimersByTimeAsync(CONNECTION_POLICY.joinTimeoutMs);
    expect(rig.sockets.length).toBeGreaterThan(1);
    expect(rig.sockets[0]?.closed).toBe(true);
  });

  it("leaves out what is malformed", async () => {
    const rig = await new Rig().start();
    rig.last.join();
    rig.last.say({ type: "dance" });
    rig.last.say({ type: "audioAck" });
    expect(rig.messages).toHaveLength(1);
  });
});

describe("losing the connection", () => {
  it("opens it again and tells both", async () => {
    const rig = await new Rig().start();
    rig.last.join();
    rig.last.drop();
    expect(rig.statuses.at(-1)).toBe("reconnecting");
    await vi.advanceTimersByTimeAsync(CONNECTION_POLICY.backoff.floorMs);
    rig.last.join();
    expect(rig.sockets).toHaveLength(2);
    expect(rig.statuses).toEqual(["connecting", "joined", "reconnecting", "joined"]);
    expect(rig.last.sent[0]).toContain('"lastSequenceNumber":1');
  });

  it("waits longer with each failure and starts anew once it is joined", async () => {
    const rig = await new Rig().start();
    for (let failures = 0; failures < 8; failures++) {
      rig.last.drop();
      await vi.advanceTimersByTimeAsync(CONNECTION_POLICY.backoff.ceilingMs);
    }
    expect(rig.sockets).toHaveLength(9);
    rig.last.drop();
    await vi.advanceTimersByTimeAsync(2_000);
    expect(rig.sockets).toHaveLength(9);
    await vi.advanceTimersByTimeAsync(8_000);
    rig.last.join();
    rig.last.drop();
    await vi.advanceTimersByTimeAsync(CONNECTION_POLICY.backoff.floorMs);
    expect(rig.sockets).toHaveLength(11);
  });

  it("notices a dead network by its silence", async () => {
    const rig = await new Rig().start();
    rig.last.join();
    await vi.advanceTimersByTimeAsync(CONNECTION_POLICY.silenceMs);
    expect(rig.last.sent).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(CONNECTION_POLICY.probeAnswerMs);
    expect(rig.statuses.at(-1)).toBe("reconnecting");
    expect(rig.sockets[0]?.closed).toBe(true);
  });

  it("takes any message as a sign of life", async () => {
    const rig = await new Rig().start();
    rig.last.join();
    for (let quarter = 0; quarter < 12; quarter++) {
      await vi.advanceTimersByTimeAsync(CONNECTION_POLICY.silenceMs - 1_000);
      rig.last.say({ type: "audioAck", chunkIndex: quarter });
    }
    expect(rig.sockets).toHaveLength(1);
    expect(rig.last.sent.filter((text) => text.includes("joinSession"))).toHaveLength(1);
    expect(rig.last.sent.filter((text) => text.includes("heartbeat"))).toHaveLength(2);
  });

  it("tries at once when the network is back", async () => {
    const rig = await new Rig().start();
    for (let failures = 0; failures < 5; failures++) {
      rig.last.drop();
      rig.connection.wake();
      await settle();
    }
    expect(rig.sockets).toHaveLength(6);
  });

  it("looks whether an open socket is alive when the page is back", async () => {
    const rig = await new Rig().start();
    rig.last.join();
    rig.connection.wake();
    rig.connection.wake();
    expect(rig.last.sent).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(CONNECTION_POLICY.wakeAnswerMs + CONNECTION_POLICY.backoff.floorMs);
    expect(rig.sockets).toHaveLength(2);
  });
});

describe("refusal", () => {
  it("asks why a handshake failed and stops when it was refused", async () => {
    const rig = await new Rig({ diagnose: () => Promise.resolve({ refused: "SESSION_ENDED" }) }).start();
    rig.last.drop();
    await settle();
    expect(rig.statuses).toEqual(["connecting", "refused"]);
    expect(rig.refusals).toEqual(["SESSION_ENDED"]);
    await vi.advanceTimersByTimeAsync(600_000);
    expect(rig.sockets).toHaveLength(1);
  });

  it("tries again when nobody can say why", async () => {
    const rig = await new Rig({ diagnose: () => Promise.reject(new Error("offline")) }).start();
    rig.last.drop();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(rig.sockets).toHaveLength(2);
    expect(rig.refusals).toEqual([]);
  });

  it("counts an address that cannot be made as a failed attempt", async () => {
    let calls = 0;
    const url = (): Promise<string> =>
      ++calls === 1 ? Promise.reject(new Error("token expired")) : Promise.resolve("wss://x");
    const rig = await new Rig({ url }).start();
    expect(rig.sockets).toHaveLength(0);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(rig.sockets).toHaveLength(1);
  });
});

describe("refresh", () => {
  it("opens the new socket before it closes the old", async () => {
    const rig = await new Rig().start();
    const old = rig.last;
    old.join();
    old.say({ type: "connectionRefreshRequired", expiresAt: NOW + 60_000 });
    old.say({ type: "connectionRefreshRequired", expiresAt: NOW + 60_000 });
    await settle();
    expect(rig.sockets).toHaveLength(2);
    expect(old.closed).toBe(false);
    old.say({ type: "audioAck", chunkIndex: 1 });
    rig.last.join();
    expect(old.closed).toBe(true);
    expect(rig.statuses).toEqual(["connecting", "joined"]);
    expect(rig.messages.map((message) => message.type)).toEqual(["sessionJoined", "audioAck", "sessionJoined"]);
  });

  it("keeps the old socket while the new one fails", async () => {
    const rig = await new Rig({ diagnose: () => Promise.resolve({ refused: "NOT_ALLOWED" }) }).start();
    const old = rig.last;
    old.join();
    old.say({ type: "connectionRefreshRequired", expiresAt: NOW + 60_000 });
    await settle();
    rig.last.drop();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(rig.sockets).toHaveLength(3);
    expect(old.closed).toBe(false);
    expect(rig.statuses).toEqual(["connecting", "joined"]);
  });

  it("does so by itself before the time is up", async () => {
    const rig = await new Rig().start();
    rig.last.join();
    while (rig.sockets.length === 1 && Date.now() < NOW + TWO_HOURS) {
      await vi.advanceTimersByTimeAsync(20_000);
      rig.last.say({ type: "audioAck", chunkIndex: 0 });
    }
    const leftMs = NOW + TWO_HOURS - Date.now();
    expect(leftMs).toBeGreaterThan(CONNECTION_POLICY.refreshAheadMs / 2);
    expect(leftMs).toBeLessThan(CONNECTION_POLICY.refreshAheadMs);
    rig.last.join();
    expect(rig.sockets).toHaveLength(2);
    expect(rig.statuses).toEqual(["connecting", "joined"]);
  });

  it("goes on with the new socket when the old one is closed meanwhile", async () => {
    const rig = await new Rig().start();
    const old = rig.last;
    old.join();
    old.say({ type: "connectionRefreshRequired", expiresAt: NOW + 60_000 });
    await settle();
    old.drop();
    rig.last.join();
    await vi.advanceTimersByTimeAsync(20_000);
    expect(rig.sockets).toHaveLength(2);
    expect(rig.statuses.at(-1)).toBe("joined");
  });
});

it("stays closed", async () => {
  const rig = await new Rig().start();
  rig.last.join();
  rig.connection.close();
  await vi.advanceTimersByTimeAsync(600_000);
  expect(rig.statuses.at(-1)).toBe("closed");
  expect(rig.sockets).toHaveLength(1);
  expect(rig.last.closed).toBe(true);
});

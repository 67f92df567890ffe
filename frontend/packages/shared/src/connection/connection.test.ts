import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { wakeWithBrowser } from "./connection.js";
import { CONNECTION_POLICY } from "./connection-policy.js";
import { joined, NOW, Rig, settle, TWO_HOURS } from "./scripted-sockets.js";

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
    expect(rig.sockets[0]?.isClosed).toBe(true);
  });

  it.each([
    { type: "error", code: "STORAGE_UNAVAILABLE", message: "", retryable: true, action: "joinSession" },
    { message: "Internal server error", connectionId: "c=", requestId: "r" },
  ])("joins again soon when it has failed", async (failure) => {
    const rig = await new Rig().start();
    rig.last.open();
    rig.last.say(failure);
    await vi.advanceTimersByTimeAsync(CONNECTION_POLICY.joinFailedAgainMs * 2);
    expect(rig.last.sent).toHaveLength(2);
    rig.last.say(joined());
    expect(rig.statuses).toEqual(["connecting", "joined"]);
  });

  it("does not press a server that has no room, and keeps the socket", async () => {
    const rig = await new Rig().start();
    rig.last.open();
    rig.last.say({ type: "error", code: "AT_CAPACITY", message: "", retryable: true, action: "joinSession" });
    await vi.advanceTimersByTimeAsync(CONNECTION_POLICY.roomAgainMs - 1);
    expect(rig.last.sent).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(CONNECTION_POLICY.roomAgainMs + 1);
    expect(rig.last.sent).toHaveLength(2);
    expect(rig.sockets).toHaveLength(1);
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

  it("tries at once when the network is back", async () => {
    const rig = await new Rig().start();
    for (let failures = 0; failures < 5; failures++) {
      rig.last.drop();
      rig.connection.wake();
      await settle();
    }
    expect(rig.sockets).toHaveLength(6);
  });

  it("replaces a handshake that hangs when the network is back, not one that has just begun", async () => {
    const rig = await new Rig().start();
    rig.last.join();
    rig.last.drop();
    await vi.advanceTimersByTimeAsync(1_000);
    rig.connection.wake();
    await settle();
    expect(rig.sockets).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(CONNECTION_POLICY.wakeAnswerMs);
    rig.connection.wake();
    await settle();
    expect(rig.sockets.map((socket) => socket.isClosed)).toEqual([true, true, false]);
  });

  it("does not hang on a handshake for long, nor asks why nobody answers", async () => {
    const diagnose = vi.fn(() => Promise.resolve<"unreachable">("unreachable"));
    const rig = await new Rig({ diagnose }).start();
    rig.last.join();
    rig.last.drop();
    await vi.advanceTimersByTimeAsync(2 * CONNECTION_POLICY.reopenTimeoutMs);
    expect(rig.sockets).toHaveLength(3);
    expect(diagnose).not.toHaveBeenCalled();
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
    expect(old.isClosed).toBe(false);
    old.say({ type: "audioAck", chunkIndex: 1 });
    rig.last.join();
    expect(rig.connection.send({ action: "heartbeat" })).toBe(true);
    expect(old.sent.join()).not.toContain("heartbeat");
    old.say({ type: "audioAck", chunkIndex: 2 });
    expect(old.isClosed).toBe(false);
    await vi.advanceTimersByTimeAsync(CONNECTION_POLICY.lingerMs);
    expect(old.isClosed).toBe(true);
    expect(rig.statuses).toEqual(["connecting", "joined"]);
    const types = rig.messages.map((message) => message.type);
    expect(types).toEqual(["sessionJoined", "audioAck", "sessionJoined", "audioAck"]);
  });

  it("closes both when it is closed meanwhile", async () => {
    const rig = await new Rig().start();
    const old = rig.last;
    old.join();
    old.say({ type: "connectionRefreshRequired", expiresAt: NOW + 60_000 });
    await settle();
    rig.last.join();
    rig.connection.close();
    expect(rig.sockets.map((socket) => socket.isClosed)).toEqual([true, true]);
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
    expect(old.isClosed).toBe(false);
    expect(rig.statuses).toEqual(["connecting", "joined"]);
  });

  it("does so by itself before the time is up", async () => {
    const rig = await new Rig().start();
    rig.last.join();
    while (rig.sockets.length === 1 && Date.now() < NOW + TWO_HOURS) {
      await vi.advanceTimersByTimeAsync(10_000);
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
    await vi.advanceTimersByTimeAsync(10_000);
    expect(rig.sockets).toHaveLength(2);
    expect(rig.statuses.at(-1)).toBe("joined");
  });
});

it("follows what the browser says of the network and of the page", () => {
  const page = new EventTarget();
  const document = Object.assign(new EventTarget(), { visibilityState: "hidden" });
  vi.stubGlobal("addEventListener", page.addEventListener.bind(page));
  vi.stubGlobal("removeEventListener", page.removeEventListener.bind(page));
  vi.stubGlobal("document", document);
  const heard: string[] = [];
  const stop = wakeWithBrowser({ wake: () => heard.push("wake"), doubt: () => heard.push("doubt") });
  const tell = (): void => {
    for (const type of ["offline", "online", "pageshow"]) page.dispatchEvent(new Event(type));
    document.dispatchEvent(new Event("visibilitychange"));
  };
  tell();
  expect(heard.splice(0)).toEqual(["doubt", "wake"]);
  document.visibilityState = "visible";
  tell();
  expect(heard.splice(0)).toEqual(["doubt", "wake", "wake", "wake"]);
  stop();
  tell();
  expect(heard).toEqual([]);
  vi.unstubAllGlobals();
});

it("stays closed", async () => {
  const rig = await new Rig().start();
  rig.last.join();
  rig.connection.close();
  await vi.advanceTimersByTimeAsync(600_000);
  expect(rig.statuses.at(-1)).toBe("closed");
  expect(rig.sockets).toHaveLength(1);
  expect(rig.last.isClosed).toBe(true);
});

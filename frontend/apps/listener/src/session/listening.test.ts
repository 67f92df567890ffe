import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Listening } from "./listening";
import type { SessionMemory } from "./memory";
import { Rig } from "./scripted-server";

/** Of a tab that has read ten segments. */
const MEMORY: SessionMemory = {
  sessionId: "joyful-hope-911",
  language: "es",
  joinKey: undefined,
  withSound: false,
  paused: false,
  first: 0,
  lastContiguous: 9,
  playNumber: 10,
  playOffsetS: 0,
};

describe("Listening", () => {
  let rig: Rig;
  beforeEach(() => {
    vi.useFakeTimers();
    rig = new Rig();
  });
  afterEach(() => {
    rig.close();
    vi.useRealTimers();
  });

  function texts(of: Listening): string[] {
    return of.captions.value.map((caption) => caption.text);
  }

  it("connects as a listener of its language", async () => {
    await rig.start({ joinKey: "sesame &" });
    expect(rig.socket.url).toBe(
      "ws://api/dev?sessionId=joyful-hope-911&role=listener&targetLanguage=es&joinKey=sesame+%26",
    );
  });

  it("shows what the room has just heard to those who come late", async () => {
    const here = await rig.start();
    rig.socket.join(12);
    expect(rig.socket.actions("resume")).toEqual([{ action: "resume", lastSequenceNumber: 8 }]);
    for (const number of [9, 10, 11]) rig.socket.segment(number);
    expect(texts(here)).toEqual(["texto 9", "texto 10", "texto 11"]);
  });

  it("asks for nothing at the beginning of a session", async () => {
    await rig.start();
    rig.socket.join(0);
    expect(rig.socket.actions("resume")).toEqual([]);
  });

  it("keeps what comes before it is joined", async () => {
    const here = await rig.start();
    rig.socket.onopen?.(new Event("open"));
    rig.socket.segment(0);
    rig.socket.join(0);
    expect(texts(here)).toEqual(["texto 0"]);
  });

  it("asks for a hole and closes it", async () => {
    const here = await rig.start();
    rig.socket.join(0);
    rig.socket.segment(0);
    rig.socket.segment(2);
    await rig.pass(2);
    expect(rig.socket.actions("resume")).toContainEqual({ action: "resume", lastSequenceNumber: 0 });
    rig.socket.segment(1);
    rig.socket.segment(2);
    expect(texts(here)).toEqual(["texto 0", "texto 1", "texto 2"]);
  });

  it("goes on without a hole after a lost connection", async () => {
    const here = await rig.start();
    rig.socket.join(0);
    rig.socket.segment(0);
    rig.socket.onclose?.({} as CloseEvent);
    expect(here.state.value).toBe("reconnecting");
    await rig.pass(1);
    rig.socket.join(3);
    expect(rig.socket.received[0]).toMatchObject({ action: "joinSession", lastSequenceNumber: 0 });
    for (const number of [1, 2, 3]) rig.socket.segment(number, { replayed: true });
    expect(here.state.value).toBe("live");
    expect(here.captions.value).toHaveLength(4);
  });

  it("keeps its seat over its connections, and when the page is loaded again", async () => {
    await rig.start();
    rig.socket.join(0);
    const [secret] = rig.seats;
    expect(secret).toMatch(/^[A-Za-z0-9_-]{22,64}$/);
    rig.socket.onclose?.({} as CloseEvent);
    await rig.pass(1);
    rig.socket.join(0);
    rig.socket.say({ type: "connectionRefreshRequired", expiresAt: Date.now() + 60_000 });
    await rig.pass(0);
    rig.socket.join(0);
    expect(rig.seats).toEqual([secret, secret, secret]);
    rig.window.dispatchEvent(new Event("pagehide"));
    await rig.start();
    rig.socket.join(0);
    expect(rig.seats.at(-1)).toBe(secret);
    await rig.start({ remembers: false });
    rig.socket.join(0);
    await rig.start({ sessionId: "quiet-river-204" });
    rig.socket.join(0);
    expect(new Set(rig.seats.slice(-2)).add(secret)).toHaveProperty("size", 3);
  });

  it("does not share its seat with a tab that is duplicated from it", async () => {
    await rig.start();
    rig.socket.join(0);
    rig.window.dispatchEvent(new Event("pagehide"));
    rig.window.dispatchEvent(new Event("pageshow"));
    await rig.start();
    rig.socket.join(0);
    expect(new Set(rig.seats).size).toBe(2);
  });

  it("goes on where it was after the page was loaded again", async () => {
    const memory: SessionMemory = { ...MEMORY, first: 5 };
    const here = await rig.start({ memory });
    rig.socket.join(12);
    expect(rig.socket.received).toMatchObject([{ action: "joinSession", lastSequenceNumber: 4 }]);
    for (let number = 5; number < 12; number++) rig.socket.segment(number, { replayed: true });
    await rig.pass(5);
    expect(here.captions.value).toHaveLength(7);
    expect(rig.socket.actions("resume")).toEqual([]);
    expect(JSON.parse(rig.stored.get("babelcast.session") ?? "")).toMatchObject({ first: 5, lastContiguous: 11 });
  });

  it("says what is left out when the page is loaded again after an hour", async () => {
    const here = await rig.start({ memory: MEMORY });
    rig.socket.join(1_010);
    rig.socket.leaveOut(0, 809, 3);
    for (let number = 810; number < 1_010; number++) rig.socket.segment(number, { replayed: true });
    await rig.pass(5);
    expect(here.captions.value).toHaveLength(200);
    expect(here.leftOut.value).toEqual([{ before: 810, seconds: 2_430 }]);
    expect(here.skippedS.value).toBe(0);
    expect(rig.socket.actions("resume")).toEqual([]);
  });

  it("remembers no speech", async () => {
    await rig.start();
    rig.socket.join(0);
    rig.socket.segment(0, { text: "secreto", sourceText: "secret" });
    await rig.pass(5);
    expect([...rig.stored.values()].join()).not.toMatch(/secret/);
  });

  it("tells the server of a pause, also a new connection, and catches up with the captions afterwards", async () => {
    const here = await rig.start();
    rig.socket.join(0);
    rig.socket.segment(0);
    here.pause();
    rig.socket.caption(1);
    rig.socket.caption(2);
    await rig.pass(9);
    expect(rig.socket.actions("pausePlayback")).toHaveLength(1);
    expect(rig.socket.actions("resume")).toEqual([]);
    rig.socket.onclose?.({} as CloseEvent);
    await rig.pass(1);
    rig.socket.join(3);
    expect(rig.socket.actions("pausePlayback")).toHaveLength(1);
    here.resume();
    await rig.pass(2);
    expect(rig.socket.actions("resumePlayback")).toHaveLength(1);
    expect(rig.socket.actions("resume")).toContainEqual({ action: "resume", lastSequenceNumber: 0 });
  });

  it("changes the language without leaving, on this connection and the next", async () => {
    const here = await rig.start();
    rig.socket.join(0);
    rig.socket.segment(0);
    here.changeLanguage("fr");
    here.changeLanguage("fr");
    expect(rig.socket.actions("changeLanguage")).toEqual([{ action: "changeLanguage", targetLanguage: "fr" }]);
    rig.socket.segment(1, { targetLanguage: "fr" });
    expect(here.captions.value.map((caption) => caption.language)).toEqual(["es", "fr"]);
    rig.socket.onclose?.({} as CloseEvent);
    await rig.pass(1);
    expect(rig.socket.url).toContain("targetLanguage=fr");
  });

  it("insists on its language when the server thinks of another", async () => {
    const here = await rig.start();
    rig.socket.join(0);
    here.changeLanguage("fr");
    rig.socket.join(0);
    expect(rig.socket.actions("changeLanguage")).toHaveLength(2);
  });

  it("shows the state of the broadcast and of its speaker", async () => {
    const here = await rig.start();
    rig.socket.join(0);
    rig.socket.caption(null, "good mor");
    expect(here.partial.value?.text).toBe("good mor");
    const state = { type: "broadcastState", volume: 1 } as const;
    rig.socket.say({ ...state, state: "muted", speakerConnected: true });
    expect(here.state.value).toBe("muted");
    expect(here.partial.value).toBeUndefined();
    rig.socket.say({ ...state, state: "live", speakerConnected: false });
    expect(here.state.value).toBe("away");
    rig.socket.caption(null, "here I am");
    expect(here.state.value).toBe("live");
  });

  it("waits for the speaker until something is said, connected or not", async () => {
    const here = await rig.start();
    expect(here.state.value).toBe("connecting");
    rig.socket.join(0, { speakerConnected: false });
    expect(here.state.value).toBe("waiting");
    const state = { type: "broadcastState", volume: 1, state: "live" } as const;
    for (const speakerConnected of [true, false, true]) {
      rig.socket.say({ ...state, speakerConnected });
      expect(here.state.value).toBe("waiting");
    }
    rig.socket.caption(null, "good");
    expect(here.state.value).toBe("live");
    rig.socket.say({ ...state, speakerConnected: false });
    expect(here.state.value).toBe("away");
    rig.socket.say({ ...state, speakerConnected: true });
    expect(here.state.value).toBe("live");
  });

  it("knows on joining whether something was said, and whether the speaker is there", async () => {
    const here = await rig.start();
    rig.socket.join(3, { speakerConnected: false });
    expect(here.state.value).toBe("away");
    rig.socket.caption(2, "What the room has just heard.");
    expect(here.state.value).toBe("away");
    rig.socket.join(3, { speakerConnected: true });
    expect(here.state.value).toBe("live");
    rig.socket.join(3, { speakerConnected: undefined });
    expect(here.state.value).toBe("live");
  });

  it("ends with the session, holes filled", async () => {
    const here = await rig.start();
    rig.socket.join(0);
    rig.socket.segment(1);
    rig.socket.say({ type: "sessionEnded", reason: "ended" });
    await rig.pass(2);
    expect(here.state.value).toBe("ended");
    expect(rig.socket.actions("resume")).toContainEqual({ action: "resume", lastSequenceNumber: -1 });
    await rig.pass(20);
    expect(here.connection.value).toBe("closed");
  });

  const full = { type: "error", code: "AT_CAPACITY", message: "", retryable: true, action: "joinSession" };

  it("says that the room is full, and comes in by itself when somebody leaves", async () => {
    const here = await rig.start();
    rig.socket.open();
    rig.socket.say(full);
    expect(here.state.value).toBe("full");
    await rig.pass(11);
    expect(rig.socket.actions("joinSession")).toHaveLength(1);
    for (let round = 0; round < 5; round++) {
      const asked = rig.socket.actions("joinSession").length;
      await rig.pass(25);
      expect(rig.socket.actions("joinSession").length).toBeGreaterThan(asked);
      rig.socket.say(full);
    }
    expect(rig.sockets).toHaveLength(1);
    expect(here.state.value).toBe("full");
    expect(here.refusal.value).toBeUndefined();
    rig.socket.join(3);
    expect(here.state.value).toBe("live");
  });

  it("goes on as it is while the connection that is to replace it finds no seat", async () => {
    const here = await rig.start();
    rig.socket.join(3);
    rig.socket.say({ type: "connectionRefreshRequired", expiresAt: Date.now() + 600_000 });
    await rig.pass(0);
    expect(rig.sockets).toHaveLength(2);
    rig.socket.open();
    rig.socket.say(full);
    expect(here.state.value).toBe("live");
    rig.sockets[0]?.segment(3);
    expect(texts(here)).toContain("texto 3");
    rig.sockets[0]?.onclose?.({} as CloseEvent);
    expect(here.state.value).toBe("reconnecting");
  });

  it.each([
    [{ state: "ended" }, "SESSION_ENDED"],
    [{ targetLanguages: ["de"] }, "UNSUPPORTED_LANGUAGE"],
  ])("says why it is not let in: %j", async (changes, reason) => {
    rig.facts = { ...rig.facts, ...changes };
    const here = await rig.start();
    rig.socket.onclose?.({} as CloseEvent);
    await rig.pass(0);
    expect(here.refusal.value).toBe(reason);
  });

  /** Handshakes fail, so many seconds long; answers how many. */
  async function blockHandshakes(seconds: number): Promise<number> {
    const before = rig.sockets.length;
    for (let passed = 0; passed < seconds; passed++) {
      rig.socket.onclose?.({} as CloseEvent);
      await rig.pass(1);
    }
    return rig.sockets.length - before;
  }

  it("says after one try that a key is wrong", async () => {
    rig.joinKey = "sesame";
    const here = await rig.start({ joinKey: "open-door" });
    rig.socket.onclose?.({} as CloseEvent);
    await rig.pass(0);
    expect(here.refusal.value).toBe("NOT_ALLOWED");
    await rig.pass(60);
    // Both count as guesses, of which all in a hall have so many together.
    expect([rig.sockets.length, rig.looks]).toEqual([1, 1]);
  });

  it("says that a key is missing", async () => {
    rig.joinKey = "sesame";
    const here = await rig.start();
    rig.socket.onclose?.({} as CloseEvent);
    await rig.pass(0);
    expect(here.refusal.value).toBe("NOT_ALLOWED");
  });

  it("locks nobody out who has the right key, however long the network lets no connection through", async () => {
    rig.joinKey = "sesame";
    const here = await rig.start({ joinKey: "sesame" });
    expect(await blockHandshakes(120)).toBeGreaterThan(10);
    expect(here.refusal.value).toBeUndefined();
    expect(here.state.value).toBe("connecting");
    await rig.pass(8);
    rig.socket.join(0);
    expect(here.state.value).toBe("waiting");
  });

  it("does not say that a key is wrong before it knows", async () => {
    rig.joinKey = "sesame";
    rig.isHttpReachable = false;
    const here = await rig.start({ joinKey: "open-door" });
    expect(await blockHandshakes(30)).toBeGreaterThan(3);
    expect(here.refusal.value).toBeUndefined();
    rig.isHttpReachable = true;
    await blockHandshakes(10);
    expect(here.refusal.value).toBe("NOT_ALLOWED");
  });

  it("knows that too many have tried, goes on trying, and comes in", async () => {
    rig.isTooOften = true;
    const here = await rig.start();
    expect(await blockHandshakes(30)).toBeGreaterThan(3);
    expect(here.isTooOften.value).toBe(true);
    expect(here.state.value).toBe("connecting");
    expect(here.refusal.value).toBeUndefined();
    rig.isTooOften = false;
    await blockHandshakes(10);
    expect(here.isTooOften.value).toBe(false);
    await rig.pass(8);
    rig.socket.join(0);
    expect(here.state.value).toBe("waiting");
  });

  it("fetches the last words of a session that ended while it was away, though the network fails again", async () => {
    const here = await rig.start();
    rig.socket.join(0);
    rig.facts = { ...rig.facts, state: "ended" };
    rig.socket.onclose?.({} as CloseEvent);
    await rig.pass(1);
    await blockHandshakes(1);
    await rig.pass(2);
    rig.socket.join(1, { state: "ended" });
    rig.socket.segment(0, { replayed: true });
    expect(texts(here)).toEqual(["texto 0"]);
    expect(here.state.value).toBe("ended");
  });

  it("takes a session that ended while the connection was away for ended", async () => {
    const here = await rig.start();
    rig.socket.join(0);
    rig.facts = { ...rig.facts, state: "ended" };
    const tries = await blockHandshakes(60);
    expect(here.state.value).toBe("ended");
    expect(here.refusal.value).toBeUndefined();
    expect(tries).toBe(4);
  });
});

import type { ClientMessage, ServerMessage, TranslatedAudio } from "@babelcast/shared/protocol/messages";
import type { WebSocketLike } from "@babelcast/shared/connection/joined-socket";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Listening, type ListeningOptions } from "./listening";
import type { SessionMemory } from "./memory";

const CONFIG = {
  stage: "dev",
  region: "eu-central-1",
  httpApiUrl: "http://api",
  webSocketUrl: "ws://api/dev",
  userPoolId: "",
  userPoolClientId: "",
  awsEndpointUrl: null,
  listenerUrl: "http://listener",
};

class FakeWebSocket implements WebSocketLike {
  onopen: ((event: Event) => void) | null = null;
  onmessage: ((event: MessageEvent) => void) | null = null;
  onclose: ((event: CloseEvent) => void) | null = null;
  readonly sent: ClientMessage[] = [];
  readonly url: string;

  constructor(url: string) {
    this.url = url;
  }

  send(text: string): void {
    this.sent.push(JSON.parse(text) as ClientMessage);
  }

  close(): void {
    // Nothing behind it.
  }

  say(message: Partial<ServerMessage>): void {
    this.onmessage?.(new MessageEvent("message", { data: JSON.stringify(message) }));
  }

  join(nextSequenceNumber: number, changes: object = {}): void {
    this.onopen?.(new Event("open"));
    this.say({
      type: "sessionJoined",
      sessionId: "joyful-hope-911",
      role: "listener",
      sourceLanguage: "en",
      targetLanguage: "es",
      state: "live",
      volume: 1,
      nextSequenceNumber,
      nextSampleOffset: null,
      connectionExpiresAt: Date.now() + 7_200_000,
      serverTime: Date.now(),
      ...changes,
    });
  }

  segment(sequenceNumber: number, changes: Partial<TranslatedAudio> = {}): void {
    this.say({
      type: "translatedAudio",
      targetLanguage: "es",
      sequenceNumber,
      url: null,
      duration: 0,
      timestamp: Date.now(),
      text: `texto ${sequenceNumber}`,
      sourceText: `text ${sequenceNumber}`,
      spokenStartMs: 0,
      spokenEndMs: 0,
      translated: true,
      replayed: false,
      ...changes,
    });
  }

  caption(sequenceNumber: number | null, text = "text"): void {
    this.say({
      type: "transcription",
      text,
      isFinal: sequenceNumber !== null,
      language: "en",
      timestamp: Date.now(),
      resultId: `segment-${sequenceNumber ?? "next"}`,
      sequenceNumber,
    });
  }

  actions(name: ClientMessage["action"]): ClientMessage[] {
    return this.sent.filter((message) => message.action === name);
  }
}

describe("Listening", () => {
  let sockets: FakeWebSocket[];
  let stored: Map<string, string>;
  let facts: object;
  let listening: Listening | undefined;

  beforeEach(() => {
    vi.useFakeTimers();
    sockets = [];
    stored = new Map();
    facts = { state: "live", targetLanguages: ["es", "fr"], joinKeyRequired: false };
    vi.stubGlobal("addEventListener", () => undefined);
    vi.stubGlobal("removeEventListener", () => undefined);
    vi.stubGlobal("document", { addEventListener: () => undefined, removeEventListener: () => undefined });
    vi.stubGlobal("sessionStorage", { setItem: (key: string, value: string) => stored.set(key, value) });
    vi.stubGlobal("fetch", () =>
      Promise.resolve(Response.json({ sessionId: "joyful-hope-911", sourceLanguage: "en", ...facts })),
    );
  });
  afterEach(() => {
    listening?.close();
    vi.useRealTimers();
  });

  async function start(options: Partial<ListeningOptions> = {}): Promise<Listening> {
    listening = new Listening(CONFIG, {
      sessionId: "joyful-hope-911",
      language: "es",
      joinKey: undefined,
      connection: {
        openWebSocket: (url) => {
          const socket = new FakeWebSocket(url);
          sockets.push(socket);
          return socket;
        },
      },
      ...options,
    });
    listening.start();
    await pass(0);
    return listening;
  }

  async function pass(seconds: number): Promise<void> {
    await vi.advanceTimersByTimeAsync(seconds * 1_000);
  }

  function socket(): FakeWebSocket {
    const last = sockets.at(-1);
    if (last === undefined) throw new Error("no socket yet");
    return last;
  }

  function texts(of: Listening): string[] {
    return of.captions.value.map((caption) => caption.text);
  }

  it("connects as a listener of its language", async () => {
    await start({ joinKey: "sesame &" });
    expect(socket().url).toBe(
      "ws://api/dev?sessionId=joyful-hope-911&role=listener&targetLanguage=es&joinKey=sesame+%26",
    );
  });

  it("shows what the room has just heard to those who come late", async () => {
    const here = await start();
    socket().join(12);
    expect(socket().actions("resume")).toEqual([{ action: "resume", lastSequenceNumber: 8 }]);
    for (const number of [9, 10, 11]) socket().segment(number);
    expect(texts(here)).toEqual(["texto 9", "texto 10", "texto 11"]);
  });

  it("asks for nothing at the beginning of a session", async () => {
    const here = await start();
    socket().join(0);
    expect(here.state.value).toBe("live");
    expect(socket().actions("resume")).toEqual([]);
  });

  it("keeps what comes before it is joined", async () => {
    const here = await start();
    socket().onopen?.(new Event("open"));
    socket().segment(0);
    socket().join(0);
    expect(texts(here)).toEqual(["texto 0"]);
  });

  it("asks for a hole and closes it", async () => {
    const here = await start();
    socket().join(0);
    socket().segment(0);
    socket().segment(2);
    await pass(2);
    expect(socket().actions("resume")).toContainEqual({ action: "resume", lastSequenceNumber: 0 });
    socket().segment(1);
    socket().segment(2);
    expect(texts(here)).toEqual(["texto 0", "texto 1", "texto 2"]);
  });

  it("goes on without a hole after a lost connection", async () => {
    const here = await start();
    socket().join(0);
    socket().segment(0);
    socket().onclose?.({} as CloseEvent);
    expect(here.state.value).toBe("reconnecting");
    await pass(1);
    socket().join(3);
    expect(socket().sent[0]).toEqual({ action: "joinSession", lastSequenceNumber: 0 });
    for (const number of [1, 2, 3]) socket().segment(number, { replayed: true });
    expect(here.state.value).toBe("live");
    expect(here.captions.value).toHaveLength(4);
  });

  it("goes on where it was after the page was loaded again", async () => {
    const memory: SessionMemory = {
      sessionId: "joyful-hope-911",
      language: "es",
      joinKey: undefined,
      withSound: false,
      paused: false,
      first: 5,
      lastContiguous: 9,
      playNumber: 10,
      playOffsetS: 0,
    };
    const here = await start({ memory });
    socket().join(12);
    expect(socket().sent).toEqual([{ action: "joinSession", lastSequenceNumber: 4 }]);
    for (let number = 5; number < 12; number++) socket().segment(number, { replayed: true });
    await pass(5);
    expect(here.captions.value).toHaveLength(7);
    expect(socket().actions("resume")).toEqual([]);
    expect(JSON.parse(stored.get("babelcast.session") ?? "")).toMatchObject({ first: 5, lastContiguous: 11 });
  });

  it("remembers no speech", async () => {
    await start();
    socket().join(0);
    socket().segment(0, { text: "secreto", sourceText: "secret" });
    await pass(5);
    expect([...stored.values()].join()).not.toMatch(/secret/);
  });

  it("tells the server of a pause, also a new connection, and catches up with the captions afterwards", async () => {
    const here = await start();
    socket().join(0);
    socket().segment(0);
    here.pause();
    socket().caption(1);
    socket().caption(2);
    await pass(20);
    expect(socket().actions("pausePlayback")).toHaveLength(1);
    expect(socket().actions("resume")).toEqual([]);
    socket().onclose?.({} as CloseEvent);
    await pass(1);
    socket().join(3);
    expect(socket().actions("pausePlayback")).toHaveLength(1);
    here.resume();
    await pass(2);
    expect(socket().actions("resumePlayback")).toHaveLength(1);
    expect(socket().actions("resume")).toContainEqual({ action: "resume", lastSequenceNumber: 0 });
  });

  it("changes the language without leaving, on this connection and the next", async () => {
    const here = await start();
    socket().join(0);
    socket().segment(0);
    here.changeLanguage("fr");
    here.changeLanguage("fr");
    expect(socket().actions("changeLanguage")).toEqual([{ action: "changeLanguage", targetLanguage: "fr" }]);
    socket().segment(1, { targetLanguage: "fr" });
    expect(here.captions.value.map((caption) => caption.language)).toEqual(["es", "fr"]);
    socket().onclose?.({} as CloseEvent);
    await pass(1);
    expect(socket().url).toContain("targetLanguage=fr");
  });

  it("insists on its language when the server thinks of another", async () => {
    const here = await start();
    socket().join(0);
    here.changeLanguage("fr");
    socket().join(0);
    expect(socket().actions("changeLanguage")).toHaveLength(2);
  });

  it("shows the state of the broadcast and of its speaker", async () => {
    const here = await start();
    socket().join(0);
    socket().caption(null, "good mor");
    expect(here.partial.value?.text).toBe("good mor");
    const state = { type: "broadcastState", volume: 1 } as const;
    socket().say({ ...state, state: "muted", speakerConnected: true });
    expect(here.state.value).toBe("muted");
    expect(here.partial.value).toBeUndefined();
    socket().say({ ...state, state: "live", speakerConnected: false });
    expect(here.state.value).toBe("away");
    socket().caption(null, "here I am");
    expect(here.state.value).toBe("live");
  });

  it("ends with the session, holes filled", async () => {
    const here = await start();
    socket().join(0);
    socket().segment(1);
    socket().say({ type: "sessionEnded", reason: "ended" });
    await pass(2);
    expect(here.state.value).toBe("ended");
    expect(socket().actions("resume")).toContainEqual({ action: "resume", lastSequenceNumber: -1 });
    await pass(20);
    expect(here.connection.value).toBe("closed");
  });

  it.each([
    [{ state: "ended" }, "SESSION_ENDED"],
    [{ targetLanguages: ["de"] }, "UNSUPPORTED_LANGUAGE"],
    [{ joinKeyRequired: true }, "NOT_ALLOWED"],
  ])("says why it is not let in: %j", async (changes, reason) => {
    facts = { ...facts, ...changes };
    const here = await start();
    socket().onclose?.({} as CloseEvent);
    await pass(0);
    expect(here.refusal.value).toBe(reason);
  });

  it("takes a session that ended while the connection was away for ended", async () => {
    const here = await start();
    socket().join(0);
    socket().onclose?.({} as CloseEvent);
    facts = { ...facts, state: "ended" };
    await pass(1);
    socket().onclose?.({} as CloseEvent);
    await pass(0);
    expect(here.state.value).toBe("ended");
    expect(here.refusal.value).toBeUndefined();
  });
});

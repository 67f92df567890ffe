/** The other side of a listener, for its tests. */
import type { Config } from "@babelcast/shared/config";
import { ScriptedSocket } from "@babelcast/shared/connection/scripted-socket";
import type { ClientMessage, TranslatedAudio } from "@babelcast/shared/protocol/messages";
import { vi } from "vitest";
import { Listening } from "./listening";
import type { ListeningOptions } from "./listening-options";

export const SESSION = "joyful-hope-911";

export const CONFIG: Config = {
  stage: "dev",
  region: "eu-central-1",
  httpApiUrl: "http://api",
  webSocketUrl: "ws://api/dev",
  userPoolId: "",
  userPoolClientId: "",
  awsEndpointUrl: null,
  listenerUrl: "http://listener",
};

/** The server's end of one WebSocket. */
export class FakeWebSocket extends ScriptedSocket {
  readonly url: string;

  constructor(url: string) {
    super();
    this.url = url;
  }

  join(nextSequenceNumber: number, changes: object = {}): void {
    this.open();
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
      speakerConnected: true,
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
      unspoken: null,
      ...changes,
    });
  }

  /** More was missed than is sent again; every segment is so many seconds long. */
  leaveOut(first: number, last: number, segmentS: number): void {
    this.say({
      type: "segmentsLeftOut",
      sessionId: SESSION,
      firstSequenceNumber: first,
      lastSequenceNumber: last,
      spokenStartMs: first * segmentS * 1_000,
      spokenEndMs: (last + 1) * segmentS * 1_000,
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

  actions<T extends ClientMessage["action"]>(name: T): Extract<ClientMessage, { action: T }>[] {
    return this.received.filter((message): message is Extract<ClientMessage, { action: T }> => message.action === name);
  }
}

/** A listener whose server, browser and time a test plays. */
export class Rig {
  readonly sockets: FakeWebSocket[] = [];
  /** What the tab remembers. */
  readonly stored = new Map<string, string>();
  /** What the page has fetched, but for the session's facts. */
  readonly fetched: string[] = [];
  /** What the HTTP API says of the session. */
  facts: object = { state: "live", targetLanguages: ["es", "fr"], languages: [] };
  /** The session's join key; undefined when it has none. */
  joinKey: string | undefined;
  isHttpReachable = true;
  /** The HTTP API answers that it is asked too often. */
  isTooOften = false;
  /** How often the HTTP API was asked for the session. */
  looks = 0;
  /** What happens to the window. */
  readonly window = new EventTarget();
  #listening: Listening | undefined;

  constructor() {
    vi.stubGlobal("addEventListener", this.window.addEventListener.bind(this.window));
    vi.stubGlobal("removeEventListener", this.window.removeEventListener.bind(this.window));
    vi.stubGlobal("document", { addEventListener: () => undefined, removeEventListener: () => undefined });
    vi.stubGlobal("sessionStorage", {
      getItem: (key: string) => this.stored.get(key) ?? null,
      setItem: (key: string, value: string) => this.stored.set(key, value),
      removeItem: (key: string) => this.stored.delete(key),
    });
    vi.stubGlobal("fetch", (url: string, init?: RequestInit) => {
      if (url.startsWith(CONFIG.httpApiUrl)) return this.#show(new Headers(init?.headers).get("join-key"));
      this.fetched.push(url);
      return Promise.resolve(new Response(url));
    });
  }

  #show(joinKey: string | null): Promise<Response> {
    this.looks++;
    if (!this.isHttpReachable) return Promise.reject(new TypeError("network"));
    if (this.isTooOften) return Promise.resolve(new Response("", { status: 429 }));
    const joinKeyRequired = this.joinKey !== undefined;
    if (joinKeyRequired && joinKey !== null && joinKey !== this.joinKey) {
      const refusal = { code: "NOT_ALLOWED", message: "the join key is wrong", retryable: false };
      return Promise.resolve(Response.json(refusal, { status: 403 }));
    }
    return Promise.resolve(Response.json({ sessionId: SESSION, sourceLanguage: "en", joinKeyRequired, ...this.facts }));
  }

  async start(options: Partial<ListeningOptions> = {}): Promise<Listening> {
    const listening = new Listening(CONFIG, {
      sessionId: SESSION,
      language: "es",
      joinKey: undefined,
      connection: {
        openWebSocket: (url) => {
          const socket = new FakeWebSocket(url);
          this.sockets.push(socket);
          return socket;
        },
      },
      ...options,
    });
    this.#listening = listening;
    listening.start();
    await this.pass(0);
    return listening;
  }

  /** Connected, joined, and with the sound on, at the beginning of a session. */
  async listen(): Promise<Listening> {
    const listening = await this.start();
    this.socket.join(0);
    listening.startSound("Español");
    await this.pass(0);
    return listening;
  }

  close(): void {
    this.#listening?.close();
    vi.unstubAllGlobals();
  }

  get socket(): FakeWebSocket {
    const last = this.sockets.at(-1);
    if (last === undefined) throw new Error("no socket yet");
    return last;
  }

  /** What each socket was told first of whose seat it is. */
  get seats(): (string | undefined)[] {
    return this.sockets.map((socket) => socket.actions("joinSession")[0]?.seat);
  }

  async pass(seconds: number): Promise<void> {
    await vi.advanceTimersByTimeAsync(seconds * 1_000);
  }
}

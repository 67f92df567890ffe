/** The other side of a listener, for its tests. */
import type { Config } from "@babelcast/shared/config";
import type { WebSocketLike } from "@babelcast/shared/connection/joined-socket";
import type { ClientMessage, ServerMessage, TranslatedAudio } from "@babelcast/shared/protocol/messages";
import { vi } from "vitest";
import { Listening, type ListeningOptions } from "./listening";

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
export class FakeWebSocket implements WebSocketLike {
  onopen: ((event: Event) => void) | null = null;
  onmessage: ((event: MessageEvent) => void) | null = null;
  onclose: ((event: CloseEvent) => void) | null = null;
  readonly sent: ClientMessage[] = [];
  readonly url: string;
  isClosed = false;

  constructor(url: string) {
    this.url = url;
  }

  send(text: string): void {
    this.sent.push(JSON.parse(text) as ClientMessage);
  }

  close(): void {
    this.isClosed = true;
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

  actions<T extends ClientMessage["action"]>(name: T): Extract<ClientMessage, { action: T }>[] {
    return this.sent.filter((message): message is Extract<ClientMessage, { action: T }> => message.action === name);
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
  facts: object = { state: "live", targetLanguages: ["es", "fr"], joinKeyRequired: false };
  #listening: Listening | undefined;

  constructor() {
    vi.stubGlobal("addEventListener", () => undefined);
    vi.stubGlobal("removeEventListener", () => undefined);
    vi.stubGlobal("document", { addEventListener: () => undefined, removeEventListener: () => undefined });
    vi.stubGlobal("sessionStorage", { setItem: (key: string, value: string) => this.stored.set(key, value) });
    vi.stubGlobal("fetch", (url: string) => {
      if (url.startsWith(CONFIG.httpApiUrl)) {
        return Promise.resolve(Response.json({ sessionId: SESSION, sourceLanguage: "en", ...this.facts }));
      }
      this.fetched.push(url);
      return Promise.resolve(new Response(url));
    });
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

  async pass(seconds: number): Promise<void> {
    await vi.advanceTimersByTimeAsync(seconds * 1_000);
  }
}

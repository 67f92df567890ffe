import {
  type ClientMessage,
  parseServerMessage,
  type ServerError,
  type ServerMessage,
  writeMessage,
} from "../protocol/messages.js";
import { Timers } from "../timers.js";
import type { ConnectionPolicy } from "./connection-policy.js";
import { silenceBeforeProbeMs } from "./silence-policy.js";

/** The part of the browser's `WebSocket` that is used; tests bring their own. */
export interface WebSocketLike {
  onopen: ((event: Event) => void) | null;
  onmessage: ((event: MessageEvent) => void) | null;
  onclose: ((event: CloseEvent) => void) | null;
  send(text: string): void;
  close(code?: number): void;
}

export interface SocketEvents {
  /** `sessionJoined` has come; not called again when it is repeated. */
  joined(socket: JoinedSocket): void;
  message(socket: JoinedSocket, message: ServerMessage): void;
  /** The server wants this connection to be replaced before it is closed. */
  refresh(socket: JoinedSocket): void;
  /**
   * Closed by anything but {@link JoinedSocket.close}, or dead: called once.
   *
   * @param turnedAway - The handshake has failed at once; a server that refuses a client is told apart from one that
   * cannot be reached by asking elsewhere.
   */
  lost(socket: JoinedSocket, turnedAway: boolean): void;
}

/**
 * One WebSocket: joins as soon as it is open, repeats joining until it is answered, sends heartbeats, and notices when
 * the network behind it has died, which a browser tells only after minutes.
 */
export class JoinedSocket {
  readonly #webSocket: WebSocketLike;
  readonly #join: () => ClientMessage;
  readonly #events: SocketEvents;
  readonly #policy: ConnectionPolicy;
  readonly #random: () => number;
  readonly #timers = new Timers();
  readonly #createdAt = performance.now();
  #opened = false;
  #joined = false;
  #retired = false;
  #finished = false;
  /** Probes that were answered since the last news. */
  #answered = 0;
  /** When the probe that is under way must be answered. */
  #answerBy = 0;

  /** @param random - As `Math.random`. */
  constructor(
    webSocket: WebSocketLike,
    join: () => ClientMessage,
    events: SocketEvents,
    policy: ConnectionPolicy,
    random: () => number,
  ) {
    this.#webSocket = webSocket;
    this.#join = join;
    this.#events = events;
    this.#policy = policy;
    this.#random = random;
    webSocket.onopen = () => this.#onOpen();
    webSocket.onmessage = (event) => this.#onMessage(event.data as unknown);
    webSocket.onclose = () => this.#lose(!this.#opened);
    this.#timers.after("open", policy.openTimeoutMs, () => this.#lose());
  }

  get isJoined(): boolean {
    return this.#joined && !this.#finished;
  }

  /** Since when the handshake has been waited for, in milliseconds; 0 once it is over. */
  get openingForMs(): number {
    return this.#opened || this.#finished ? 0 : performance.now() - this.#createdAt;
  }

  /** False when it cannot be sent. */
  send(message: ClientMessage): boolean {
    if (!this.#opened || this.#finished) return false;
    try {
      this.#webSocket.send(writeMessage(message));
    } catch {
      return false;
    }
    return true;
  }

  /** Closes it without a word to the listener of events. */
  close(): void {
    if (this.#finished) return;
    this.#finish();
    this.#webSocket.close(1000);
  }

  /** Takes what is still on its way, and closes then; it needs no sign of life any more. */
  retire(): void {
    this.#retired = true;
    this.#timers.cancel("heartbeat", "silence", "answer");
    this.#timers.after("linger", this.#policy.lingerMs, () => this.close());
  }

  /**
   * Asks for a sign of life now: without one the socket is lost. Joining again also brings what was missed. While a probe
   * is under way, another one can only shorten its time.
   */
  probe(answerMs = this.#policy.probeAnswerMs): void {
    if (!this.isJoined || this.#retired) return;
    const answerBy = performance.now() + answerMs;
    if (!this.#timers.has("answer")) this.send(this.#join());
    else if (this.#answerBy <= answerBy) return;
    this.#answerBy = answerBy;
    this.#timers.after("answer", answerMs, () => this.#lose());
  }

  #onOpen(): void {
    if (this.#finished) return;
    this.#opened = true;
    this.#timers.cancel("open");
    this.#beginJoining();
  }

  #beginJoining(): void {
    this.#timers.after("join", this.#policy.joinTimeoutMs, () => this.#lose());
    this.#sendJoin();
  }

  #onJoinFailed(error: ServerError): void {
    if (isNoRoom(error)) {
      this.#waitForRoom();
    } else if (isTransient(error)) {
      const againMs = this.#policy.joinFailedAgainMs * (1 + this.#random());
      this.#timers.after("join again", againMs, () => this.#sendJoin());
    }
  }

  /** There is no room for now: the connection stays, and asks now and then without pressing. */
  #waitForRoom(): void {
    this.#timers.cancel("join");
    this.#timers.after("join again", this.#policy.roomAgainMs * (1 + this.#random()), () => this.#beginJoining());
  }

  #sendJoin(): void {
    this.send(this.#join());
    this.#timers.after("join again", this.#policy.joinAgainMs, () => this.#sendJoin());
  }

  #onMessage(data: unknown): void {
    if (this.#finished) return;
    this.#timers.cancel("answer");
    const message = typeof data === "string" ? parseServerMessage(data) : undefined;
    const isAnswer = message?.type === "sessionJoined" && this.#joined;
    this.#answered = isAnswer ? this.#answered + 1 : 0;
    if (message?.type === "sessionJoined" && !this.#joined) this.#onJoined();
    if (message?.type === "error" && !this.#joined) this.#onJoinFailed(message);
    if (this.#joined && !this.#retired) this.#expectSigns();
    if (message === undefined) return;
    if (message.type === "connectionRefreshRequired") this.#events.refresh(this);
    else this.#events.message(this, message);
  }

  #onJoined(): void {
    this.#joined = true;
    this.#timers.cancel("join", "join again");
    this.#timers.every("heartbeat", this.#policy.heartbeatMs, () => this.send({ action: "heartbeat" }));
    this.#events.joined(this);
  }

  #expectSigns(): void {
    const silenceMs = silenceBeforeProbeMs(this.#policy.silence, this.#answered, this.#random);
    this.#timers.after("silence", silenceMs, () => this.probe());
  }

  #lose(turnedAway = false): void {
    if (this.#finished) return;
    this.#finish();
    this.#webSocket.close();
    this.#events.lost(this, turnedAway);
  }

  #finish(): void {
    this.#finished = true;
    this.#timers.cancelAll();
    this.#webSocket.onopen = this.#webSocket.onmessage = this.#webSocket.onclose = null;
  }
}

/** Whether joining was refused for now. */
function isNoRoom(error: ServerError): boolean {
  return error.action === "joinSession" && (error.code === "AT_CAPACITY" || error.code === "RATE_LIMITED");
}

/** Whether joining has failed in a way that may be over in a moment; API Gateway does not say what has failed. */
function isTransient(error: ServerError): boolean {
  return error.code === "INTERNAL" || (error.action === "joinSession" && error.code === "STORAGE_UNAVAILABLE");
}

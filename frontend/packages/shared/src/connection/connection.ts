import type { ClientMessage, ServerMessage, SessionJoined } from "../protocol/messages.js";
import { CONNECTION_POLICY, type ConnectionPolicy } from "./connection-policy.js";
import { JoinedSocket, type WebSocketLike } from "./joined-socket.js";
import { retryDelayMs } from "./reconnect-policy.js";

/**
 * Where a connection stands: `connecting` until it is joined for the first time, `reconnecting` while it is lost,
 * `refused` and `closed` for good.
 */
export type ConnectionStatus = "connecting" | "joined" | "reconnecting" | "refused" | "closed";

/** Why a handshake failed: `unreachable` is tried again, anything else is a refusal with that reason. */
export type Diagnosis = "unreachable" | { readonly refused: string };

export interface ConnectionOptions {
  /** The address with its query, made anew for each attempt (tokens expire). A rejection counts as a failed attempt. */
  readonly url: () => string | Promise<string>;
  /** The `joinSession` message of the next socket. */
  readonly join: () => ClientMessage;
  /** Called with every message in order. Around a refresh, messages of two sockets come, and some come twice. */
  readonly onMessage: (message: ServerMessage) => void;
  readonly onStatus: (status: ConnectionStatus) => void;
  /**
   * Asked after a handshake that failed, as browsers do not tell the status it was answered with. Without it every
   * failure is tried again.
   */
  readonly diagnose?: () => Promise<Diagnosis>;
  readonly onRefused?: (reason: string) => void;
  readonly policy?: Partial<ConnectionPolicy>;
  readonly openWebSocket?: (url: string) => WebSocketLike;
  /** As `Math.random`. */
  readonly random?: () => number;
}

/**
 * Keeps one client connected and joined until it is closed or refused.
 *
 * A lost socket is opened again with growing, jittered waits. One that grows old is replaced by a second that is opened
 * and joined before the first is closed; what is on its way to the first is still delivered.
 */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly #policy: ConnectionPolicy;
  readonly #random: () => number;
  #active: JoinedSocket | undefined;
  #candidate: JoinedSocket | undefined;
  /** The one before the active one, for as long as something may still come from it. */
  #retired: JoinedSocket | undefined;
  #status: ConnectionStatus = "connecting";
  #failures = 0;
  #attempt = 0;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;
  #refreshTimer: ReturnType<typeof setTimeout> | undefined;

  /** Nothing is opened before {@link start}. */
  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#policy = { ...CONNECTION_POLICY, ...options.policy };
    this.#random = options.random ?? Math.random;
  }

  get status(): ConnectionStatus {
    return this.#status;
  }

  /** Opens it and keeps it open. */
  start(): void {
    this.#options.onStatus(this.#status);
    this.#open();
  }

  /** Sends a message on the joined socket; false when there is none. */
  send(message: ClientMessage): boolean {
    return this.#active?.send(message) ?? false;
  }

  /** Closes it for good. */
  close(): void {
    this.#stop("closed");
  }

  /**
   * The network or the page is back: tries at once what waits or hangs, and looks whether what is open is still alive.
   */
  wake(): void {
    const hangs = (this.#candidate?.openingForMs ?? 0) > this.#policy.wakeAnswerMs;
    if (this.#retryTimer !== undefined || hangs) this.#open();
    this.#active?.probe(this.#policy.wakeAnswerMs);
  }

  /** The browser says that there is no network: what is open has little time to prove the contrary. */
  doubt(): void {
    this.#active?.probe(this.#policy.offlineAnswerMs);
  }

  /** Opens a second socket; the current one, if any, is closed once the second is joined. */
  #open(): void {
    this.#forgetRetry();
    this.#candidate?.close();
    this.#candidate = undefined;
    const attempt = ++this.#attempt;
    const isStale = (): boolean => attempt !== this.#attempt || this.#isOver;
    void (async () => {
      try {
        const url = await this.#options.url();
        if (isStale()) return;
        this.#forgetRetry();
        this.#candidate = this.#socket(url);
      } catch {
        if (!isStale()) this.#retry();
      }
    })();
  }

  #socket(url: string): JoinedSocket {
    const open = this.#options.openWebSocket ?? ((address: string): WebSocketLike => new WebSocket(address));
    const events = {
      joined: (socket: JoinedSocket) => this.#take(socket),
      message: (_: JoinedSocket, message: ServerMessage) => this.#deliver(message),
      refresh: (socket: JoinedSocket) => this.#refresh(socket),
      lost: (socket: JoinedSocket, turnedAway: boolean) => this.#lose(socket, turnedAway),
    };
    const { openTimeoutMs, reopenTimeoutMs } = this.#policy;
    const policy = { ...this.#policy, openTimeoutMs: this.#status === "connecting" ? openTimeoutMs : reopenTimeoutMs };
    return new JoinedSocket(open(url), this.#options.join, events, policy, this.#random);
  }

  #take(socket: JoinedSocket): void {
    this.#retired?.close();
    this.#retired = this.#active;
    this.#active = socket;
    this.#candidate = undefined;
    this.#failures = 0;
    this.#retired?.retire();
    this.#become("joined");
  }

  #deliver(message: ServerMessage): void {
    if (message.type === "sessionJoined") this.#expectExpiry(message);
    this.#options.onMessage(message);
  }

  /** Plans the refresh from what the server says, by its own clock; jittered, so that a full hall spreads out. */
  #expectExpiry(message: SessionJoined): void {
    clearTimeout(this.#refreshTimer);
    const lifeMs = message.connectionExpiresAt - message.serverTime;
    const aheadMs = this.#policy.refreshAheadMs * (0.75 + 0.25 * this.#random());
    // Longer timers overflow; so long a life needs no plan.
    if (lifeMs <= aheadMs || lifeMs > 2 ** 31 - 1) return;
    this.#refreshTimer = setTimeout(() => {
      if (this.#active !== undefined) this.#refresh(this.#active);
    }, lifeMs - aheadMs);
  }

  #refresh(socket: JoinedSocket): void {
    const isOnItsWay = this.#candidate !== undefined || this.#retryTimer !== undefined;
    if (socket === this.#active && !isOnItsWay) this.#open();
  }

  #lose(socket: JoinedSocket, turnedAway: boolean): void {
    if (socket === this.#active) {
      this.#active = undefined;
      this.#become("reconnecting");
      if (this.#candidate === undefined && this.#retryTimer === undefined) this.#retry(true);
      return;
    }
    if (socket !== this.#candidate) return;
    this.#candidate = undefined;
    if (!turnedAway || this.#options.diagnose === undefined) {
      this.#retry();
      return;
    }
    const attempt = this.#attempt;
    void this.#options.diagnose().then(
      (diagnosis) => this.#judge(attempt, diagnosis),
      () => this.#judge(attempt, "unreachable"),
    );
  }

  #judge(attempt: number, diagnosis: Diagnosis): void {
    if (attempt !== this.#attempt || this.#isOver) return;
    if (diagnosis === "unreachable" || this.#active !== undefined) {
      this.#retry();
    } else {
      this.#stop("refused");
      this.#options.onRefused?.(diagnosis.refused);
    }
  }

  #retry(isFirst = false): void {
    if (!isFirst) this.#failures++;
    this.#forgetRetry();
    this.#retryTimer = setTimeout(() => this.#open(), retryDelayMs(this.#policy.backoff, this.#failures, this.#random));
  }

  #forgetRetry(): void {
    clearTimeout(this.#retryTimer);
    this.#retryTimer = undefined;
  }

  get #isOver(): boolean {
    return this.#status === "closed" || this.#status === "refused";
  }

  #stop(status: "closed" | "refused"): void {
    if (this.#isOver) return;
    this.#forgetRetry();
    clearTimeout(this.#refreshTimer);
    const sockets = [this.#active, this.#candidate, this.#retired];
    this.#active = this.#candidate = this.#retired = undefined;
    for (const socket of sockets) socket?.close();
    this.#become(status);
  }

  #become(status: ConnectionStatus): void {
    if (status === this.#status) return;
    this.#status = status;
    this.#options.onStatus(status);
  }
}

/**
 * Wakes a connection when the network or the page comes back, and doubts it when the network goes.
 *
 * @returns Stops doing so.
 */
export function wakeWithBrowser(connection: Pick<Connection, "wake" | "doubt">): () => void {
  const wake = (): void => {
    if (document.visibilityState === "visible") connection.wake();
  };
  const onOnline = (): void => connection.wake();
  const onOffline = (): void => connection.doubt();
  addEventListener("online", onOnline);
  addEventListener("offline", onOffline);
  addEventListener("pageshow", wake);
  document.addEventListener("visibilitychange", wake);
  return () => {
    removeEventListener("online", onOnline);
    removeEventListener("offline", onOffline);
    removeEventListener("pageshow", wake);
    document.removeEventListener("visibilitychange", wake);
  };
}

import { type Backoff, CONNECTION_BACKOFF } from "./reconnect-policy.js";

/** Patience of a connection, in milliseconds. */
export interface ConnectionPolicy {
  /** For the handshake, in which functions may start cold; API Gateway gives them 29 s. */
  readonly openTimeoutMs: number;
  /** From opening to `sessionJoined`. */
  readonly joinTimeoutMs: number;
  /** `joinSession` is idempotent and is repeated this often until it is answered. */
  readonly joinAgainMs: number;
  /** Between heartbeats; the server closes what is idle for 10 minutes. */
  readonly heartbeatMs: number;
  /** After so long without any message the client asks for one. */
  readonly silenceMs: number;
  /** An open connection that gives no answer within this time is dead. */
  readonly probeAnswerMs: number;
  /** The same after the network or the page has come back, when a dead one is likely. */
  readonly wakeAnswerMs: number;
  /** A connection is replaced so long before the server would close it, in case it forgets to ask. */
  readonly refreshAheadMs: number;
  /** Between attempts. */
  readonly backoff: Backoff;
}

export const CONNECTION_POLICY: ConnectionPolicy = {
  openTimeoutMs: 29_000,
  joinTimeoutMs: 30_000,
  joinAgainMs: 8_000,
  heartbeatMs: 120_000,
  silenceMs: 30_000,
  probeAnswerMs: 8_000,
  wakeAnswerMs: 5_000,
  refreshAheadMs: 8 * 60_000,
  backoff: CONNECTION_BACKOFF,
};

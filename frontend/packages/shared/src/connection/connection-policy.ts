import { type Backoff, CONNECTION_BACKOFF } from "./reconnect-policy.js";
import { SILENCE_POLICY, type SilencePolicy } from "./silence-policy.js";

/** Patience of a connection, in milliseconds. */
export interface ConnectionPolicy {
  /** For the handshake, in which functions may start cold; API Gateway gives them 29 s. */
  readonly openTimeoutMs: number;
  /**
   * The same for a connection that was lost: the functions have just run, and a handshake whose packets are lost hides
   * that the network is back.
   */
  readonly reopenTimeoutMs: number;
  /** From opening to `sessionJoined`. */
  readonly joinTimeoutMs: number;
  /** `joinSession` is idempotent and is repeated this often until it is answered. */
  readonly joinAgainMs: number;
  /** The same after it has failed through no fault of the client's. */
  readonly joinFailedAgainMs: number;
  /** After the server has no room or is asked too often: joining is tried again after so long to twice as long. */
  readonly roomAgainMs: number;
  /** Between heartbeats; the server closes what is idle for 10 minutes. */
  readonly heartbeatMs: number;
  /** When a silent connection is asked for a sign of life. */
  readonly silence: SilencePolicy;
  /** An open connection that gives no answer within this time is dead. */
  readonly probeAnswerMs: number;
  /** The same after the network or the page has come back, when a dead one is likely. */
  readonly wakeAnswerMs: number;
  /** The same when the browser says that there is no network. */
  readonly offlineAnswerMs: number;
  /** A connection is replaced so long before the server would close it, in case it forgets to ask. */
  readonly refreshAheadMs: number;
  /** A connection that was replaced stays open so long for what is on its way to it, such as acknowledgements. */
  readonly lingerMs: number;
  /** Between attempts. */
  readonly backoff: Backoff;
}

export const CONNECTION_POLICY: ConnectionPolicy = {
  openTimeoutMs: 29_000,
  reopenTimeoutMs: 12_000,
  joinTimeoutMs: 30_000,
  joinAgainMs: 8_000,
  joinFailedAgainMs: 700,
  roomAgainMs: 12_000,
  heartbeatMs: 120_000,
  silence: SILENCE_POLICY,
  probeAnswerMs: 6_000,
  wakeAnswerMs: 5_000,
  offlineAnswerMs: 2_500,
  refreshAheadMs: 8 * 60_000,
  lingerMs: 2_000,
  backoff: CONNECTION_BACKOFF,
};

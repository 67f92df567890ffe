import type { ConnectionStatus } from "@babelcast/shared/connection/connection";
import type { SessionState } from "@babelcast/shared/protocol/messages";

/**
 * What the page says is going on: the state of the connection before that of the broadcast.
 *
 * `full`: every seat is taken; one is asked for now and then. `waiting`: the speaker has not begun. `away`: the speaker was speaking, and their connection was lost.
 */
export type ShownState = SessionState | "connecting" | "reconnecting" | "full" | "waiting" | "away";

/** All that it depends on. */
export interface SessionFacts {
  readonly connection: ConnectionStatus;
  /** The server has answered that it has no seat. */
  readonly isFull: boolean;
  readonly broadcast: SessionState;
  readonly speakerConnected: boolean;
  /** Something was said in this session, even if it was not understood to its end yet. */
  readonly hasBegun: boolean;
  readonly hasEnded: boolean;
}

export function showState(facts: SessionFacts): ShownState {
  const { connection, broadcast } = facts;
  if (facts.hasEnded) return "ended";
  if (connection === "connecting" || connection === "reconnecting") return facts.isFull ? "full" : connection;
  if (!facts.hasBegun && broadcast === "live") return "waiting";
  // In a break nobody misses the speaker's connection.
  return facts.speakerConnected || broadcast !== "live" ? broadcast : "away";
}

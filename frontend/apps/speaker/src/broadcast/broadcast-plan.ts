/** What the speaker wants, what the server knows, and the command that leads from one to the other. Pure. */
import type { ConnectionStatus } from "@babelcast/shared/connection/connection";
import type { SessionState } from "@babelcast/shared/protocol/messages";
import type { MicrophoneState } from "../capture/microphone.js";

/** What the speaker wants: `standby` is before the first word. */
export type Wanted = "standby" | "live" | "paused" | "muted" | "ended";

export type BroadcastCommand =
  "pauseBroadcast" | "resumeBroadcast" | "muteBroadcast" | "unmuteBroadcast" | "endSession";

/**
 * The next command on the way, or undefined when the server's state is what is wanted.
 *
 * @param hasBegun - Something was said in this session before; a speaker who comes back to it has a break until they go on.
 */
export function nextCommand(known: SessionState, wanted: Wanted, hasBegun: boolean): BroadcastCommand | undefined {
  if (wanted === "standby") return hasBegun && known === "live" ? "pauseBroadcast" : undefined;
  if (known === "ended" || known === wanted) return undefined;
  switch (wanted) {
    case "ended":
      return "endSession";
    case "paused":
      return "pauseBroadcast";
    case "live":
      return known === "muted" ? "unmuteBroadcast" : "resumeBroadcast";
    case "muted":
      // A paused broadcast cannot be muted.
      return known === "paused" ? "resumeBroadcast" : "muteBroadcast";
  }
}

/** Commands that finish the sentence: they go out when the words before them are safe. */
export function finishesSentence(command: BroadcastCommand): boolean {
  return command === "pauseBroadcast" || command === "muteBroadcast" || command === "endSession";
}

/** What the page shows in one word. */
export type ShownState =
  | "connecting"
  | "standby"
  | "live"
  /** On air, but the microphone gives nothing. */
  | "no-sound"
  | "paused"
  | "muted"
  | "reconnecting"
  | "ending"
  | "ended";

/** All that the shown state depends on. */
export interface BroadcastFacts {
  readonly wanted: Wanted;
  readonly connection: ConnectionStatus;
  readonly microphone: MicrophoneState["kind"];
  readonly hasEnded: boolean;
}

/** The one thing that the speaker must know now. */
export function showState(facts: BroadcastFacts): ShownState {
  if (facts.hasEnded) return "ended";
  if (facts.wanted === "ended") return "ending";
  if (facts.connection === "connecting") return "connecting";
  if (facts.connection !== "joined") return "reconnecting";
  if (facts.wanted === "live" && facts.microphone !== "on") return "no-sound";
  return facts.wanted;
}

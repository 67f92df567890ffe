/**
 * How a listener who falls behind catches up. Translated speech is often longer than its source, and networks fail.
 *
 * Two lines say how fast a clip plays, and the faster one counts. Up to `comfortableS` of unheard speech plays as it is;
 * from there the tempo rises in a straight line to `maxTempo` at `pressingS`. And it rises with the delay that stands
 * before every clip, from none to `maxTempo` at `standingS`, whatever waits. When even that does not help and a clip is
 * older than `staleAfterS`, everything up to the last `keptS` is left out at once, and told: one honest jump instead of
 * many holes.
 */
export interface DriftPolicy {
  /** Unheard speech behind the clip that is about to play, in seconds at tempo 1. */
  readonly comfortableS: number;
  readonly pressingS: number;
  /** Seconds that every clip of the last `standingWindowS` had to wait for those before it. */
  readonly standingS: number;
  /** What does not last as long as this does not stand: a queue that runs empty in between needs no help. */
  readonly standingWindowS: number;
  readonly maxTempo: number;
  /** Seconds between a segment's commitment and its turn to be heard. */
  readonly staleAfterS: number;
  /** Seconds of speech that are still played after a jump; the newest clip always is. */
  readonly keptS: number;
}

/**
 * 1.3 is the fastest tempo at which speech of an unfamiliar voice is still followed without effort. Sixty seconds let a
 * listener who has paused for 45 s, or whose network was away so long, hear all that was said meanwhile: on top of it
 * comes the rest of what sounded then. Ten seconds hold several clips, and mostly a pause of the speaker's. A
 * standing delay below 2.5 s halves in 6 s where clips are as long as their source.
 */
export const DRIFT_POLICY: DriftPolicy = {
  comfortableS: 3,
  pressingS: 10,
  standingS: 2.5,
  standingWindowS: 10,
  maxTempo: 1.3,
  staleAfterS: 60,
  keptS: 6,
};

/** Why a clip may have to be spoken faster. */
export interface Pressure {
  /** Speech behind it, in seconds at tempo 1. */
  readonly waitingS: number;
  /** The delay that stands before it, in seconds. */
  readonly standingS: number;
}

/** Tempo of the next clip, 1 to `maxTempo`. */
export function tempoFor(policy: DriftPolicy, { waitingS, standingS }: Pressure): number {
  const waiting = (waitingS - policy.comfortableS) / (policy.pressingS - policy.comfortableS);
  const pressure = Math.max(waiting, standingS / policy.standingS);
  return 1 + (policy.maxTempo - 1) * Math.min(1, Math.max(0, pressure));
}

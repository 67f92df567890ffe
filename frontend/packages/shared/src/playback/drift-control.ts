/**
 * How a listener who falls behind catches up. Translated speech is often longer than its source, and networks fail.
 *
 * Up to `comfortableS` of unheard speech plays as it is; from there the tempo rises in a straight line to `maxTempo` at
 * `pressingS`. When even that does not help and a clip is older than `staleAfterS`, everything up to the last `keptS` is
 * left out at once, and told: one honest jump instead of many holes.
 */
export interface DriftPolicy {
  /** Unheard speech behind the clip that is about to play, in seconds at tempo 1. */
  readonly comfortableS: number;
  readonly pressingS: number;
  readonly maxTempo: number;
  /** Seconds between a segment's commitment and its turn to be heard. */
  readonly staleAfterS: number;
  /** Seconds of speech that are still played after a jump; the newest clip always is. */
  readonly keptS: number;
}

/**
 * 1.3 is the fastest tempo at which speech of an unfamiliar voice is still followed without effort. Sixty seconds let a
 * listener who has paused for 45 s, or whose network was away so long, hear all that was said meanwhile: on top of it
 * comes the rest of what sounded then.
 */
export const DRIFT_POLICY: DriftPolicy = {
  comfortableS: 3,
  pressingS: 10,
  maxTempo: 1.3,
  staleAfterS: 60,
  keptS: 6,
};

/** Tempo of the next clip, 1 to `maxTempo`, with so many seconds of speech waiting behind it. */
export function tempoFor(policy: DriftPolicy, waitingS: number): number {
  const pressure = (waitingS - policy.comfortableS) / (policy.pressingS - policy.comfortableS);
  return 1 + (policy.maxTempo - 1) * Math.min(1, Math.max(0, pressure));
}

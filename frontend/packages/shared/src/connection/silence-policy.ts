/** When a connection that has fallen silent is asked for a sign of life. Pure. */

export interface SilencePolicy {
  /** Silence before the first question, in milliseconds. */
  readonly firstMs: number;
  /** Added to it at most, so that a full hall does not ask all at once when the speaker takes a breath. */
  readonly jitterMs: number;
  /** Longest wait, in milliseconds. */
  readonly longestMs: number;
}

export const SILENCE_POLICY: SilencePolicy = { firstMs: 10_000, jitterMs: 5_000, longestMs: 60_000 };

/**
 * How much silence there is before the next question, in milliseconds: 10–15 s after news, then 20 s, 40 s, 60 s, 60 s …
 *
 * News that stop are suspicious. Where nothing is said for long, answers are all that comes, and are asked for less and
 * less often; who was spread out by the first wait stays so.
 *
 * @param answered - Questions that were answered since the last news.
 * @param random - Gives numbers from 0 to 1, as `Math.random`.
 */
export function silenceBeforeProbeMs(policy: SilencePolicy, answered: number, random: () => number): number {
  if (answered <= 0) return policy.firstMs + random() * policy.jitterMs;
  return Math.min(policy.longestMs, policy.firstMs * 2 ** answered);
}

/** The audio context's clock told as the time of day. Pure. */

/** Arrivals that are remembered: half a minute of chunks. */
const REMEMBERED = 120;

/**
 * A message of the audio thread comes late by as much as the page is busy. The earliest of the latest arrivals was hardly
 * late at all, so it says how far the two clocks are apart; that only the latest count lets one clock run faster.
 */
export class CaptureClock {
  readonly #differencesMs: number[] = [];

  /**
   * @param endS - When the last sample was captured, by the audio context's clock, in seconds.
   * @param durationMs - Of the sound.
   * @param arrivedAtMs - When this was reported, epoch milliseconds.
   * @returns When the first sample was captured, epoch milliseconds.
   */
  startOf(endS: number, durationMs: number, arrivedAtMs: number): number {
    this.#differencesMs.push(arrivedAtMs - 1_000 * endS);
    if (this.#differencesMs.length > REMEMBERED) this.#differencesMs.shift();
    return Math.round(1_000 * endS + Math.min(...this.#differencesMs) - durationMs);
  }
}

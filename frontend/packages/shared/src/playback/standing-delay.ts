/**
 * The delay that stands before every clip: the least of what the clips of a while had to wait for those before them.
 *
 * A queue that holds several clips for a moment and runs empty again does its work, and its least delay is 0. One in which
 * even the luckiest clip has waited only makes everything later, and nothing is lost by emptying it.
 *
 * Source: K. Nichols, V. Jacobson, "Controlling Queue Delay", ACM Queue 10(5), 2012, who tell the two apart by the minimum
 * over a window.
 */
export class StandingDelay {
  readonly #windowS: number;
  /** In the order of the clips; the first one began to sound at the window's beginning or before it, once there is one. */
  #latenesses: { readonly at: number; readonly seconds: number }[] = [];

  constructor(windowS: number) {
    this.#windowS = windowS;
  }

  /**
   * A clip begins to sound.
   *
   * @param at - In seconds of a clock, in the order of the clips.
   * @param latenessS - How long it could have been played before.
   * @returns Seconds of delay that stand before this clip; 0 until clips have been heard for a whole window.
   */
  note(at: number, latenessS: number): number {
    this.#latenesses.push({ at, seconds: latenessS });
    const before = this.#latenesses.filter((each) => each.at <= at - this.#windowS).length;
    if (before === 0) return 0;
    this.#latenesses = this.#latenesses.slice(before - 1);
    return Math.min(...this.#latenesses.map((each) => each.seconds));
  }

  /** What comes now does not follow on what was heard. */
  forget(): void {
    this.#latenesses = [];
  }
}

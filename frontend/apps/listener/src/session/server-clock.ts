/**
 * How far the server's clock is from this browser's, as far as its answers prove. Times are epoch milliseconds.
 *
 * ```
 * browser   asked ─────────────────────── answered      the server's time lies between the two, so
 * server              serverTime                        serverTime − answered ≤ server − browser ≤ serverTime − asked
 * ```
 *
 * Every answer narrows the bounds. The offset is the smallest one within them: zero as long as the clocks may agree, as
 * one answer that took long, from a cold function, says nothing about them.
 */
export class ServerClock {
  #askedAt: number | undefined;
  #lowest = -Infinity;
  #highest = Infinity;

  /** Server minus browser, in milliseconds. */
  get offsetMs(): number {
    return Math.min(Math.max(0, this.#lowest), this.#highest);
  }

  /** A question goes out; of several without an answer the first counts, as the answer may be to any. */
  ask(now: number): void {
    this.#askedAt ??= now;
  }

  /** The answer to it has come. */
  answer(serverTime: number, now: number): void {
    const lowest = serverTime - now;
    const highest = serverTime - (this.#askedAt ?? now);
    this.#askedAt = undefined;
    const isContradiction = lowest > this.#highest || highest < this.#lowest;
    // One of the clocks was put right: what it told before is worth nothing.
    this.#lowest = isContradiction ? lowest : Math.max(lowest, this.#lowest);
    this.#highest = isContradiction ? highest : Math.min(highest, this.#highest);
  }

  /** A server's time by this browser's clock. */
  local(serverTime: number): number {
    return serverTime - this.offsetMs;
  }
}

/** Of a clock that is never put back. */
export function seconds(): number {
  return performance.now() / 1_000;
}

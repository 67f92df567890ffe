/** Which segments a listener has, which it has twice, and which are missing. All times are seconds of one clock. */

/** What a delivered segment is to the listener; `earlier` ones were committed before joining. */
export type Arrival = "new" | "duplicate" | "earlier";

export interface InboxPatience {
  /** Segments may overtake each other for this long before a hole is asked for. */
  readonly overtakenS: number;
  /** A translation follows its source caption within this time, or is asked for. */
  readonly captionS: number;
  /** How often one segment is asked for; then it is given up, so that it does not hold up what follows it. */
  readonly asks: number;
}

export const INBOX_PATIENCE: InboxPatience = { overtakenS: 1, captionS: 10, asks: 5 };

interface Missing {
  askAt: number;
  asked: number;
}

/** Accepts each sequence number once and says when to ask for the missing ones. */
export class SegmentInbox {
  readonly #patience: InboxPatience;
  readonly #received = new Set<number>();
  readonly #missing = new Map<number, Missing>();
  #first: number | undefined;
  #lastContiguous = -1;

  constructor(patience: InboxPatience = INBOX_PATIENCE) {
    this.#patience = patience;
  }

  /** The first segment that is expected; undefined before {@link begin}. */
  get first(): number | undefined {
    return this.#first;
  }

  /** Highest number up to which nothing is waited for; one below the first when there is nothing yet. */
  get lastContiguous(): number {
    return this.#lastContiguous;
  }

  /** Numbers that are known to exist and have not arrived, in order. */
  get holes(): readonly number[] {
    return [...this.#missing.keys()].sort((one, other) => one - other);
  }

  /** The listener has joined: this is the first segment it expects. Later calls change nothing. */
  begin(first: number): void {
    if (this.#first !== undefined) return;
    this.#first = first;
    this.#lastContiguous = first - 1;
  }

  /** A segment was delivered. */
  accept(number: number, now: number): Arrival {
    if (number < (this.#first ?? 0)) return "earlier";
    if (this.#received.has(number)) return "duplicate";
    this.#settle(number);
    this.#expectUpTo(number - 1, now + this.#patience.overtakenS);
    return "new";
  }

  /** Something shows that this segment exists, such as its source caption; all before it exist too. */
  announce(number: number, now: number): void {
    this.#expectUpTo(number, now + this.#patience.captionS);
  }

  /**
   * The server's next segment is this one: those before it exist.
   *
   * @param waitS - Before they are asked for; after joining they are on their way.
   */
  announceNext(next: number, now: number, waitS = this.#patience.overtakenS): void {
    this.#expectUpTo(next - 1, now + waitS);
  }

  /**
   * These are not sent any more.
   *
   * @returns Those of them that had not come; they are waited for no longer.
   */
  leaveOut(first: number, last: number): readonly number[] {
    const leftOut: number[] = [];
    for (let number = Math.max(first, this.#first ?? 0); number <= last; number++) {
      if (this.#received.has(number)) continue;
      this.#settle(number);
      leftOut.push(number);
    }
    return leftOut;
  }

  /**
   * The `lastSequenceNumber` to ask with now; undefined when nothing is to be asked for.
   *
   * Each call that returns a number counts as one request for every hole that was due; a hole is due again after the
   * time it was waited for, doubled with each request.
   */
  resumeAfter(now: number): number | undefined {
    for (const [number, missing] of this.#missing) {
      if (missing.asked >= this.#patience.asks && missing.askAt <= now) this.#settle(number);
    }
    const due = this.#open().filter(([, missing]) => missing.askAt <= now);
    if (due.length === 0) return undefined;
    for (const [, missing] of due) {
      missing.askAt = now + this.#patience.overtakenS * 2 ** missing.asked;
      missing.asked++;
    }
    return Math.min(...due.map(([number]) => number)) - 1;
  }

  /** When {@link resumeAfter} is worth calling next; undefined when nothing is missing. */
  nextAskAt(): number | undefined {
    const times = this.#open().map(([, missing]) => missing.askAt);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  #settle(number: number): void {
    this.#received.add(number);
    this.#missing.delete(number);
    while (this.#received.has(this.#lastContiguous + 1)) this.#lastContiguous++;
  }

  #open(): [number, Missing][] {
    return [...this.#missing].filter(([, missing]) => missing.asked < this.#patience.asks);
  }

  #expectUpTo(last: number, askAt: number): void {
    for (let number = this.#lastContiguous + 1; number <= last; number++) {
      if (this.#received.has(number)) continue;
      const missing = this.#missing.get(number);
      if (missing === undefined) this.#missing.set(number, { askAt, asked: 0 });
      else if (missing.asked === 0) missing.askAt = Math.min(missing.askAt, askAt);
    }
  }
}

/**
 * Which clip is heard next, how fast, and what is left out. All times are seconds of one clock.
 *
 * ```
 * announce ─► pending ─► ready ─► playing (taken)
 *               │          └────► skipped   too old, or a later one was already heard
 *               └───────────────► failed    cannot be had
 * textOnly: nothing to hear
 * ```
 */
import { DRIFT_POLICY, type DriftPolicy, tempoFor } from "./drift-control.js";
import { StandingDelay } from "./standing-delay.js";

export type ClipFate = "pending" | "playing" | "textOnly" | "failed" | "skipped";

/** One segment on its way to the ear. */
export interface QueuedClip {
  readonly number: number;
  /** At tempo 1; 0 for text only. */
  readonly durationS: number;
  readonly committedAt: number;
  readonly receivedAt: number;
  /** When it could be played. */
  readyAt?: number;
  fate: ClipFate;
}

/** What {@link ClipQueue.take} decides: play a clip, or leave some out. */
export type Decision =
  | { readonly kind: "play"; readonly number: number; readonly tempo: number; readonly committedAt: number }
  | { readonly kind: "skip"; readonly numbers: readonly number[]; readonly seconds: number };

export interface QueuePatience {
  /** A missing number is waited for from the arrival of a later one, and then passed over. */
  readonly holeS: number;
  /** A download is waited for from the moment that a later clip is ready, and then passed over. */
  readonly downloadS: number;
}

export const QUEUE_PATIENCE: QueuePatience = { holeS: 6, downloadS: 8 };

/** Plays segments in the order of their numbers, each once. */
export class ClipQueue {
  readonly #policy: DriftPolicy;
  readonly #patience: QueuePatience;
  readonly #clips = new Map<number, QueuedClip>();
  readonly #standing: StandingDelay;
  #next = 0;

  constructor(policy: DriftPolicy = DRIFT_POLICY, patience: QueuePatience = QUEUE_PATIENCE) {
    this.#policy = policy;
    this.#patience = patience;
    this.#standing = new StandingDelay(policy.standingWindowS);
  }

  /** Number of the segment whose turn is next. */
  get next(): number {
    return this.#next;
  }

  /** Seconds of speech that wait to be heard, at tempo 1. */
  get waitingS(): number {
    return this.#secondsOf(this.#waiting());
  }

  /** The first segment to hear; what lies before it is never heard. */
  begin(first: number): void {
    this.#next = first;
  }

  /**
   * A segment was delivered. One whose turn has passed is skipped: it would be heard out of order.
   *
   * @param clip - `durationS` null for text only; `committedAt` on the clock of `receivedAt`.
   * @returns Whether its clip is wanted.
   */
  announce(clip: { number: number; durationS: number | null; committedAt: number; receivedAt: number }): boolean {
    const { number, durationS, committedAt, receivedAt } = clip;
    if (this.#clips.has(number)) return false;
    const fate = durationS === null ? "textOnly" : number < this.#next ? "skipped" : "pending";
    this.#clips.set(number, { number, durationS: durationS ?? 0, committedAt, receivedAt, fate });
    return fate === "pending";
  }

  /** The clip can be played from now on. */
  ready(number: number, at: number): void {
    const clip = this.#clips.get(number);
    if (clip?.fate === "pending") clip.readyAt ??= at;
  }

  /** The clip cannot be had. */
  failed(number: number): void {
    const clip = this.#clips.get(number);
    if (clip?.fate === "pending") clip.fate = "failed";
  }

  /** A clip that was handed out is not heard after all. */
  cut(number: number): void {
    const clip = this.#clips.get(number);
    if (clip?.fate === "playing") clip.fate = "skipped";
  }

  fate(number: number): ClipFate | undefined {
    return this.#clips.get(number)?.fate;
  }

  /** The listener held what sounds: how late clips were before that says nothing of those behind it. */
  interrupted(): void {
    this.#standing.forget();
  }

  /**
   * What to do at a moment when nothing else sounds, which may lie ahead; undefined when there is nothing but waiting. To
   * be called again after each decision.
   */
  take(now: number): Decision | undefined {
    for (;;) {
      const clip = this.#clips.get(this.#next);
      if (clip === undefined) {
        if (!this.#passHole(now)) return undefined;
      } else if (clip.fate !== "pending") {
        this.#next++;
      } else if (this.#isStale(clip, now)) {
        return this.#skip(this.#staleClips(now));
      } else if (clip.readyAt !== undefined) {
        clip.fate = "playing";
        this.#next++;
        const standingS = this.#standing.note(now, now - clip.readyAt);
        const tempo = tempoFor(this.#policy, { waitingS: this.waitingS, standingS });
        return { kind: "play", number: clip.number, tempo, committedAt: clip.committedAt };
      } else if (this.#isOverdue(clip, now)) {
        clip.fate = "failed";
      } else {
        return undefined;
      }
    }
  }

  /** Leaves out everything that waits but the newest clip; undefined when there is nothing to leave out. */
  jumpToLive(): Extract<Decision, { kind: "skip" }> | undefined {
    const skipped = this.#waiting().slice(0, -1);
    return skipped.length === 0 ? undefined : this.#skip(skipped);
  }

  /** These segments do not come; a listener who is among them goes on behind them. */
  leaveOut(first: number, last: number): void {
    if (this.#next < first || this.#next > last) return;
    for (const clip of this.#waiting()) {
      if (clip.number <= last) clip.fate = "skipped";
    }
    this.#next = last + 1;
    this.#standing.forget();
  }

  /** Forgets what was heard or left out before a number, so that hours of listening do not fill the memory. */
  forgetBefore(number: number): void {
    for (const known of this.#clips.keys()) {
      if (known < number && known < this.#next) this.#clips.delete(known);
    }
  }

  #waiting(): QueuedClip[] {
    return [...this.#clips.values()]
      .filter((clip) => clip.fate === "pending" && clip.number >= this.#next)
      .sort((one, other) => one.number - other.number);
  }

  #isStale(clip: QueuedClip, now: number): boolean {
    return now - clip.committedAt > this.#policy.staleAfterS;
  }

  /** All that waits but for the newest that fit into `keptS`, and of those the stale ones too. */
  #staleClips(now: number): QueuedClip[] {
    const waiting = this.#waiting();
    let first = waiting.length - 1;
    while (first > 0 && this.#secondsOf(waiting.slice(first - 1)) <= this.#policy.keptS) first--;
    return waiting.filter((clip, index) => index < first || this.#isStale(clip, now));
  }

  #skip(clips: readonly QueuedClip[]): Extract<Decision, { kind: "skip" }> {
    for (const clip of clips) clip.fate = "skipped";
    this.#standing.forget();
    this.#next = Math.max(this.#next, (clips.at(-1)?.number ?? -1) + 1);
    return { kind: "skip", numbers: clips.map((clip) => clip.number), seconds: this.#secondsOf(clips) };
  }

  #secondsOf(clips: readonly QueuedClip[]): number {
    return clips.reduce((sum, clip) => sum + clip.durationS, 0);
  }

  #passHole(now: number): boolean {
    const later = [...this.#clips.values()].filter((clip) => clip.number > this.#next);
    if (later.length === 0) return false;
    const seenAt = Math.min(...later.map((clip) => clip.receivedAt));
    if (now < seenAt + this.#patience.holeS) return false;
    this.#next++;
    return true;
  }

  #isOverdue(clip: QueuedClip, now: number): boolean {
    const later = this.#waiting().filter((other) => other.number > clip.number);
    const readySince = Math.min(...later.map((other) => other.readyAt ?? Infinity));
    return now > readySince + this.#patience.downloadS;
  }
}

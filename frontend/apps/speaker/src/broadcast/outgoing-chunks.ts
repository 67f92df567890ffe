/** The chunks that the server has not acknowledged yet: nothing is forgotten before it is safe. Pure. */
import type { AudioChunk } from "@babelcast/shared/audio/chunker";

interface Pending {
  readonly chunk: AudioChunk;
  dueAtMs: number;
  attempts: number;
}

/** Bounds of what is kept and sent. */
export interface OutgoingLimits {
  /** Chunks kept at most; beyond it the oldest are given up and counted. 480 of 250 ms are two minutes. */
  readonly capacity: number;
  /**
   * No chunk is sent that is so many places or more behind the oldest without an acknowledgement. The server takes
   * chunks that overtake each other, but gives up one that comes later than 7 s of audio behind it: 6 chunks of 250 ms
   * keep well within that, also when minutes are sent at once after a break.
   */
  readonly window: number;
  /** How long the first acknowledgement is waited for; the time doubles with each attempt, up to eightfold. */
  readonly ackTimeoutMs: number;
}

const LIMITS: OutgoingLimits = { capacity: 480, window: 6, ackTimeoutMs: 3_000 };

/**
 * Chunks in order, from their capture to their acknowledgement.
 *
 * An acknowledgement counts for its own chunk alone. A chunk without one is due again after a time-out, after an error,
 * and at once when the connection has been opened anew; the server drops what it has already. All times are milliseconds
 * of one monotonic clock.
 */
export class OutgoingChunks {
  readonly #limits: OutgoingLimits;
  /** By index; a map keeps the order of insertion, which is that of the indices. */
  readonly #pending = new Map<number, Pending>();
  #givenUp = 0;
  #resent = 0;
  #heldUntilMs = -Infinity;

  constructor(limits: Partial<OutgoingLimits> = {}) {
    this.#limits = { ...LIMITS, ...limits };
  }

  /** Chunks that are not acknowledged. */
  get size(): number {
    return this.#pending.size;
  }

  /** Chunks that were dropped because there were too many. */
  get givenUp(): number {
    return this.#givenUp;
  }

  /** How often a chunk was sent that had been sent before. */
  get resent(): number {
    return this.#resent;
  }

  /** Take a new chunk, to be sent at once. */
  add(chunk: AudioChunk): void {
    this.#pending.set(chunk.index, { chunk, dueAtMs: -Infinity, attempts: 0 });
    for (const index of this.#pending.keys()) {
      if (this.#pending.size <= this.#limits.capacity) {
        break;
      }
      this.#pending.delete(index);
      this.#givenUp += 1;
    }
  }

  /** Chunks to send now, oldest first, as far as the window reaches. */
  due(nowMs: number): AudioChunk[] {
    if (nowMs < this.#heldUntilMs) return [];
    return this.#withinWindow()
      .filter((pending) => pending.dueAtMs <= nowMs)
      .map((pending) => pending.chunk);
  }

  /** When a chunk within the window becomes due next (−Infinity: now), or undefined when all are acknowledged. */
  nextDueAtMs(): number | undefined {
    const dueAtMs = this.#withinWindow().map((pending) => pending.dueAtMs);
    return dueAtMs.length === 0 ? undefined : Math.max(this.#heldUntilMs, Math.min(...dueAtMs));
  }

  /** A chunk was handed to the connection. */
  markSent(index: number, nowMs: number): void {
    const pending = this.#pending.get(index);
    if (pending === undefined) {
      return;
    }
    if (pending.attempts > 0) {
      this.#resent += 1;
    }
    pending.dueAtMs = nowMs + this.#limits.ackTimeoutMs * 2 ** Math.min(pending.attempts, 3);
    pending.attempts += 1;
  }

  /** The server has this chunk; false when it was acknowledged before or is not known. */
  acknowledge(index: number): boolean {
    return this.#pending.delete(index);
  }

  /** The connection is new: whatever was on its way may be lost. */
  sendAllAgain(): void {
    this.#heldUntilMs = -Infinity;
    for (const pending of this.#pending.values()) {
      pending.dueAtMs = -Infinity;
    }
  }

  /** A chunk was refused for now, and the refusal does not say which: none waits longer than until then. */
  sendAgainAt(atMs: number): void {
    for (const pending of this.#pending.values()) {
      pending.dueAtMs = Math.min(pending.dueAtMs, atMs);
    }
  }

  /** Too much was sent too fast: nothing goes out before then, and what was refused is due then. */
  holdUntil(atMs: number): void {
    this.#heldUntilMs = atMs;
    this.sendAgainAt(atMs);
  }

  /** Forget everything: the session has ended. */
  clear(): void {
    this.#pending.clear();
  }

  #withinWindow(): Pending[] {
    const within: Pending[] = [];
    let end = Infinity;
    for (const [index, pending] of this.#pending) {
      end = Math.min(end, index + this.#limits.window);
      if (index >= end) break;
      within.push(pending);
    }
    return within;
  }
}

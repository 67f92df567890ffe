/** How long a client waits before it tries again: growing and jittered, so that clients dropped together spread out. */

export interface Backoff {
  /** Shortest wait of a later attempt, in milliseconds. */
  readonly floorMs: number;
  /** Longest wait, in milliseconds. */
  readonly ceilingMs: number;
}

/** Slow enough that an outage of a few seconds is not doubled by the wait after it. */
const GROWTH = 1.5;

/** For connections. */
export const CONNECTION_BACKOFF: Backoff = { floorMs: 500, ceilingMs: 8_000 };

/** For downloads. */
export const DOWNLOAD_BACKOFF: Backoff = { floorMs: 200, ceilingMs: 2_000 };

/**
 * The wait before an attempt, evenly spread: after one failure from the floor to 1.5 times it, then to 1.5² times … up
 * to the ceiling. Before any attempt has failed, as when a connection that worked is lost, from nothing to the floor.
 *
 * @param failures - Attempts that have failed in a row, from 0.
 * @param random - Gives numbers from 0 to 1, as `Math.random`.
 */
export function retryDelayMs(backoff: Backoff, failures: number, random: () => number): number {
  if (failures <= 0) return random() * backoff.floorMs;
  const longest = Math.min(backoff.ceilingMs, backoff.floorMs * GROWTH ** Math.min(failures, 32));
  return backoff.floorMs + random() * (longest - backoff.floorMs);
}

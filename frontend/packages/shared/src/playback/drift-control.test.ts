import { describe, expect, it } from "vitest";
import { ClipQueue } from "./clip-queue.js";
import { DRIFT_POLICY, tempoFor } from "./drift-control.js";

describe("tempoFor", () => {
  const { comfortableS, pressingS, standingS, maxTempo } = DRIFT_POLICY;

  it("leaves speech alone while little waits and no delay stands", () => {
    for (const waitingS of [0, 1, comfortableS]) expect(tempoFor(DRIFT_POLICY, { waitingS, standingS: 0 })).toBe(1);
  });

  it("rises with what waits in a straight line to its maximum and no further", () => {
    const waiting = (waitingS: number): number => tempoFor(DRIFT_POLICY, { waitingS, standingS: 0 });
    expect(waiting((comfortableS + pressingS) / 2)).toBeCloseTo(1 + (maxTempo - 1) / 2);
    expect(waiting(pressingS)).toBe(maxTempo);
    expect(waiting(1_000)).toBe(maxTempo);
  });

  it("rises with the delay that stands, from none on, though nothing waits", () => {
    const late = (delayS: number): number => tempoFor(DRIFT_POLICY, { waitingS: 0, standingS: delayS });
    expect(late(standingS / 10)).toBeCloseTo(1 + (maxTempo - 1) / 10);
    expect(late(standingS)).toBe(maxTempo);
    expect(late(1_000)).toBe(maxTempo);
  });

  it("follows the line that presses more", () => {
    const waitingS = (comfortableS + pressingS) / 2;
    const half = 1 + (maxTempo - 1) / 2;
    expect(tempoFor(DRIFT_POLICY, { waitingS, standingS: standingS / 4 })).toBeCloseTo(half);
    expect(tempoFor(DRIFT_POLICY, { waitingS: comfortableS, standingS: standingS / 2 })).toBeCloseTo(half);
  });
});

interface Simulated {
  /** Seconds from commitment to being heard, of each clip that was. */
  readonly delays: readonly number[];
  /** Seconds from when it could be played to being heard. */
  readonly latenesses: readonly number[];
  readonly tempos: readonly number[];
  readonly jumps: readonly number[];
  readonly heardShare: number;
}

interface Speech {
  /** Of a segment: the shortest, the longest. */
  readonly spokenS?: readonly [number, number];
  readonly pauseS?: number;
  readonly awayFrom?: number;
  readonly awayS?: number;
}

/** A steady generator of numbers from 0 to 1 (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/**
 * An hour of speech: segments of `spokenS` are committed as they end, after each the speaker is silent for `pauseS`,
 * their clips are `stretch` times as long (each ± 20 %), and can be played 0.1–0.6 s later. The network is away from
 * `awayFrom` for `awayS`.
 */
function simulate(stretch: number, options: Speech = {}): Simulated {
  const [shortestS, longestS] = options.spokenS ?? [2, 8];
  const random = seeded(7);
  const away = { from: options.awayFrom ?? Infinity, until: (options.awayFrom ?? Infinity) + (options.awayS ?? 0) };
  const queue = new ClipQueue();
  queue.begin(0);
  const durations: number[] = [];
  const readyTimes: number[] = [];
  const delays: number[] = [];
  const latenesses: number[] = [];
  const tempos: number[] = [];
  const jumps: number[] = [];
  const events: { at: number; act: () => void }[] = [];
  for (let number = 0, at = 0; at < 3_600; number++) {
    const spokenS = shortestS + (longestS - shortestS) * random();
    at += spokenS;
    const committedAt = at;
    const receivedAt = committedAt >= away.from && committedAt < away.until ? away.until : committedAt;
    const durationS = spokenS * stretch * (0.8 + 0.4 * random());
    durations.push(durationS);
    events.push({ at: receivedAt, act: () => queue.announce({ number, durationS, committedAt, receivedAt }) });
    const readyAt = receivedAt + 0.1 + 0.5 * random();
    readyTimes.push(readyAt);
    events.push({ at: readyAt, act: () => queue.ready(number, readyAt) });
    at += options.pauseS ?? 0;
  }
  events.sort((one, other) => one.at - other.at);
  let freeAt = 0;
  let heardS = 0;
  for (let now = 0; now < 3_700; now += 0.05) {
    for (let event = events[0]; event !== undefined && event.at <= now; event = events[0]) {
      event.act();
      events.shift();
    }
    while (freeAt <= now) {
      const decision = queue.take(now);
      if (decision === undefined) break;
      if (decision.kind === "skip") {
        jumps.push(decision.seconds);
        continue;
      }
      const durationS = durations[decision.number] ?? 0;
      heardS += durationS;
      delays.push(now - decision.committedAt);
      latenesses.push(now - (readyTimes[decision.number] ?? now));
      tempos.push(decision.tempo);
      freeAt = now + durationS / decision.tempo;
    }
  }
  return { delays, latenesses, tempos, jumps, heardShare: heardS / durations.reduce((sum, each) => sum + each, 0) };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The value that such a share of them does not exceed. */
function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.floor(part * sorted.length)] ?? 0;
}

describe("an hour of speech without a pause", () => {
  it("as long as its source keeps close to live at nearly its own tempo", () => {
    const { delays, tempos, jumps, heardShare } = simulate(1);
    expect(heardShare).toBe(1);
    expect(jumps).toEqual([]);
    expect(Math.max(...delays)).toBeLessThan(15);
    expect(mean(tempos)).toBeLessThan(1.08);
  });

  it("15 % longer than its source is heard whole, a little faster, and the delay does not grow", () => {
    const { delays, tempos, jumps, heardShare } = simulate(1.15);
    expect(heardShare).toBe(1);
    expect(jumps).toEqual([]);
    expect(mean(tempos)).toBeGreaterThan(1.1);
    expect(mean(tempos)).toBeLessThan(1.22);
    const quarter = Math.floor(delays.length / 4);
    const second = mean(delays.slice(quarter, 2 * quarter));
    const last = mean(delays.slice(-quarter));
    expect(last).toBeLessThan(12);
    expect(Math.abs(last - second)).toBeLessThan(3);
    expect(Math.max(...delays)).toBeLessThan(22);
  });

  it("half longer than its source is skipped in few honest jumps, and most of it is heard", () => {
    const { delays, tempos, jumps, heardShare } = simulate(1.5);
    expect(Math.max(...tempos)).toBe(DRIFT_POLICY.maxTempo);
    expect(Math.max(...delays)).toBeLessThanOrEqual(DRIFT_POLICY.staleAfterS);
    expect(heardShare).toBeGreaterThan(0.8);
    expect(jumps.length).toBeGreaterThan(5);
    expect(jumps.length).toBeLessThan(25);
    expect(Math.min(...jumps)).toBeGreaterThan(10);
  });

  it("of short clauses is worked off: a delay does not stand because little waits behind each clip", () => {
    const { latenesses, tempos, jumps, heardShare } = simulate(1.05, { spokenS: [1, 3] });
    expect(heardShare).toBe(1);
    expect(jumps).toEqual([]);
    const steps = tempos.slice(1).map((tempo, index) => Math.abs(tempo - (tempos[index] ?? 1)));
    expect(quantile(latenesses, 0.95)).toBeLessThan(3);
    expect(mean(tempos)).toBeLessThan(1.12);
    expect(mean(steps)).toBeLessThan(0.03);
  });

  it("whose queue runs empty between clips never changes its tempo", () => {
    const { latenesses, tempos } = simulate(1.1, { spokenS: [1, 3], pauseS: 1.5 });
    expect(Math.max(...latenesses)).toBeGreaterThan(1);
    expect(Math.max(...tempos)).toBeLessThan(1.01);
  });

  it("is heard whole after half a minute without network", () => {
    const { delays, jumps, heardShare } = simulate(1, { awayFrom: 1_000, awayS: 30 });
    expect(heardShare).toBe(1);
    expect(jumps).toEqual([]);
    expect(Math.max(...delays)).toBeGreaterThan(25);
    expect(mean(delays.slice(-100))).toBeLessThan(8);
  });

  it("goes on live after ten minutes without network", () => {
    const { delays, jumps, heardShare } = simulate(1, { awayFrom: 1_000, awayS: 600 });
    expect(jumps.reduce((sum, each) => sum + each, 0)).toBeGreaterThan(500);
    expect(heardShare).toBeGreaterThan(0.8);
    expect(mean(delays.slice(-100))).toBeLessThan(8);
  });
});

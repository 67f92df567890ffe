import { describe, expect, it } from "vitest";
import { ClipQueue } from "./clip-queue.js";
import { DRIFT_POLICY, tempoFor } from "./drift-control.js";

describe("tempoFor", () => {
  it("leaves speech alone while little waits", () => {
    expect([0, 1, DRIFT_POLICY.comfortableS].map((waitingS) => tempoFor(DRIFT_POLICY, waitingS))).toEqual([1, 1, 1]);
  });

  it("rises in a straight line to its maximum and no further", () => {
    const middle = (DRIFT_POLICY.comfortableS + DRIFT_POLICY.pressingS) / 2;
    expect(tempoFor(DRIFT_POLICY, middle)).toBeCloseTo(1 + (DRIFT_POLICY.maxTempo - 1) / 2);
    expect(tempoFor(DRIFT_POLICY, DRIFT_POLICY.pressingS)).toBe(DRIFT_POLICY.maxTempo);
    expect(tempoFor(DRIFT_POLICY, 1_000)).toBe(DRIFT_POLICY.maxTempo);
  });
});

interface Simulated {
  /** Seconds from commitment to being heard, of each clip that was. */
  readonly delays: readonly number[];
  readonly tempos: readonly number[];
  readonly jumps: readonly number[];
  readonly heardShare: number;
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
 * An hour of speech without pauses: segments of 2–8 s are committed as they end, their clips are `stretch` times as
 * long (each ± 20 %), and can be played 0.1–0.6 s later. The network is away from `awayFrom` for `awayS`.
 */
function simulate(stretch: number, options: { awayFrom?: number; awayS?: number } = {}): Simulated {
  const random = seeded(7);
  const away = { from: options.awayFrom ?? Infinity, until: (options.awayFrom ?? Infinity) + (options.awayS ?? 0) };
  const queue = new ClipQueue();
  queue.begin(0);
  const durations: number[] = [];
  const delays: number[] = [];
  const tempos: number[] = [];
  const jumps: number[] = [];
  const events: { at: number; act: () => void }[] = [];
  for (let number = 0, at = 0; at < 3_600; number++) {
    const spokenS = 2 + 6 * random();
    at += spokenS;
    const committedAt = at;
    const receivedAt = committedAt >= away.from && committedAt < away.until ? away.until : committedAt;
    const durationS = spokenS * stretch * (0.8 + 0.4 * random());
    durations.push(durationS);
    events.push({ at: receivedAt, act: () => queue.announce({ number, durationS, committedAt, receivedAt }) });
    const readyAt = receivedAt + 0.1 + 0.5 * random();
    events.push({ at: readyAt, act: () => queue.ready(number, readyAt) });
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
      tempos.push(decision.tempo);
      freeAt = now + durationS / decision.tempo;
    }
  }
  return { delays, tempos, jumps, heardShare: heardS / durations.reduce((sum, each) => sum + each, 0) };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
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

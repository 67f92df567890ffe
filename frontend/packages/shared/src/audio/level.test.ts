import { describe, expect, it } from "vitest";
import { LevelMeter, MeterBallistics, SILENCE, toDecibels, toMeterFraction } from "./level.js";

function sine(amplitude: number, length: number): Float32Array {
  return Float32Array.from({ length }, (_, index) => amplitude * Math.sin((2 * Math.PI * index) / 48));
}

describe("LevelMeter", () => {
  it("measures each 50 ms, whatever pieces come in", () => {
    const samples = sine(0.5, 48_000);
    for (const size of [128, 1_000, 48_000]) {
      const meter = new LevelMeter(48_000);
      const levels = [];
      for (let at = 0; at < samples.length; at += size) {
        levels.push(...meter.process(samples.subarray(at, at + size)));
      }
      expect(levels).toHaveLength(20);
      for (const level of levels) {
        expect(level.peakDb).toBeCloseTo(-6.02, 1);
        expect(level.rmsDb).toBeCloseTo(-9.03, 1);
        expect(level.clipped).toBe(false);
      }
    }
  });

  it("sees a wave without its top, also across pieces, but not a single loud sample", () => {
    const meter = new LevelMeter(16_000);
    const single = new Float32Array(800);
    single[400] = 1;
    expect(meter.process(single)[0]?.clipped).toBe(false);
    const flat = sine(0.5, 800).fill(1, 100, 104);
    const levels = [...meter.process(flat.subarray(0, 102)), ...meter.process(flat.subarray(102))];
    expect(levels.map((level) => level.clipped)).toEqual([true]);
    expect(meter.process(new Float32Array(800))).toEqual([SILENCE]);
  });
});

it("knows decibels", () => {
  expect(toDecibels(1)).toBe(0);
  expect(toDecibels(0.1)).toBeCloseTo(-20);
  expect(toDecibels(0)).toBe(-100);
  expect([-100, -60, -30, 0, 3].map(toMeterFraction)).toEqual([0, 0, 0.5, 1, 1]);
});

describe("MeterBallistics", () => {
  const loud = { rmsDb: -6, peakDb: -3, clipped: false };

  it("rises at once and falls slowly", () => {
    const meter = new MeterBallistics();
    expect(meter.show(loud, 0).level).toBeCloseTo(0.9);
    expect(meter.show(SILENCE, 500).level).toBeCloseTo(0.9 - 13 / 60);
    expect(meter.show(SILENCE, 5_000).level).toBe(0);
  });

  it("holds the highest peak for a while", () => {
    const meter = new MeterBallistics();
    meter.show(loud, 0);
    expect(meter.show(SILENCE, 1_400).peak).toBeCloseTo(0.95);
    expect(meter.show(SILENCE, 1_600).peak).toBe(0);
  });
});

import { describe, expect, it } from "vitest";
import { stretch } from "./time-stretch.js";

const RATE_HZ = 24_000;

function tone(frequencyHz: number, seconds: number, level = 0.5): Float32Array {
  return Float32Array.from(
    { length: RATE_HZ * seconds },
    (_, index) => level * Math.sin((2 * Math.PI * frequencyHz * index) / RATE_HZ),
  );
}

function mix(...parts: Float32Array[]): Float32Array {
  return Float32Array.from(parts[0] ?? [], (_, index) => parts.reduce((sum, part) => sum + (part[index] ?? 0), 0));
}

/** Level of a frequency (Goertzel), 1 for a full-scale sine. */
function levelAt(samples: Float32Array, frequencyHz: number): number {
  const coefficient = 2 * Math.cos((2 * Math.PI * frequencyHz) / RATE_HZ);
  let [one, two] = [0, 0];
  for (const sample of samples) [one, two] = [sample + coefficient * one - two, one];
  return (2 * Math.sqrt(one * one + two * two - coefficient * one * two)) / samples.length;
}

/** Level of a whole signal; a sine of amplitude a has a / √2. */
function rms(samples: Float32Array): number {
  return Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length);
}

describe("stretch", () => {
  it.each([1.05, 1.1, 1.2, 1.3, 0.8])("keeps the pitch and the loudness of a tone at tempo %d", (tempo) => {
    for (const frequencyHz of [110, 440, 1_000, 2_500]) {
      const stretched = stretch(tone(frequencyHz, 2), RATE_HZ, tempo);
      expect(stretched.length / (2 * RATE_HZ)).toBeCloseTo(1 / tempo, 2);
      expect(levelAt(stretched.subarray(RATE_HZ / 2, RATE_HZ), frequencyHz)).toBeGreaterThan(0.4);
      expect(rms(stretched)).toBeGreaterThan(0.32);
      expect(rms(stretched)).toBeLessThan(0.37);
    }
  });

  it("keeps both tones of a pair", () => {
    const stretched = stretch(mix(tone(697, 1, 0.4), tone(1_209, 1, 0.4)), RATE_HZ, 1.3);
    for (const frequencyHz of [697, 1_209]) expect(levelAt(stretched, frequencyHz)).toBeGreaterThan(0.28);
    expect(levelAt(stretched, 950)).toBeLessThan(0.05);
  });

  it("keeps what happens in its order and place", () => {
    const samples = new Float32Array(3 * RATE_HZ);
    samples.set(tone(500, 0.5), RATE_HZ * 0.5);
    samples.set(tone(1_500, 0.5), RATE_HZ * 2);
    const stretched = stretch(samples, RATE_HZ, 1.25);
    const at = (seconds: number): Float32Array => stretched.subarray(RATE_HZ * seconds, RATE_HZ * (seconds + 0.2));
    expect(levelAt(at(0.5), 500)).toBeGreaterThan(0.4);
    expect(levelAt(at(1.7), 1_500)).toBeGreaterThan(0.4);
    expect(rms(at(1.2))).toBeLessThan(0.01);
  });

  it("leaves alone what is short or is to stay as it is", () => {
    const samples = tone(440, 1);
    expect(stretch(samples, RATE_HZ, 1)).toBe(samples);
    const short = tone(440, 0.05);
    expect(stretch(short, RATE_HZ, 1.3)).toBe(short);
    expect(stretch(new Float32Array(RATE_HZ), RATE_HZ, 1.3).every((sample) => sample === 0)).toBe(true);
  });

  it("does not go where speech cannot be followed", () => {
    expect(() => stretch(tone(440, 1), RATE_HZ, 2.5)).toThrow(RangeError);
  });

  it("takes little of a phone's time", () => {
    const samples = tone(180, 8);
    const startedAt = performance.now();
    stretch(samples, RATE_HZ, 1.3);
    expect(performance.now() - startedAt).toBeLessThan(400);
  });
});

import { describe, expect, it } from "vitest";
import { Resampler, SPEECH_RATE_HZ } from "./resampler.js";

const RATES_HZ = [44_100, 48_000, 96_000, 16_000, 22_050, 8_000];

/** A sine of amplitude one, sampled at any rate: what an ideal converter would give is the same function at 16 000 Hz. */
function sine(frequencyHz: number, rateHz: number, seconds: number, phase = 0.3): Float32Array {
  return Float32Array.from({ length: Math.round(rateHz * seconds) }, (_, index) =>
    Math.sin((2 * Math.PI * frequencyHz * index) / rateHz + phase),
  );
}

function convert(input: Float32Array, rateHz: number, pieces: number[] = []): Float32Array {
  const resampler = new Resampler(rateHz);
  const output: number[] = [];
  let at = 0;
  for (const piece of pieces) {
    output.push(...resampler.process(input.subarray(at, at + piece)));
    at += piece;
  }
  output.push(...resampler.process(input.subarray(at)), ...resampler.flush());
  return Float32Array.from(output);
}

/** Without the ends, where the filter reaches into the silence around the signal. */
function middle(samples: Float32Array): Float32Array {
  return samples.subarray(400, samples.length - 400);
}

function rms(samples: Float32Array): number {
  return Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length);
}

function decibels(ratio: number): number {
  return 20 * Math.log10(ratio);
}

/** Highest frequency that must pass: 7 000 Hz, or as much of it as the rate carries. */
function passBandHz(rateHz: number): number {
  return Math.min(7_000, (7 / 8) * (rateHz / 2));
}

function* frequencies(fromHz: number, toHz: number, stepHz: number): Generator<number> {
  for (let frequency = fromHz; frequency <= toHz; frequency += stepHz) {
    yield frequency;
  }
}

describe.each(RATES_HZ)("from %i Hz", (rateHz) => {
  it("lets the pass band through within 1 dB", () => {
    const gains = [...frequencies(50, passBandHz(rateHz), 150), passBandHz(rateHz)].map((frequency) =>
      decibels(
        rms(middle(convert(sine(frequency, rateHz, 0.25), rateHz))) / rms(middle(sine(frequency, 16_000, 0.25))),
      ),
    );
    expect(Math.max(...gains) - Math.min(...gains)).toBeLessThan(1);
    expect(Math.max(...gains.map(Math.abs))).toBeLessThan(0.5);
  });

  it("is what an ideal converter gives, in time and in size", () => {
    const parts = [113, 440, 1_234, 2_718, 0.97 * passBandHz(rateHz)];
    const sum = (rate: number): Float32Array =>
      parts
        .map((frequency, index) => sine(frequency, rate, 0.5, index))
        .reduce((total, part) => total.map((value, index) => value + (part[index] ?? 0) / parts.length));
    const output = middle(convert(sum(rateHz), rateHz));
    const error = middle(sum(SPEECH_RATE_HZ)).map((sample, index) => sample - (output[index] ?? 0));
    expect(decibels(rms(error) / rms(output))).toBeLessThan(-55);
  });

  it("does not depend on how the input is cut", () => {
    const input = sine(997, rateHz, 0.3);
    const whole = convert(input, rateHz);
    const cuts = [
      new Array<number>(Math.floor(input.length / 128)).fill(128),
      new Array<number>(200).fill(1),
      [0, 7, 0, 1_021, 3, 441, 2],
      [input.length - 1, 1],
    ];
    for (const pieces of cuts) {
      expect(convert(input, rateHz, pieces)).toEqual(whole);
    }
  });

  it("gives as many samples as the time that has passed", () => {
    const lengths = [1, 2, 100, 12_345, rateHz];
    for (const length of lengths) {
      expect(convert(new Float32Array(length), rateHz)).toHaveLength(Math.ceil((length * SPEECH_RATE_HZ) / rateHz));
    }
  });

  it("is never more than 6 ms behind", () => {
    const resampler = new Resampler(rateHz);
    let outputs = 0;
    for (let inputs = 128; inputs < rateHz / 4; inputs += 128) {
      outputs += resampler.process(new Float32Array(128)).length;
      expect(inputs / rateHz - outputs / SPEECH_RATE_HZ).toBeLessThan(0.006);
    }
  });

  it("keeps silence silent and a constant constant", () => {
    expect(convert(new Float32Array(rateHz / 10), rateHz).every((sample) => sample === 0)).toBe(true);
    for (const sample of middle(convert(new Float32Array(rateHz / 5).fill(0.5), rateHz))) {
      expect(sample).toBeCloseTo(0.5, 6);
    }
  });
});

describe("what 16 000 Hz cannot carry", () => {
  it.each([22_050, 44_100, 48_000, 96_000])("is weaker by 50 dB, from %i Hz", (rateHz) => {
    for (const frequency of frequencies(8_000, rateHz / 2 - 1, rateHz > 50_000 ? 700 : 200)) {
      const gain = decibels(rms(middle(convert(sine(frequency, rateHz, 0.1), rateHz))) / Math.SQRT1_2);
      expect(gain, `${String(frequency)} Hz`).toBeLessThan(-50);
    }
  });

  it("has no mirror images, from 8 000 Hz", () => {
    for (const frequency of frequencies(100, 3_500, 200)) {
      const output = middle(convert(sine(frequency, 8_000, 0.5), 8_000));
      const ideal = middle(sine(frequency, SPEECH_RATE_HZ, 0.5));
      const rest = ideal.map((sample, index) => sample - (output[index] ?? 0));
      expect(decibels(rms(rest) / rms(ideal))).toBeLessThan(-50);
    }
  });
});

it("leaves 16 000 Hz as it is", () => {
  const input = sine(7_900, 16_000, 0.1);
  expect(convert(input, 16_000)).toEqual(input);
});

it("does not drift in an hour", () => {
  const resampler = new Resampler(44_100);
  let outputs = 0;
  const second = new Float32Array(44_100);
  for (let seconds = 1; seconds <= 3_600; seconds += 600) {
    outputs += resampler.process(second).length;
  }
  expect(outputs + resampler.flush().length).toBe(6 * SPEECH_RATE_HZ);
});

it.each([0, -48_000, 44_100.5, Number.NaN, 1_000_000])("refuses a rate of %d Hz", (rateHz) => {
  expect(() => new Resampler(rateHz)).toThrow(RangeError);
});

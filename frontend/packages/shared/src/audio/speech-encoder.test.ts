import { expect, it } from "vitest";
import { encodePcm16 } from "./chunker.js";
import { Resampler } from "./resampler.js";
import { SpeechEncoder } from "./speech-encoder.js";

function sine(rateHz: number, seconds: number): Float32Array {
  return Float32Array.from(
    { length: rateHz * seconds },
    (_, index) => 0.5 * Math.sin((2 * Math.PI * 440 * index) / rateHz),
  );
}

/** As the audio thread does: 128 samples at a time. */
function feed(encoder: SpeechEncoder, samples: Float32Array): { levels: number; chunks: Uint8Array[] } {
  let levels = 0;
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < samples.length; at += 128) {
    const encoded = encoder.process(samples.subarray(at, at + 128));
    levels += encoded.levels.length;
    chunks.push(...encoded.chunks);
  }
  return { levels, chunks };
}

function bytes(chunks: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(chunks.flatMap((chunk) => [...chunk]));
}

it.each([16_000, 44_100, 48_000])("gives every sample of an open stretch in 250 ms, from %i Hz", (rateHz) => {
  const samples = sine(rateHz, 2);
  const resampler = new Resampler(rateHz);
  const whole = Float32Array.from([...resampler.process(samples), ...resampler.flush()]);
  const encoder = new SpeechEncoder(rateHz);
  for (let stretch = 0; stretch < 2; stretch++) {
    encoder.open();
    const { levels, chunks } = feed(encoder, samples);
    const last = encoder.close();
    expect(levels).toBe(40);
    expect(chunks.every((chunk) => chunk.length === 8_000)).toBe(true);
    expect(bytes([...chunks, ...last])).toEqual(encodePcm16(whole));
  }
});

it("measures without sending while closed", () => {
  const encoder = new SpeechEncoder(48_000);
  const { levels, chunks } = feed(encoder, sine(48_000, 1));
  expect([levels, chunks.length, encoder.close().length]).toEqual([20, 0, 0]);
});

it("refuses a rate at once", () => {
  expect(() => new SpeechEncoder(1)).toThrow(RangeError);
});

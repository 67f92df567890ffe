/**
 * Faster or slower speech at the same pitch: WSOLA (waveform similarity overlap-add).
 *
 * ```
 * output   |--hop--|--hop--|--hop--|          frames overlap by half, faded into each other
 * input    |---hop·tempo---|---hop·tempo---|  each frame is taken where it continues the one before most smoothly,
 *                                             at most `SEARCH_S` from where it should be
 * ```
 *
 * Source: W. Verhelst, M. Roelands, "An overlap-add technique based on waveform similarity (WSOLA) for high quality
 * time-scale modification of speech", ICASSP 1993.
 */

/** Half a frame; longer than a period of the lowest voice, shorter than a phoneme. */
const HOP_S = 0.015;
const SEARCH_S = 0.01;
/** The search compares every n-th sample at every n-th place, and then looks closer around the best. */
const COARSE = 6;

/**
 * Changes the duration of mono audio.
 *
 * @param samples - One channel.
 * @param sampleRateHz - At least 8 000.
 * @param tempo - 0.5 to 2; 1.3 makes it 1.3 times as fast.
 * @returns About `samples.length / tempo` samples; the same array when the tempo changes nothing audible.
 */
export function stretch(samples: Float32Array, sampleRateHz: number, tempo: number): Float32Array {
  if (tempo < 0.5 || tempo > 2) throw new RangeError("a tempo is 0.5 to 2");
  const hop = Math.round(HOP_S * sampleRateHz);
  const search = Math.round(SEARCH_S * sampleRateHz);
  if (Math.abs(tempo - 1) < 0.01 || samples.length < 4 * hop + 2 * search) return samples;
  const fade = Float32Array.from({ length: hop }, (_, index) => 0.5 - 0.5 * Math.cos((Math.PI * (index + 0.5)) / hop));
  const length = Math.round(samples.length / tempo);
  const output = new Float32Array(length);
  output.set(samples.subarray(0, Math.min(hop, length)));
  // Where the input goes on behind what was written last: the next frame is faded into it.
  let continuation = hop;
  for (let written = hop; written < length; written += hop) {
    const wanted = Math.round(written * tempo);
    const lowest = Math.max(0, wanted - search);
    const highest = Math.min(samples.length - hop, wanted + search);
    const start = highest <= lowest ? Math.max(0, highest) : mostSimilar(samples, continuation, lowest, highest, hop);
    const count = Math.min(hop, length - written);
    for (let index = 0; index < count; index++) {
      const rising = fade[index] ?? 1;
      const old = samples[continuation + index] ?? 0;
      const fresh = samples[start + index] ?? 0;
      output[written + index] = old + rising * (fresh - old);
    }
    continuation = start + hop;
  }
  return output;
}

/** Where within the bounds the input is most like what follows `from`. */
function mostSimilar(samples: Float32Array, from: number, lowest: number, highest: number, length: number): number {
  const coarse = best(samples, from, lowest, highest, length, COARSE);
  return best(samples, from, Math.max(lowest, coarse - COARSE), Math.min(highest, coarse + COARSE), length, 1);
}

function best(
  samples: Float32Array,
  from: number,
  lowest: number,
  highest: number,
  length: number,
  step: number,
): number {
  let bestStart = lowest;
  let bestSimilarity = -Infinity;
  for (let start = lowest; start <= highest; start += step) {
    let product = 0;
    let energy = 1e-9;
    for (let index = 0; index < length; index += step) {
      const value = samples[start + index] ?? 0;
      product += value * (samples[from + index] ?? 0);
      energy += value * value;
    }
    const similarity = product / Math.sqrt(energy);
    if (similarity > bestSimilarity) {
      bestSimilarity = similarity;
      bestStart = start;
    }
  }
  return bestStart;
}

/**
 * Any microphone's sample rate → 16 000 Hz, in pieces of any size.
 *
 * A polyphase low-pass (Kaiser-windowed sinc) at the exact ratio of the two rates: with `16 000 / rate = L / M` in lowest
 * terms, output `n` lies at input position `n · M / L`, counted in whole numbers, so nothing drifts in a session of hours.
 *
 *     rate 48 000 (L/M = 1/3):   input  0 1 2 3 4 5 6 7 8 9 …     output n = the filter's sum around input 3 n
 *                                       0     1     2     3
 */

/** What the recogniser hears, in hertz. */
export const SPEECH_RATE_HZ = 16_000;

/** The band that is kept, as a fraction of the lower of the two Nyquist frequencies: 7 000 Hz of 8 000 Hz. */
const PASS_BAND = 7 / 8;

/** What lies beyond the Nyquist frequency is weaker by so many decibels. */
const STOP_BAND_DB = 72;

/** Lowest and highest rate of a microphone that is accepted, in hertz. */
const RATE_LIMITS_HZ = [4_000, 768_000] as const;

/**
 * Converts mono samples in −1…1.
 *
 * Outputs are aligned in time with the input: output `n` is the sound at `n / 16 000` s. They come later than their input
 * by half the filter's length, at most 5 ms. How the input is cut into pieces does not change a bit of the output.
 */
export class Resampler {
  /** Samples at 16 000 Hz per `#step` samples of input. */
  readonly #phases: number;
  readonly #step: number;
  /** Input samples on each side of an output's position that it is made of. */
  readonly #reach: number;
  /** For each of the `#phases` positions between two inputs, the weights of the `2 · #reach` inputs around it. */
  readonly #weights: Float64Array;
  /** Input that later outputs need; its first sample has the index `#historyStart`. Before the beginning is silence. */
  #history: Float32Array;
  #historyStart: number;
  #inputCount = 0;
  #outputCount = 0;

  /**
   * @param inputRateHz - The device's rate, a whole number from 4 000 to 768 000.
   * @throws RangeError for another rate.
   */
  constructor(inputRateHz: number) {
    if (!Number.isInteger(inputRateHz) || inputRateHz < RATE_LIMITS_HZ[0] || inputRateHz > RATE_LIMITS_HZ[1]) {
      throw new RangeError(`a microphone at ${String(inputRateHz)} Hz is not supported`);
    }
    const divisor = greatestCommonDivisor(inputRateHz, SPEECH_RATE_HZ);
    this.#phases = SPEECH_RATE_HZ / divisor;
    this.#step = inputRateHz / divisor;
    if (this.#phases === this.#step) {
      this.#reach = 0;
      this.#weights = new Float64Array();
    } else {
      const nyquistHz = Math.min(inputRateHz, SPEECH_RATE_HZ) / 2;
      const transition = ((1 - PASS_BAND) * nyquistHz) / inputRateHz;
      const cutoff = ((1 + PASS_BAND) * nyquistHz) / 2 / inputRateHz;
      this.#reach = Math.ceil((STOP_BAND_DB - 7.95) / (14.36 * transition) / 2);
      this.#weights = polyphaseWeights(this.#phases, this.#reach, cutoff);
    }
    this.#history = new Float32Array(Math.max(0, this.#reach - 1));
    this.#historyStart = -this.#history.length;
  }

  /**
   * Take the next input.
   *
   * @returns Every output that can be made by now; may be empty.
   */
  process(input: Float32Array): Float32Array {
    this.#inputCount += input.length;
    if (this.#reach === 0) {
      return input.slice();
    }
    const known = new Float32Array(this.#history.length + input.length);
    known.set(this.#history);
    known.set(input, this.#history.length);
    return this.#convert(known, this.#inputCount - this.#reach - 1);
  }

  /**
   * The input has ended: the outputs that waited for more of it, with silence in its place.
   *
   * Afterwards there are `⌈inputs · 16 000 / rate⌉` outputs in all, and the converter is used up.
   */
  flush(): Float32Array {
    if (this.#reach === 0) {
      return new Float32Array();
    }
    const known = new Float32Array(this.#history.length + this.#reach);
    known.set(this.#history);
    return this.#convert(known, this.#inputCount - 1);
  }

  /** Every output whose position is not behind `lastPosition`, an input index, from inputs that begin at `#historyStart`. */
  #convert(known: Float32Array, lastPosition: number): Float32Array {
    const end = Math.max(this.#outputCount, Math.floor(((lastPosition + 1) * this.#phases - 1) / this.#step) + 1);
    const output = new Float32Array(end - this.#outputCount);
    const width = 2 * this.#reach;
    for (let index = 0; index < output.length; index++) {
      const numerator = (this.#outputCount + index) * this.#step;
      const position = Math.floor(numerator / this.#phases);
      const weightsAt = (numerator - position * this.#phases) * width;
      const knownAt = position - this.#reach + 1 - this.#historyStart;
      let sum = 0;
      for (let tap = 0; tap < width; tap++) {
        sum += (this.#weights[weightsAt + tap] ?? 0) * (known[knownAt + tap] ?? 0);
      }
      output[index] = sum;
    }
    this.#outputCount = end;
    const firstNeeded = Math.floor((end * this.#step) / this.#phases) - this.#reach + 1;
    const dropped = Math.max(0, Math.min(known.length, firstNeeded - this.#historyStart));
    this.#history = known.slice(dropped);
    this.#historyStart += dropped;
    return output;
  }
}

/**
 * Weights of a low-pass for every phase, one phase after the other; each phase sums to one, so that no phase hums.
 *
 * @param cutoff - Middle of the transition band, as a fraction of the input rate.
 */
function polyphaseWeights(phases: number, reach: number, cutoff: number): Float64Array {
  const width = 2 * reach;
  const beta = 0.1102 * (STOP_BAND_DB - 8.7);
  const weights = new Float64Array(phases * width);
  for (let phase = 0; phase < phases; phase++) {
    const own = weights.subarray(phase * width, (phase + 1) * width);
    let total = 0;
    for (let tap = 0; tap < width; tap++) {
      const distance = phase / phases - (tap - reach + 1);
      const angle = 2 * Math.PI * cutoff * distance;
      const sinc = angle === 0 ? 1 : Math.sin(angle) / angle;
      const weight = sinc * besselI0(beta * Math.sqrt(Math.max(0, 1 - (distance / reach) ** 2)));
      own[tap] = weight;
      total += weight;
    }
    for (let tap = 0; tap < width; tap++) {
      own[tap] = (own[tap] ?? 0) / total;
    }
  }
  return weights;
}

/** The modified Bessel function of the first kind and order zero. */
function besselI0(x: number): number {
  let term = 1;
  let sum = 1;
  for (let k = 1; term > sum * 1e-17; k++) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

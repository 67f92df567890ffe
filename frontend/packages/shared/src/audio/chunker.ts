/** Samples at 16 000 Hz → numbered chunks of 250 ms as they go over the wire. */
import { SPEECH_RATE_HZ } from "./resampler.js";

/** 250 ms. */
export const CHUNK_SAMPLES = SPEECH_RATE_HZ / 4;

/** 20 ms: the server refuses less. */
export const MIN_CHUNK_SAMPLES = SPEECH_RATE_HZ / 50;

/** A piece of the speaker's audio. */
export interface AudioChunk {
  /** 0, 1, 2 … for as long as the app runs. */
  readonly index: number;
  /** Samples at 16 000 Hz since the session's first. */
  readonly sampleOffset: number;
  /** Mono, signed 16-bit little-endian, 16 000 Hz, 20–500 ms. */
  readonly pcm: Uint8Array;
  /** When its first sample was captured, epoch milliseconds. */
  readonly capturedAtMs: number;
}

/** Cuts a stream of samples, in pieces of any size, into chunks of exactly 250 ms; the last may be shorter. */
export class Chunker {
  #chunk = new Float32Array(CHUNK_SAMPLES);
  #filled = 0;

  /**
   * Take the next samples.
   *
   * @param samples - Mono, 16 000 Hz, −1…1.
   * @returns The chunks that are full by now, oldest first.
   */
  process(samples: Float32Array): Uint8Array[] {
    const full: Uint8Array[] = [];
    let taken = 0;
    while (taken < samples.length) {
      const count = Math.min(CHUNK_SAMPLES - this.#filled, samples.length - taken);
      this.#chunk.set(samples.subarray(taken, taken + count), this.#filled);
      this.#filled += count;
      taken += count;
      if (this.#filled === CHUNK_SAMPLES) {
        full.push(encodePcm16(this.#chunk));
        this.#filled = 0;
      }
    }
    return full;
  }

  /** What is left over, filled up with silence to 20 ms where it is shorter; undefined when there is nothing. */
  flush(): Uint8Array | undefined {
    if (this.#filled === 0) {
      return undefined;
    }
    const length = Math.max(this.#filled, MIN_CHUNK_SAMPLES);
    this.#chunk.fill(0, this.#filled);
    this.#filled = 0;
    return encodePcm16(this.#chunk.subarray(0, length));
  }
}

/**
 * Gives each chunk its number and its place in the session.
 *
 * Places follow on each other without a gap whatever happens between two chunks (a pause, another microphone), as the
 * server expects of one who knows where he was.
 */
export class ChunkNumbering {
  #index = 0;
  #sampleOffset: number;

  /** @param sampleOffset - Where the session goes on, in samples. */
  constructor(sampleOffset: number) {
    this.#sampleOffset = sampleOffset;
  }

  /** Where the next chunk begins, in samples since the session's first. */
  get nextSampleOffset(): number {
    return this.#sampleOffset;
  }

  /** The next chunk. */
  number(pcm: Uint8Array, capturedAtMs: number): AudioChunk {
    const chunk = { index: this.#index, sampleOffset: this.#sampleOffset, pcm, capturedAtMs };
    this.#index += 1;
    this.#sampleOffset += pcm.length / 2;
    return chunk;
  }
}

/** Samples in −1…1 as signed 16-bit little-endian; louder ones become the loudest there is. */
export function encodePcm16(samples: Float32Array): Uint8Array {
  const bytes = new Uint8Array(2 * samples.length);
  const view = new DataView(bytes.buffer);
  for (let index = 0; index < samples.length; index++) {
    const scaled = Math.round((samples[index] ?? 0) * 32_768);
    view.setInt16(2 * index, Math.max(-32_768, Math.min(32_767, scaled)), true);
  }
  return bytes;
}

/** Everything between a microphone's samples and chunks for the wire; runs on the audio thread, and in tests. */
import { Chunker } from "./chunker.js";
import { type Level, LevelMeter } from "./level.js";
import { Resampler } from "./resampler.js";

/** What a piece of sound has given. */
export interface Encoded {
  /** One for every 50 ms of input, oldest first; also while closed. */
  readonly levels: readonly Level[];
  /** Of 250 ms, signed 16-bit little-endian at 16 000 Hz, oldest first; none while closed. */
  readonly chunks: readonly Uint8Array[];
}

/**
 * Measures all sound, and while it is open converts and cuts it.
 *
 *     samples at the device's rate ─┬─ LevelMeter                     levels
 *                                   └─ Resampler ─ Chunker (if open)  chunks
 */
export class SpeechEncoder {
  readonly #rateHz: number;
  readonly #meter: LevelMeter;
  readonly #chunker = new Chunker();
  #resampler: Resampler | undefined;

  /**
   * @param rateHz - The device's.
   * @throws RangeError for a rate that cannot be converted.
   */
  constructor(rateHz: number) {
    this.#rateHz = rateHz;
    this.#meter = new LevelMeter(rateHz);
    // Fails now rather than in the middle of a sentence.
    new Resampler(rateHz);
  }

  /** From the next sample on, sound is cut into chunks. */
  open(): void {
    this.#resampler ??= new Resampler(this.#rateHz);
  }

  /** Stop cutting. @returns The last chunks, the very last of 20–250 ms; together with those before, every sample. */
  close(): readonly Uint8Array[] {
    if (this.#resampler === undefined) return [];
    const chunks = this.#chunker.process(this.#resampler.flush());
    const rest = this.#chunker.flush();
    this.#resampler = undefined;
    return rest === undefined ? chunks : [...chunks, rest];
  }

  /** @param samples - Mono, −1…1, any number of them. */
  process(samples: Float32Array): Encoded {
    const levels = this.#meter.process(samples);
    const converted = this.#resampler?.process(samples);
    return { levels, chunks: converted === undefined ? [] : this.#chunker.process(converted) };
  }
}

/** How loud a microphone is: measured on its samples, and shown so that an eye can follow. */

/** Loudness of a short piece of sound, in dBFS: 0 is the loudest there is, silence is −100. */
export interface Level {
  /** Root mean square. */
  readonly rmsDb: number;
  /** The loudest sample. */
  readonly peakDb: number;
  /** Samples in a row at full scale: the top of the wave is cut off. */
  readonly clipped: boolean;
}

/** What counts as silence. */
export const SILENCE_DB = -100;

/** A single sample at full scale may be chance; so many in a row are not. */
const CLIPPED_RUN = 3;
const FULL_SCALE = 0.999;

/** The level of silence. */
export const SILENCE: Level = { rmsDb: SILENCE_DB, peakDb: SILENCE_DB, clipped: false };

/** Measures the level of every 50 ms of a stream of samples in −1…1, in pieces of any size. */
export class LevelMeter {
  readonly #window: number;
  #count = 0;
  #energy = 0;
  #peak = 0;
  #run = 0;
  #clipped = false;

  /** @param rateHz - Of the samples. */
  constructor(rateHz: number) {
    this.#window = Math.round(rateHz / 20);
  }

  /** Take the next samples; the levels of the windows that are full by now, oldest first. */
  process(samples: Float32Array): Level[] {
    const levels: Level[] = [];
    for (const sample of samples) {
      const size = Math.abs(sample);
      this.#energy += size * size;
      this.#peak = Math.max(this.#peak, size);
      this.#run = size >= FULL_SCALE ? this.#run + 1 : 0;
      this.#clipped ||= this.#run >= CLIPPED_RUN;
      this.#count += 1;
      if (this.#count === this.#window) {
        levels.push(this.#finishWindow());
      }
    }
    return levels;
  }

  #finishWindow(): Level {
    const rms = Math.sqrt(this.#energy / this.#count);
    const level = { rmsDb: toDecibels(rms), peakDb: toDecibels(this.#peak), clipped: this.#clipped };
    this.#count = 0;
    this.#energy = 0;
    this.#peak = 0;
    this.#clipped = false;
    return level;
  }
}

/** An amplitude of 0…1 in dBFS. */
export function toDecibels(amplitude: number): number {
  return amplitude <= 0 ? SILENCE_DB : Math.max(SILENCE_DB, 20 * Math.log10(amplitude));
}

/** Quietest level that a meter shows, in dBFS. */
const METER_FLOOR_DB = -60;

/** How fast the shown level falls, in decibels a second; it rises at once. */
const FALL_DB_PER_S = 26;

/** How long the highest peak stays, in milliseconds. */
const PEAK_HOLD_MS = 1_500;

/** What a meter shows, both as fractions of its length. */
export interface MeterReading {
  readonly level: number;
  readonly peak: number;
}

/** Rises at once and falls slowly, as broadcasters' meters do. */
export class MeterBallistics {
  #levelDb = SILENCE_DB;
  #peakDb = SILENCE_DB;
  #peakAtMs = 0;
  #atMs: number | undefined;

  /** Take a level; what to show at this moment, in milliseconds of any clock. */
  show(level: Level, nowMs: number): MeterReading {
    const fallDb = this.#atMs === undefined ? 0 : ((nowMs - this.#atMs) / 1_000) * FALL_DB_PER_S;
    this.#atMs = nowMs;
    this.#levelDb = Math.max(level.rmsDb, this.#levelDb - fallDb);
    if (level.peakDb >= this.#peakDb || nowMs - this.#peakAtMs > PEAK_HOLD_MS) {
      this.#peakDb = level.peakDb;
      this.#peakAtMs = nowMs;
    }
    return { level: toMeterFraction(this.#levelDb), peak: toMeterFraction(this.#peakDb) };
  }
}

/** A level in dBFS as a fraction of a meter's length. */
export function toMeterFraction(db: number): number {
  return Math.max(0, Math.min(1, 1 - db / METER_FLOOR_DB));
}

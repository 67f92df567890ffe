/** What is wrong with the sound, judged where it is captured, so that advice comes at once. Pure. */
import type { Level } from "@babelcast/shared/audio/level";

/** As the server names them in `qualityWarning`. */
export type HeardIssue = "clipping" | "silence" | "too_quiet";

/** Levels come every 50 ms. */
const PER_SECOND = 20;
const HEARD_S = 10;
const CLIPPING_S = 4;
/** So many of the latest four seconds' levels are clipped before it counts. */
const CLIPPED_LEVELS = 4;
/** Digital silence and the hiss of a switched-off microphone; a quiet room is louder. */
const DEAD_PEAK_DB = -72;
/** Loudness of the loudest tenth of speech that recognisers hear well, at least. */
const QUIET_SPEECH_DB = -42;
/** Speech is so much louder than the pauses in it; steady noise is not. */
const SPEECH_RANGE_DB = 9;

/** Takes the level of every 50 ms of a microphone that is on air. */
export class SoundAdvisor {
  #levels: Level[] = [];

  /** @returns What is wrong with the latest ten seconds, or undefined. */
  hear(level: Level): HeardIssue | undefined {
    this.#levels.push(level);
    if (this.#levels.length > HEARD_S * PER_SECOND) this.#levels.shift();
    if (this.#isClipping()) return "clipping";
    if (this.#levels.length < HEARD_S * PER_SECOND) return undefined;
    if (this.#levels.every((each) => each.peakDb < DEAD_PEAK_DB)) return "silence";
    return this.#isQuietSpeech() ? "too_quiet" : undefined;
  }

  /** Another microphone, or a pause: what was heard before says nothing about what comes. */
  forget(): void {
    this.#levels = [];
  }

  #isClipping(): boolean {
    return this.#levels.slice(-CLIPPING_S * PER_SECOND).filter((level) => level.clipped).length >= CLIPPED_LEVELS;
  }

  #isQuietSpeech(): boolean {
    const sorted = this.#levels.map((level) => level.rmsDb).sort((a, b) => a - b);
    const soft = sorted[Math.floor(sorted.length * 0.1)] ?? 0;
    const loud = sorted[Math.floor(sorted.length * 0.9)] ?? 0;
    return loud < QUIET_SPEECH_DB && loud - soft > SPEECH_RANGE_DB;
  }
}

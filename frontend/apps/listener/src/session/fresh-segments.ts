import type { TranslatedAudio } from "@babelcast/shared/protocol/messages";

/** A sentence younger than this is still heard by someone who turns the sound on. */
const FRESH_MS = 8_000;
const REMEMBERED = 10;

/** What was delivered lately, for a listener who turns the sound on in the middle of a sentence. */
export class FreshSegments {
  #latest: TranslatedAudio[] = [];

  add(message: TranslatedAudio): void {
    this.#latest = [...this.#latest, message].slice(-REMEMBERED);
  }

  /**
   * What is worth hearing now, in order.
   *
   * @param local - A server's time by this browser's clock, epoch milliseconds.
   */
  list(local: (serverTime: number) => number): readonly TranslatedAudio[] {
    const youngest = Date.now() - FRESH_MS;
    return this.#latest.filter((message) => local(message.timestamp) > youngest);
  }
}

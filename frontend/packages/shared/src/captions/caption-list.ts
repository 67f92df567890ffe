/** The captions of a session as one reader sees them: pure values, in the order of the segments' numbers. */
import type { SegmentsLeftOut, Transcription, TranslatedAudio } from "../protocol/messages.js";

/**
 * `waiting`: only the source text is known so far. `translated`: `text` is in the reader's language. `untranslated`: the
 * translation failed or was never made, and `text` is the source text.
 */
export type CaptionStatus = "waiting" | "translated" | "untranslated";

/** One segment. Never changed in place, so that a view knows by identity what is new. */
export interface Caption {
  readonly number: number;
  readonly status: CaptionStatus;
  /** In `language`. */
  readonly text: string;
  readonly language: string;
  readonly sourceText: string;
  readonly sourceLanguage: string;
  /** Milliseconds since the session's first sample; null while it is waiting. */
  readonly spoken: { readonly startMs: number; readonly endMs: number } | null;
  /** Code of the reason why there is nothing to hear although the language has a voice. */
  readonly unspoken: string | null;
}

/** What is being said, as the recogniser hears it; it may still change. */
export interface PartialCaption {
  readonly resultId: string;
  readonly text: string;
  readonly language: string;
}

/** Speech that the reader missed and that does not come any more. */
export interface LeftOut {
  /** Number of the segment that follows it. */
  readonly before: number;
  readonly seconds: number;
}

export interface CaptionList {
  readonly captions: readonly Caption[];
  readonly partial: PartialCaption | undefined;
  readonly leftOut: readonly LeftOut[];
}

export const NO_CAPTIONS: CaptionList = { captions: [], partial: undefined, leftOut: [] };

/** The list after a source caption; a repeated one changes nothing. */
export function withTranscription(list: CaptionList, message: Transcription): CaptionList {
  const { text, language, resultId, sequenceNumber: number } = message;
  if (!message.isFinal || number === null) return { ...list, partial: { resultId, text, language } };
  const partial = list.partial?.resultId === resultId ? undefined : list.partial;
  if (find(list, number) !== undefined) return { ...list, partial };
  const caption: Caption = {
    number,
    status: "waiting",
    text,
    language,
    sourceText: text,
    sourceLanguage: language,
    spoken: null,
    unspoken: null,
  };
  return { ...list, captions: inserted(list.captions, caption), partial };
}

/** The list after a segment in the reader's language; what is known already is replaced only by something better. */
export function withTranslation(list: CaptionList, message: TranslatedAudio, sourceLanguage: string): CaptionList {
  const status: CaptionStatus = message.translated ? "translated" : "untranslated";
  const known = find(list, message.sequenceNumber);
  if (known !== undefined && RANK[known.status] >= RANK[status]) return list;
  const caption: Caption = {
    number: message.sequenceNumber,
    status,
    text: message.text,
    language: message.translated ? message.targetLanguage : sourceLanguage,
    sourceText: message.sourceText,
    sourceLanguage,
    spoken: { startMs: message.spokenStartMs, endMs: message.spokenEndMs },
    unspoken: message.unspoken,
  };
  return { ...list, captions: inserted(list.captions, caption) };
}

/**
 * The list after the server said which segments do not come any more. Of those with a source caption, that is all there
 * is; of the others, the list says how much it was.
 *
 * @param numbers - Those that had not come.
 */
export function withLeftOut(list: CaptionList, message: SegmentsLeftOut, numbers: readonly number[]): CaptionList {
  const missing = new Set(numbers);
  const captions = list.captions.map((caption): Caption => {
    const isLast = missing.delete(caption.number) && caption.status === "waiting";
    return isLast ? { ...caption, status: "untranslated" } : caption;
  });
  if (missing.size === 0) return { ...list, captions };
  const seconds = leftOutSeconds(message, missing.size);
  return { ...list, captions, leftOut: [...list.leftOut, { before: message.lastSequenceNumber + 1, seconds }] };
}

/** Seconds of speech in so many of the segments that do not come; all of them have the same share. */
export function leftOutSeconds(message: SegmentsLeftOut, segments: number): number {
  const count = message.lastSequenceNumber - message.firstSequenceNumber + 1;
  return ((message.spokenEndMs - message.spokenStartMs) * segments) / count / 1_000;
}

/** Seconds of speech that are left out between two captions that follow each other; the first has none before it. */
export function leftOutBetween(list: readonly LeftOut[], before: Caption | undefined, caption: Caption): number {
  return list
    .filter((each) => each.before > (before?.number ?? -1) && each.before <= caption.number)
    .reduce((sum, each) => sum + each.seconds, 0);
}

/** Why the newest translation into a language is not heard; null when it is, or is no more than text by its nature. */
export function unspokenNow(captions: readonly Caption[], language: string): string | null {
  for (let at = captions.length - 1; at >= 0; at--) {
    const caption = captions[at];
    if (caption?.status === "translated") return caption.language === language ? caption.unspoken : null;
  }
  return null;
}

/** The list without what was being said, as after a break in the connection or the speech. */
export function withoutPartial(list: CaptionList): CaptionList {
  return list.partial === undefined ? list : { ...list, partial: undefined };
}

const RANK: Readonly<Record<CaptionStatus, number>> = { waiting: 0, untranslated: 1, translated: 2 };

function find(list: CaptionList, number: number): Caption | undefined {
  const at = position(list.captions, number);
  const caption = list.captions[at];
  return caption?.number === number ? caption : undefined;
}

/** Index of the first caption with this number or a higher one; new captions nearly always come last. */
function position(captions: readonly Caption[], number: number): number {
  let at = captions.length;
  while (at > 0 && (captions[at - 1]?.number ?? -1) >= number) at--;
  return at;
}

function inserted(captions: readonly Caption[], caption: Caption): readonly Caption[] {
  const at = position(captions, caption.number);
  const replaced = captions[at]?.number === caption.number ? 1 : 0;
  return [...captions.slice(0, at), caption, ...captions.slice(at + replaced)];
}

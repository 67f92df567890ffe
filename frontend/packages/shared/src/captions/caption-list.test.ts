import { describe, expect, it } from "vitest";
import type { SegmentsLeftOut, Transcription, TranslatedAudio } from "../protocol/messages.js";
import {
  type Caption,
  type CaptionList,
  leftOutBetween,
  NO_CAPTIONS,
  unspokenNow,
  withLeftOut,
  withTranscription,
  withTranslation,
  withoutPartial,
} from "./caption-list.js";

function heard(number: number | null, text: string, segment = number): Transcription {
  return {
    type: "transcription",
    text,
    isFinal: number !== null,
    language: "en",
    timestamp: 0,
    resultId: `segment-${segment ?? "next"}`,
    sequenceNumber: number,
  };
}

function translated(number: number, text: string, options: Partial<TranslatedAudio> = {}): TranslatedAudio {
  return {
    type: "translatedAudio",
    targetLanguage: "es",
    sequenceNumber: number,
    url: null,
    duration: 0,
    timestamp: 0,
    text,
    sourceText: "source",
    spokenStartMs: number * 1_000,
    spokenEndMs: number * 1_000 + 900,
    translated: true,
    replayed: false,
    unspoken: null,
    ...options,
  };
}

function after(...messages: (Transcription | TranslatedAudio)[]): CaptionList {
  return messages.reduce<CaptionList>(
    (list, message) =>
      message.type === "transcription" ? withTranscription(list, message) : withTranslation(list, message, "en"),
    NO_CAPTIONS,
  );
}

function shown(list: CaptionList): string[] {
  return list.captions.map((caption) => `${caption.number} ${caption.language} ${caption.text} ${caption.status}`);
}

describe("captions", () => {
  it("are in the order of the segments, whatever the order of arrival", () =>
    expect(shown(after(translated(2, "c"), translated(0, "a"), translated(1, "b")))).toEqual([
      "0 es a translated",
      "1 es b translated",
      "2 es c translated",
    ]));

  it("come once", () => {
    const list = after(translated(0, "a"), translated(1, "b"));
    expect(withTranslation(list, translated(0, "again"), "en")).toBe(list);
  });

  it("say why the newest translation is not heard, while it is in the reader's language", () => {
    const spoken = translated(0, "a", { url: "clip" });
    const unspoken = translated(1, "b", { unspoken: "AT_CAPACITY" });
    expect(unspokenNow(NO_CAPTIONS.captions, "es")).toBeNull();
    expect(unspokenNow(after(spoken, unspoken).captions, "es")).toBe("AT_CAPACITY");
    expect(unspokenNow(after(unspoken, heard(2, "Next.")).captions, "es")).toBe("AT_CAPACITY");
    expect(unspokenNow(after(unspoken).captions, "fr")).toBeNull();
    expect(unspokenNow(after(unspoken, translated(2, "c", { url: "clip" })).captions, "es")).toBeNull();
  });

  it("wait for their translation in the source language", () => {
    expect(shown(after(heard(0, "Good morning.")))).toEqual(["0 en Good morning. waiting"]);
    expect(shown(after(heard(0, "Good morning."), translated(0, "Buenos días.")))).toEqual([
      "0 es Buenos días. translated",
    ]);
  });

  it("keep a translation when the source caption comes late or again", () =>
    expect(shown(after(translated(0, "Buenos días."), heard(0, "Good morning.")))).toEqual([
      "0 es Buenos días. translated",
    ]));

  it("say when they are not translated, until they are", () => {
    const list = after(translated(0, "Good morning.", { translated: false, sourceText: "Good morning." }));
    expect(shown(list)).toEqual(["0 en Good morning. untranslated"]);
    expect(shown(withTranslation(list, translated(0, "Buenos días."), "en"))).toEqual(["0 es Buenos días. translated"]);
  });

  it("keep their own language when the reader changes to another", () =>
    expect(shown(after(translated(0, "a"), translated(1, "b", { targetLanguage: "fr" })))).toEqual([
      "0 es a translated",
      "1 fr b translated",
    ]));

  it("keep their identity when others come", () => {
    const list = after(translated(0, "a"));
    expect(withTranslation(list, translated(1, "b"), "en").captions[0]).toBe(list.captions[0]);
  });
});

describe("what is left out", () => {
  const message: SegmentsLeftOut = {
    type: "segmentsLeftOut",
    firstSequenceNumber: 1,
    lastSequenceNumber: 100,
    spokenStartMs: 3_000,
    spokenEndMs: 303_000,
  };
  const all = Array.from({ length: 100 }, (_, index) => index + 1);

  it("is told between the captions that it lies between", () => {
    const list = withTranslation(withLeftOut(after(translated(0, "a")), message, all), translated(101, "b"), "en");
    const [first, second] = list.captions as [Caption, Caption];
    expect(leftOutBetween(list.leftOut, undefined, first)).toBe(0);
    expect(leftOutBetween(list.leftOut, first, second)).toBe(300);
    expect(leftOutBetween(list.leftOut, second, { ...second, number: 102 })).toBe(0);
  });

  it("is not what can be read in the original", () => {
    const list = withLeftOut(after(heard(1, "one"), heard(2, "two")), message, all);
    expect(shown(list)).toEqual(["1 en one untranslated", "2 en two untranslated"]);
    expect(list.leftOut).toEqual([{ before: 101, seconds: 294 }]);
    expect(withLeftOut(after(heard(1, "one")), message, [1]).leftOut).toEqual([]);
  });
});

describe("what is being said", () => {
  it("changes until it is final", () => {
    const list = after(heard(null, "good", 0), heard(null, "good mor", 0));
    expect(list.partial?.text).toBe("good mor");
    expect(list.captions).toEqual([]);
    expect(withTranscription(list, heard(0, "Good morning.")).partial).toBeUndefined();
  });

  it("is not ended by the final of an earlier segment", () => {
    const list = after(heard(null, "and now", 1), heard(0, "Good morning."));
    expect(list.partial?.text).toBe("and now");
    expect(withoutPartial(list).partial).toBeUndefined();
    expect(withoutPartial(withoutPartial(list))).toEqual(withoutPartial(list));
  });
});

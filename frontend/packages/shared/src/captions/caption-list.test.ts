import { describe, expect, it } from "vitest";
import type { Transcription, TranslatedAudio } from "../protocol/messages.js";
import { type CaptionList, NO_CAPTIONS, withTranscription, withTranslation, withoutPartial } from "./caption-list.js";

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

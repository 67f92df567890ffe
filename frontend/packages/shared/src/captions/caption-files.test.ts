import { describe, expect, it } from "vitest";
import { captionFile } from "./caption-files.js";
import type { Caption } from "./caption-list.js";

function caption(number: number, text: string, startMs: number, endMs: number, sourceText = "Source."): Caption {
  return {
    number,
    status: "translated",
    text,
    language: "es",
    sourceText,
    sourceLanguage: "en",
    spoken: { startMs, endMs },
    unspoken: null,
  };
}

const WAITING: Caption = {
  ...caption(3, "Not yet.", 0, 0, "Not yet."),
  status: "waiting",
  language: "en",
  spoken: null,
};
const CAPTIONS = [
  caption(0, "Buenos días.", 500, 2_340, "Good morning."),
  caption(1, "A < B & C --> D", 3_599_999, 3_601_000),
  WAITING,
];
const PLAIN = { title: "joyful-hope-911 · Español", withOriginal: false };
const BOTH = { ...PLAIN, withOriginal: true };

describe("captionFile", () => {
  it("writes text with everything", () =>
    expect(captionFile("txt", CAPTIONS, BOTH)).toBe(
      "joyful-hope-911 · Español\n\n[00:00:00] Buenos días.\nGood morning.\n\n" +
        "[00:59:59] A < B & C --> D\nSource.\n\nNot yet.\n",
    ));

  it("writes SRT", () =>
    expect(captionFile("srt", CAPTIONS, PLAIN)).toBe(
      "1\n00:00:00,500 --> 00:00:02,340\nBuenos días.\n\n" + "2\n00:59:59,999 --> 01:00:01,000\nA < B & C → D\n",
    ));

  it("writes WebVTT", () =>
    expect(captionFile("vtt", CAPTIONS, BOTH)).toBe(
      "WEBVTT\n\n0\n00:00:00.500 --> 00:00:02.340\nBuenos días.\nGood morning.\n\n" +
        "1\n00:59:59.999 --> 01:00:01.000\nA &lt; B &amp; C --&gt; D\nSource.\n",
    ));

  it("keeps a cue in one block, whatever the text", () =>
    expect(captionFile("srt", [caption(0, "one\n\ntwo", 0, 2_000)], PLAIN)).toContain("\none two\n"));

  it("gives short words time to be read, but not that of the next", () => {
    const file = captionFile("srt", [caption(0, "Sí.", 0, 200), caption(1, "No.", 400, 450)], PLAIN);
    expect(file).toContain("00:00:00,000 --> 00:00:00,400");
    expect(file).toContain("00:00:00,400 --> 00:00:01,100");
  });

  it("writes a valid file of nothing", () => {
    expect(captionFile("vtt", [], PLAIN)).toBe("WEBVTT\n");
    expect(captionFile("srt", [], PLAIN)).toBe("");
    expect(captionFile("txt", [], PLAIN)).toBe("joyful-hope-911 · Español\n");
  });
});

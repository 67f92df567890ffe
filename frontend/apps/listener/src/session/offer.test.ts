import type { Language } from "@babelcast/shared/protocol/http-api";
import { describe, expect, it, vi } from "vitest";
import { inPickingOrder, isMeant, loadOffer } from "./offer";
import { CONFIG, SESSION } from "./scripted-server";

function language(code: string, name: string, nativeName: string): Language {
  return { code, name, nativeName, spoken: true, rightToLeft: false };
}

const LANGUAGES = [
  language("fr", "French", "Français"),
  language("es", "Spanish", "Español"),
  language("zh", "Chinese", "中文"),
  language("ca", "Catalan", "Català"),
];

describe("loadOffer", () => {
  it("asks once for the session and all that is to be said of its languages", async () => {
    const asked: string[] = [];
    const english = language("en", "English", "English");
    const facts = {
      sessionId: SESSION,
      state: "live",
      sourceLanguage: "en",
      targetLanguages: ["es", "fr", "xx"],
      languages: [english, ...LANGUAGES.slice(0, 2)],
      joinKeyRequired: false,
    };
    vi.stubGlobal("fetch", (url: string) => {
      asked.push(url);
      return Promise.resolve(Response.json(facts));
    });
    const offer = await loadOffer(CONFIG, SESSION);
    expect(asked).toEqual([`http://api/sessions/${SESSION}`]);
    expect(offer.languages.map(({ nativeName }) => nativeName)).toEqual(["Español", "Français", "xx"]);
    expect(offer.languageOf("en")).toEqual(english);
  });
});

describe("inPickingOrder", () => {
  it("has the preferred languages first, then all by their own names", () => {
    const codes = (preferred: string[]) => inPickingOrder(LANGUAGES, preferred).map((each) => each.code);
    expect(codes([])).toEqual(["ca", "es", "fr", "zh"]);
    expect(codes(["zh", "fr", "de"])).toEqual(["zh", "fr", "ca", "es"]);
  });
});

describe("isMeant", () => {
  it.each(["espa", "Español", "SPANISH", "es", " espan "])("finds Spanish by %j", (typed) =>
    expect(isMeant(language("es", "Spanish", "Español"), typed)).toBe(true),
  );
  it("does not find what is not meant", () =>
    expect(isMeant(language("fr", "French", "Français"), "span")).toBe(false));
});

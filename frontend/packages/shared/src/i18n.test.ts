import { describe, expect, it } from "vitest";
import { chooseTexts, matchLanguage } from "./i18n.js";

describe("matchLanguage", () => {
  const offered = ["ca", "es", "fr", "he", "no", "pt", "pt-BR", "zh", "zh-TW"];
  it.each([
    [["es-MX", "en"], "es"],
    [["pt-BR"], "pt-BR"],
    [["pt-PT"], "pt"],
    [["en-GB", "fr-CA"], "fr"],
    [["zh-Hant-HK"], "zh-TW"],
    [["zh-CN"], "zh"],
    [["iw"], "he"],
    [["nb-NO"], "no"],
    [["CA-es"], "ca"],
    [["en", "de"], undefined],
    [[], undefined],
  ])("%j → %s", (preferred, expected) => expect(matchLanguage(offered, preferred)).toBe(expected));
});

describe("chooseTexts", () => {
  const texts = { en: "hello", es: "hola", fr: "bonjour" };
  it("takes the first language that there is", () =>
    expect(chooseTexts(texts, ["de", "fr-BE", "es"])).toEqual({ language: "fr", texts: "bonjour" }));
  it("falls back to English", () => expect(chooseTexts(texts, ["de"])).toEqual({ language: "en", texts: "hello" }));
});

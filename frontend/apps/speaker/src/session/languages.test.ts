import type { Language } from "@babelcast/shared/protocol/http-api";
import { afterEach, expect, it, vi } from "vitest";
import { findLanguages, LanguageList } from "./languages.js";

function language(code: string, name: string, nativeName: string): Language {
  return { code, name, nativeName, spoken: true, rightToLeft: false };
}

const ALL = [
  language("es", "Spanish", "Español"),
  language("fr", "French", "Français"),
  language("ar", "Arabic", "العربية"),
  language("zh-TW", "Chinese (Traditional)", "繁體中文"),
];

afterEach(() => {
  vi.unstubAllGlobals();
});

it.each([
  ["", ["es", "fr", "ar", "zh-TW"]],
  ["espanol", ["es"]],
  ["FRAN", ["fr"]],
  ["french", ["fr"]],
  ["العر", ["ar"]],
  ["中", ["zh-TW"]],
  ["zh", ["zh-TW"]],
  ["klingon", []],
])("finds by %j", (typed, codes) => {
  expect(findLanguages(ALL, typed).map((found) => found.code)).toEqual(codes);
});

it("loads, and again after a failure", async () => {
  const answers = [new Response("", { status: 503 }), Response.json({ sourceLanguages: [], targetLanguages: ALL })];
  vi.stubGlobal("fetch", () => Promise.resolve(answers.shift()));
  const list = new LanguageList("http://api");
  await list.load();
  expect(list.state.value.kind).toBe("failed");
  expect(list.nativeName("es")).toBe("es");
  await list.load();
  expect(list.nativeName("es")).toBe("Español");
  expect(list.nativeName("xx")).toBe("xx");
});

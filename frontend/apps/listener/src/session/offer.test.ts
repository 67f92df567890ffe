import type { Language } from "@babelcast/shared/protocol/http-api";
import { describe, expect, it } from "vitest";
import { inPickingOrder, isMeant } from "./offer";

function language(code: string, name: string, nativeName: string): Language {
  return { code, name, nativeName, spoken: true, rightToLeft: false };
}

const LANGUAGES = [
  language("fr", "French", "Français"),
  language("es", "Spanish", "Español"),
  language("zh", "Chinese", "中文"),
  language("ca", "Catalan", "Català"),
];

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

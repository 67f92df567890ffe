import { beforeEach, describe, expect, it, vi } from "vitest";
import { openSettings, readChoice, readNumber, readText, readTruth } from "./settings.js";

const DEFAULTS = { size: 2, theme: "auto" as "auto" | "light" | "dark", original: false, language: "" };
const READERS = {
  size: readNumber(0, 5),
  theme: readChoice(["auto", "light", "dark"]),
  original: readTruth,
  language: readText,
};

class FakeStorage {
  readonly items = new Map<string, string>();

  getItem(key: string): string | null {
    return this.items.get(key) ?? null;
  }

  setItem(key: string, value: string): void {
    this.items.set(key, value);
  }
}

function open() {
  return openSettings("test", DEFAULTS, READERS);
}

describe("openSettings", () => {
  let storage: FakeStorage;
  beforeEach(() => {
    storage = new FakeStorage();
    vi.stubGlobal("localStorage", storage);
  });

  it("begins with the defaults", () => expect(open().values.value).toEqual(DEFAULTS));

  it("remembers what was changed", () => {
    open().change({ size: 4, original: true });
    expect(open().values.value).toEqual({ ...DEFAULTS, size: 4, original: true });
  });

  it.each(["no JSON", "5", "null", '"text"', '{"size": 99, "theme": "pink", "original": 1, "language": 5, "new": 1}'])(
    "drops what it cannot use: %s",
    (stored) => {
      storage.items.set("test", stored);
      expect(open().values.value).toEqual(DEFAULTS);
    },
  );

  it("works without storage", () => {
    vi.stubGlobal("localStorage", undefined);
    const settings = open();
    settings.change({ size: 1 });
    expect(settings.values.value.size).toBe(1);
    expect(open().values.value).toEqual(DEFAULTS);
  });
});

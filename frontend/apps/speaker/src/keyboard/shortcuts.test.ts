import { describe, expect, it } from "vitest";
import { findShortcut, type KeyPress, SHORTCUTS, takesKeys } from "./shortcuts.js";

function press(key: string, more: Partial<KeyPress> = {}): KeyPress {
  return { key, ctrlKey: false, altKey: false, metaKey: false, repeat: false, isComposing: false, ...more };
}

describe("findShortcut", () => {
  it("knows every key that is listed, and none twice", () => {
    const keys = SHORTCUTS.flatMap((shortcut) => shortcut.keys);
    expect(new Set(keys).size).toBe(keys.length);
    for (const { keys: some, action } of SHORTCUTS) {
      for (const key of some) expect(findShortcut(press(key.toLowerCase()))).toBe(action);
    }
  });

  it("leaves the browser's own alone", () => {
    expect(findShortcut(press("r", { ctrlKey: true }))).toBeUndefined();
    expect(findShortcut(press("c", { metaKey: true }))).toBeUndefined();
    expect(findShortcut(press("m", { altKey: true }))).toBeUndefined();
    expect(findShortcut(press("m", { isComposing: true }))).toBeUndefined();
    expect(findShortcut(press("Tab"))).toBeUndefined();
  });

  it("acts once while a key is held, but for the volume", () => {
    expect(findShortcut(press("m", { repeat: true }))).toBeUndefined();
    expect(findShortcut(press("+", { repeat: true }))).toBe("louder");
  });
});

it("leaves keys to fields that are typed in", () => {
  expect(takesKeys({ tagName: "INPUT", type: "text" })).toBe(true);
  expect(takesKeys({ tagName: "INPUT" })).toBe(true);
  expect(takesKeys({ tagName: "SELECT" })).toBe(true);
  expect(takesKeys({ tagName: "DIV", isContentEditable: true })).toBe(true);
  expect(takesKeys({ tagName: "INPUT", type: "range" })).toBe(false);
  expect(takesKeys({ tagName: "BUTTON" })).toBe(false);
});

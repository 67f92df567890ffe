import { expect, it, vi } from "vitest";
import { openSpeakerSettings } from "./speaker-settings.js";

it("carries the voice over, until the speaker has chosen otherwise in this browser", () => {
  const items = new Map<string, string>();
  vi.stubGlobal("localStorage", {
    getItem: (key: string) => items.get(key) ?? null,
    setItem: (key: string, value: string) => void items.set(key, value),
  });
  const settings = openSpeakerSettings();
  expect(settings.values.value.expressive).toBe(true);
  settings.change({ expressive: false });
  expect(openSpeakerSettings().values.value.expressive).toBe(false);
});

import { describe, expect, it } from "vitest";
import { SILENCE_POLICY, silenceBeforeProbeMs } from "./silence-policy.js";

describe("silenceBeforeProbeMs", () => {
  it("is short after news, and spread", () => {
    const waits = [0, 0.5, 1].map((random) => silenceBeforeProbeMs(SILENCE_POLICY, 0, () => random));
    expect(waits).toEqual([10_000, 12_500, 15_000]);
  });

  it("doubles as long as answers are all that comes, up to a minute", () => {
    const waits = [1, 2, 3, 4, 100, 5_000].map((answered) => silenceBeforeProbeMs(SILENCE_POLICY, answered, () => 0.7));
    expect(waits).toEqual([20_000, 40_000, 60_000, 60_000, 60_000, 60_000]);
  });

  it("lets five hundred listeners ask over five seconds", () => {
    const asked = Array.from({ length: 500 }, (_, index) =>
      silenceBeforeProbeMs(SILENCE_POLICY, 0, () => (index + 0.5) / 500),
    );
    const inSecond = (second: number): number => asked.filter((waitMs) => Math.floor(waitMs / 1_000) === second).length;
    expect([10, 11, 12, 13, 14].map(inSecond)).toEqual([100, 100, 100, 100, 100]);
  });
});

import { describe, expect, it } from "vitest";
import { StandingDelay } from "./standing-delay.js";

const WINDOW_S = 10;

/** What stands before each clip, by when it sounds and how late it is. */
function standing(...clips: [at: number, latenessS: number][]): number[] {
  const delay = new StandingDelay(WINDOW_S);
  return clips.map(([at, latenessS]) => delay.note(at, latenessS));
}

describe("StandingDelay", () => {
  it("is the least that a clip of the last seconds has waited", () => {
    expect(standing([0, 4], [4, 3], [8, 5], [12, 4]).at(-1)).toBe(3);
    expect(standing([0, 4], [4, 3], [8, 5], [14, 4], [18, 6]).at(-1)).toBe(4);
  });

  it("is not known until clips have been heard for a whole window", () => {
    expect(standing([0, 4], [5, 4], [9.9, 4], [10, 4])).toEqual([0, 0, 0, 4]);
  });

  it("does not stand because one clip lasted long", () => {
    expect(standing([0, 0], [12, 9], [14, 8], [24, 8])).toEqual([0, 0, 0, 8]);
  });

  it("begins anew with what does not follow on what was heard", () => {
    const delay = new StandingDelay(WINDOW_S);
    for (let at = 0; at <= 20; at += 2) delay.note(at, 5);
    expect(delay.note(22, 5)).toBe(5);
    delay.forget();
    expect([24, 30, 34].map((at) => delay.note(at, 2))).toEqual([0, 0, 2]);
  });
});

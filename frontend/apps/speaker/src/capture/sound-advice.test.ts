import type { Level } from "@babelcast/shared/audio/level";
import { expect, it } from "vitest";
import { type HeardIssue, SoundAdvisor } from "./sound-advice.js";

/** Fifteen seconds of one kind of sound; the issue at their end. */
function judge(levelAt: (index: number) => Partial<Level>): HeardIssue | undefined {
  const advisor = new SoundAdvisor();
  let issue: HeardIssue | undefined;
  for (let index = 0; index < 300; index++) {
    issue = advisor.hear({ rmsDb: -30, peakDb: -18, clipped: false, ...levelAt(index) });
  }
  return issue;
}

/** Words of 0.4 s with pauses of 0.2 s between them. */
const talking = (index: number): boolean => index % 12 < 8;

it("has nothing to say about good speech, nor about a pause in a quiet room", () => {
  expect(judge((index) => ({ rmsDb: talking(index) ? -24 : -55 }))).toBeUndefined();
  expect(judge((index) => ({ rmsDb: -55 + (index % 3), peakDb: -45 }))).toBeUndefined();
});

it("hears a microphone that is off", () => {
  expect(judge(() => ({ rmsDb: -100, peakDb: -100 }))).toBe("silence");
  expect(judge(() => ({ rmsDb: -90, peakDb: -80 }))).toBe("silence");
});

it("hears speech from too far away", () => {
  expect(judge((index) => ({ rmsDb: talking(index) ? -47 : -65, peakDb: -38 }))).toBe("too_quiet");
});

it("hears clipping soon, but not a single bang", () => {
  expect(judge((index) => ({ clipped: index % 10 === 0 }))).toBe("clipping");
  expect(judge((index) => ({ clipped: index >= 297 }))).toBeUndefined();
  const advisor = new SoundAdvisor();
  const loud = { rmsDb: -3, peakDb: 0, clipped: true };
  const issues = [1, 2, 3, 4].map(() => advisor.hear(loud));
  expect(issues).toEqual([undefined, undefined, undefined, "clipping"]);
});

it("says nothing before it has heard enough, and forgets", () => {
  const advisor = new SoundAdvisor();
  const dead = { rmsDb: -100, peakDb: -100, clipped: false };
  const hearFor = (count: number): HeardIssue | undefined =>
    Array.from({ length: count }, () => advisor.hear(dead)).at(-1);
  expect(hearFor(199)).toBeUndefined();
  expect(hearFor(1)).toBe("silence");
  advisor.forget();
  expect(hearFor(199)).toBeUndefined();
});

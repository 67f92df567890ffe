import { expect, it } from "vitest";
import { CaptureClock } from "./capture-clock.js";

const DAY_MS = 1_795_000_000_000;

it("tells when sound was captured although the page was busy", () => {
  const clock = new CaptureClock();
  const latenessMs = [3, 900, 0, 40, 2_000, 5];
  const starts = latenessMs.map((late, index) => {
    const endS = 10 + 0.25 * (index + 1);
    return clock.startOf(endS, 250, DAY_MS + 1_000 * endS + late);
  });
  const truth = latenessMs.map((_, index) => DAY_MS + 10_000 + 250 * index);
  starts.forEach((start, index) => expect(Math.abs(start - (truth[index] ?? 0))).toBeLessThanOrEqual(3));
});

it("follows a sound card that runs slow", () => {
  const clock = new CaptureClock();
  let worst = 0;
  for (let chunk = 1; chunk < 4 * 3_600; chunk++) {
    const trueEndMs = DAY_MS + 250.02 * chunk;
    worst = Math.max(worst, Math.abs(clock.startOf(0.25 * chunk, 250, trueEndMs) - (trueEndMs - 250)));
  }
  expect(worst).toBeLessThan(5);
});

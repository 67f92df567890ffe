import { describe, expect, it } from "vitest";
import { type ArrivedClip, hear } from "./heard-clips.js";

const NOW = 1_795_000_000_000;

function clip(number: number, at: number, fields: Partial<ArrivedClip> = {}): ArrivedClip {
  const receivedAt = NOW + at * 1_000;
  return { number, receivedAt, readyAt: receivedAt + 100, durationS: 2, committedAt: receivedAt, ...fields };
}

async function starts(...clips: ArrivedClip[]): Promise<[number, number][]> {
  const heard = await hear({ first: 0, clips });
  return heard.clips.map(({ number, startedAt }) => [number, Math.round((startedAt - NOW) / 10) / 100]);
}

describe("what a listener hears", () => {
  it("begins as soon as the clip is there, with the time that the audio thread needs", async () => {
    expect(await starts(clip(0, 0), clip(1, 10))).toEqual([
      [0, 0.13],
      [1, 10.13],
    ]);
  });

  it("has one clip after the other without a gap, in the order of their numbers", async () => {
    expect(await starts(clip(1, 0.5), clip(0, 1), clip(2, 1.5))).toEqual([
      [0, 1.13],
      [1, 3.13],
      [2, 5.13],
    ]);
  });

  it("is quicker with much behind it", async () => {
    const heard = await hear({ first: 0, clips: Array.from({ length: 8 }, (_, number) => clip(number, 0)) });
    const tempos = heard.clips.map((each) => Math.round(each.tempo * 100) / 100);
    expect(tempos).toHaveLength(8);
    expect(Math.max(...tempos)).toBe(1.3);
    expect(tempos.at(-1)).toBeLessThan(1.3);
  });

  it("is told what was left out because it is too old", async () => {
    const late = Array.from({ length: 10 }, (_, number) => clip(number, 0, { committedAt: NOW - 61_000 }));
    const heard = await hear({ first: 0, clips: late });
    expect(heard.clips).toEqual([]);
    expect(heard.skips.reduce((sum, each) => sum + each.seconds, 0)).toBe(20);
  });

  it("goes on behind a clip that cannot be had", async () => {
    expect(await starts(clip(0, 0, { readyAt: null }), clip(1, 1))).toEqual([[1, 1.13]]);
  });

  it("has nothing twice, and the clock is this machine's again afterwards", async () => {
    const before = Date.now();
    expect(await starts(clip(0, 0), clip(0, 1))).toEqual([[0, 0.13]]);
    expect(Date.now() - before).toBeLessThan(60_000);
  });
});

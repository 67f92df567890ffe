/** What a broadcast knows to be wrong with the speaker's sound. */
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Rig, SESSION } from "./scripted-server.js";

async function settle(ms = 0): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
}

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

it("is told while the microphone is on air, until it is better or nobody speaks any more", async () => {
  const rig = await Rig.live();
  const shown = (): unknown => rig.broadcast.soundIssues.shown.value;
  const echo = { issue: "echo", advice: "Use headphones." };
  rig.socket.warn("echo");
  expect(shown()).toEqual([{ ...echo, isBetter: false }]);
  await settle(3_000);
  rig.socket.warn("echo", true);
  expect(shown()).toEqual([{ ...echo, isBetter: true }]);
  await settle(5_000);
  expect(shown()).toEqual([]);
  for (const [leave, state] of [
    ["pause", "paused"],
    ["mute", "muted"],
  ] as const) {
    rig.socket.warn("echo");
    rig.broadcast[leave]();
    await settle();
    rig.socket.sayState(state);
    expect(shown()).toEqual([]);
    // Of the words before.
    rig.socket.warn("echo");
    rig.broadcast.goLive();
    rig.socket.warn("echo");
    expect(shown()).toEqual([]);
    rig.socket.sayState("live");
    rig.socket.warn("echo");
    expect(shown()).toEqual([{ ...echo, isBetter: false }]);
  }
  rig.socket.say({ type: "sessionEnded", sessionId: SESSION, reason: "ended" });
  expect(shown()).toEqual([]);
});

it("is known after a pause that the server has not learnt of, and will not tell again", async () => {
  const rig = await Rig.live();
  rig.socket.warn("echo");
  // Words that are on their way delay the command.
  await rig.speak(1);
  rig.broadcast.pause();
  rig.socket.warn("hum");
  await settle(1_000);
  rig.broadcast.goLive();
  expect(rig.socket.count("pauseBroadcast")).toBe(0);
  expect(rig.broadcast.soundIssues.shown.value.map(({ issue }) => issue)).toEqual(["echo", "hum"]);
});

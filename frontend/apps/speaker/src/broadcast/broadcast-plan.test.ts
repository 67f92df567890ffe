import type { SessionState } from "@babelcast/shared/protocol/messages";
import { describe, expect, it } from "vitest";
import { type BroadcastCommand, finishesSentence, nextCommand, showState, type Wanted } from "./broadcast-plan.js";

/** The server's own rules: from where a command may be given, and where it leads. */
const SERVER: Readonly<Record<BroadcastCommand, readonly [from: readonly SessionState[], to: SessionState]>> = {
  pauseBroadcast: [["live", "muted", "paused"], "paused"],
  resumeBroadcast: [["paused", "live"], "live"],
  muteBroadcast: [["live", "muted"], "muted"],
  unmuteBroadcast: [["muted", "live"], "live"],
  endSession: [["live", "paused", "muted"], "ended"],
};

describe("nextCommand", () => {
  const known: SessionState[] = ["live", "paused", "muted"];
  const wanted: Wanted[] = ["live", "paused", "muted", "ended"];

  it.each(known.flatMap((from) => wanted.map((to) => [from, to] as const)))("leads from %s to %s", (from, to) => {
    let state: SessionState = from;
    for (let steps = 0; state !== to; steps++) {
      expect(steps).toBeLessThan(2);
      const command = nextCommand(state, to, true);
      expect(command).toBeDefined();
      const [allowed, next] = SERVER[command ?? "endSession"];
      expect(allowed).toContain(state);
      state = next;
    }
    expect(nextCommand(state, to, true)).toBeUndefined();
  });

  it("leaves alone what is over or has not begun", () => {
    expect(nextCommand("ended", "live", true)).toBeUndefined();
    expect(nextCommand("paused", "standby", true)).toBeUndefined();
    expect(nextCommand("live", "standby", false)).toBeUndefined();
  });

  it("makes a break when the speaker has come back and not gone on", () => {
    expect(nextCommand("live", "standby", true)).toBe("pauseBroadcast");
  });
});

it("knows which commands finish the sentence", () => {
  const finishing = (Object.keys(SERVER) as BroadcastCommand[]).filter(finishesSentence);
  expect(finishing).toEqual(["pauseBroadcast", "muteBroadcast", "endSession"]);
});

it("shows what matters most", () => {
  const facts = { wanted: "live", connection: "joined", microphone: "on", hasEnded: false } as const;
  expect(showState(facts)).toBe("live");
  expect(showState({ ...facts, microphone: "interrupted" })).toBe("no-sound");
  expect(showState({ ...facts, wanted: "paused", microphone: "failed" })).toBe("paused");
  expect(showState({ ...facts, connection: "reconnecting", microphone: "failed" })).toBe("reconnecting");
  expect(showState({ ...facts, connection: "connecting" })).toBe("connecting");
  expect(showState({ ...facts, wanted: "ended", connection: "reconnecting" })).toBe("ending");
  expect(showState({ ...facts, hasEnded: true })).toBe("ended");
});

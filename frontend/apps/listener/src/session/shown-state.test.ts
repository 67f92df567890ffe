import { expect, it } from "vitest";
import { type SessionFacts, showState } from "./shown-state";

const LIVE: SessionFacts = {
  connection: "joined",
  isFull: false,
  broadcast: "live",
  speakerConnected: true,
  hasBegun: true,
  hasEnded: false,
};

it.each<[Partial<SessionFacts>, string]>([
  [{}, "live"],
  [{ broadcast: "muted" }, "muted"],
  [{ speakerConnected: false }, "away"],
  [{ speakerConnected: false, broadcast: "paused" }, "paused"],
  [{ hasBegun: false }, "waiting"],
  [{ hasBegun: false, speakerConnected: false }, "waiting"],
  [{ hasBegun: false, broadcast: "paused" }, "paused"],
  [{ hasBegun: false, connection: "connecting" }, "connecting"],
  [{ speakerConnected: false, connection: "reconnecting" }, "reconnecting"],
  [{ isFull: true, connection: "connecting" }, "full"],
  [{ isFull: true, connection: "reconnecting" }, "full"],
  [{ isFull: true }, "live"],
  [{ connection: "closed", hasEnded: true }, "ended"],
])("%j: %s", (changes, shown) => {
  expect(showState({ ...LIVE, ...changes })).toBe(shown);
});

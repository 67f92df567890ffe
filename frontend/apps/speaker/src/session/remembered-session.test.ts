import type { KeyValueStore } from "@babelcast/shared/cognito/account";
import { expect, it } from "vitest";
import { invitation, type RememberedSession, SessionMemory } from "./remembered-session.js";

class MemoryStore implements KeyValueStore {
  readonly items = new Map<string, string>();
  getItem = (key: string): string | null => this.items.get(key) ?? null;
  setItem = (key: string, value: string): void => void this.items.set(key, value);
  removeItem = (key: string): void => void this.items.delete(key);
}

const SESSION: RememberedSession = {
  sessionId: "joyful-hope-911",
  email: "a@b.example",
  sourceLanguage: "en",
  targetLanguages: ["es", "fr"],
  listenerUrl: "https://listen.example/?session=joyful-hope-911",
  joinKey: null,
  expiresAt: 10_000,
  startedAt: null,
  nextSampleOffset: 0,
};

function stores() {
  return { lasting: new MemoryStore(), tab: new MemoryStore() };
}

it("invites with the key, where there is one", () => {
  expect(invitation(SESSION)).toBe(SESSION.listenerUrl);
  expect(invitation({ ...SESSION, joinKey: "a&b c" })).toBe(`${SESSION.listenerUrl}#key=a%26b%20c`);
});

it("recalls a session of the same account until it expires or is over", () => {
  const device = stores();
  new SessionMemory(device).remember(SESSION);
  const memory = new SessionMemory(device);
  expect(memory.recall("a@b.example", 9_999)).toEqual(SESSION);
  expect(memory.recall("a@b.example", 10_000)).toBeUndefined();
  expect(memory.recall("other@b.example", 0)).toBeUndefined();
  memory.forget();
  expect(memory.recall("a@b.example", 0)).toBeUndefined();
});

it("keeps up with the position of its own session only", () => {
  const memory = new SessionMemory(stores());
  memory.remember(SESSION);
  memory.update("joyful-hope-911", { nextSampleOffset: 8_000, startedAt: 5 });
  memory.update("other-hope-911", { nextSampleOffset: 1 });
  expect(memory.recall("a@b.example", 0)).toEqual({ ...SESSION, nextSampleOffset: 8_000, startedAt: 5 });
});

it("knows in the same tab what was going on", () => {
  const device = stores();
  const memory = new SessionMemory(device);
  memory.setOnAir({ sessionId: "joyful-hope-911", wanted: "muted" });
  expect(memory.onAir("joyful-hope-911")).toBe("muted");
  expect(memory.onAir("other-hope-911")).toBeUndefined();
  expect(new SessionMemory({ ...device, tab: new MemoryStore() }).onAir("joyful-hope-911")).toBeUndefined();
  memory.forget();
  expect(memory.onAir("joyful-hope-911")).toBeUndefined();
});

it("is not disturbed by rubbish, nor by a browser that stores nothing", () => {
  const device = stores();
  for (const rubbish of ["{", "[]", "null", '{"sessionId": 5}']) {
    device.lasting.setItem("babelcast.speaker-session", rubbish);
    expect(new SessionMemory(device).recall("a@b.example", 0)).toBeUndefined();
  }
  const forbidden = (): never => {
    throw new Error("storage is forbidden");
  };
  const store: KeyValueStore = { getItem: forbidden, setItem: forbidden, removeItem: forbidden };
  const memory = new SessionMemory({ lasting: store, tab: store });
  memory.remember(SESSION);
  memory.setOnAir(null);
  expect([memory.recall("a@b.example", 0), memory.onAir("x")]).toEqual([undefined, undefined]);
});

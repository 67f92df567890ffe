import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type ClientMessage, parseServerMessage, writeMessage } from "./messages.js";

function golden(name: string): Record<string, Record<string, unknown>> {
  const path = new URL(`../../../../../tests/contracts/${name}`, import.meta.url);
  return JSON.parse(readFileSync(path, "utf8")) as Record<string, Record<string, unknown>>;
}

const serverMessages = golden("server_messages.json");
const clientMessages = golden("client_messages.json")["valid"] ?? {};

describe("server messages", () => {
  it.each(Object.entries(serverMessages))("reads the golden %s", (_, message) => {
    const parsed = parseServerMessage(JSON.stringify(message));
    expect(parsed).toBeDefined();
    // Every field that the app knows reads as on the wire; `sessionId` is the connection's own and left out of most.
    expect(message).toMatchObject(parsed as object);
  });

  it.each(Object.entries(serverMessages))("ignores what is new in %s", (_, message) => {
    expect(parseServerMessage(JSON.stringify({ ...message, novelty: [1] }))).toEqual(
      parseServerMessage(JSON.stringify(message)),
    );
  });

  it.each(Object.entries(serverMessages))("refuses %s when a field that is used is of another type", (_, message) => {
    const used = parseServerMessage(JSON.stringify(message));
    for (const name of Object.keys(used ?? {})) {
      expect(parseServerMessage(JSON.stringify({ ...message, [name]: [] })), name).toBeUndefined();
    }
  });

  it.each(["", "no JSON", "[]", "5", "null", "{}", '{"type": 5}', '{"type": "dance"}'])("leaves out %j", (text) => {
    expect(parseServerMessage(text)).toBeUndefined();
  });

  it("reads what an older server says", () => {
    const read = (name: string, ...without: string[]): unknown => {
      const message = Object.entries(serverMessages[name] ?? {}).filter(([field]) => !without.includes(field));
      return parseServerMessage(JSON.stringify(Object.fromEntries(message)));
    };
    expect(read("sessionJoined of a listener", "speakerConnected")).toMatchObject({ speakerConnected: true });
    expect(read("translatedAudio", "spokenAt")).not.toHaveProperty("spokenAt");
    expect(read("translatedAudio")).toHaveProperty("spokenAt");
    expect(read("sessionStatus", "delayMs")).not.toHaveProperty("delayMs");
    expect(read("qualityWarning that is resolved")).toMatchObject({ resolved: true });
    expect(read("qualityWarning that is resolved", "resolved")).toMatchObject({ resolved: false });
  });

  it("reads the gateway's own failure as an error that may be tried again", () => {
    const text = '{"message": "Internal server error", "connectionId": "c=", "requestId": "r"}';
    expect(parseServerMessage(text)).toMatchObject({ type: "error", code: "INTERNAL", retryable: true, action: null });
  });
});

describe("client messages", () => {
  it("writes what the golden messages have", () => {
    const written: ClientMessage[] = [
      { action: "joinSession" },
      { action: "joinSession", lastSequenceNumber: 41 },
      { action: "joinSession", lastSequenceNumber: 41, seat: "q3v0Zb-7yNn1u_5kXo2LrA" },
      { action: "setVolume", volume: 0.5 },
      { action: "changeLanguage", targetLanguage: "fr" },
      { action: "resume", lastSequenceNumber: -1 },
      { action: "heartbeat" },
    ];
    for (const message of written) {
      expect(Object.values(clientMessages)).toContainEqual(JSON.parse(writeMessage(message)));
    }
  });
});

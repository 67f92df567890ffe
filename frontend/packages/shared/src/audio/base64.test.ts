import { expect, it } from "vitest";
import { encodeBase64 } from "./base64.js";

it.each([
  ["", ""],
  ["f", "Zg=="],
  ["fo", "Zm8="],
  ["foo", "Zm9v"],
  ["foob", "Zm9vYg=="],
  ["fooba", "Zm9vYmE="],
  ["foobar", "Zm9vYmFy"],
])("writes %j as RFC 4648 does", (text, encoded) => {
  expect(encodeBase64(new TextEncoder().encode(text))).toBe(encoded);
});

it.each([1, 8_000, 8_191, 8_192, 8_193, 100_000])("writes %i bytes of every value", (length) => {
  const bytes = Uint8Array.from({ length }, (_, index) => (index * 7) % 256);
  expect(encodeBase64(bytes)).toBe(Buffer.from(bytes).toString("base64"));
});

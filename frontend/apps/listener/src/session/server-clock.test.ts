import { expect, it } from "vitest";
import { clockOffsetMs } from "./server-clock";

it.each([
  ["agreeing clocks", 1_050, 1_000, 1_100, 0],
  ["an answer that took long", 1_900, 1_000, 2_000, 0],
  ["a server ahead", 6_100, 1_000, 1_100, 5_000],
  ["a server behind", 500, 1_000, 1_100, -500],
])("%s", (_, serverTime, askedAt, answeredAt, expected) =>
  expect(clockOffsetMs(serverTime, askedAt, answeredAt)).toBe(expected),
);

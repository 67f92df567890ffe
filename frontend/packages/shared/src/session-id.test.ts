import { describe, expect, it } from "vitest";
import { readSessionId } from "./session-id.js";

describe("readSessionId", () => {
  it.each([
    "joyful-hope-911",
    "JOYFUL-HOPE-911",
    "Joyful Hope 911",
    "  joyful  hope  911 ",
    "joyful–hope—911",
    "joyful_hope.911",
    "joyful-hope911",
    "Joyful hope 9 1 1",
    "“joyful-hope-911”.",
    "joyful hope 911",
    "ｊｏｙｆｕｌ-hope-９１１",
  ])("reads %j", (typed) => expect(readSessionId(typed)).toBe("joyful-hope-911"));

  it.each([
    "",
    "joyful",
    "joyful-hope",
    "joyful-hope-91",
    "joyful-hope-9111",
    "joyful-hope-and-more-911",
    "1-2-3",
    "a-b-123",
  ])("refuses %j", (typed) => expect(readSessionId(typed)).toBeUndefined());
});

import { beforeEach, describe, expect, it } from "vitest";
import { SegmentInbox } from "./segment-inbox.js";

describe("SegmentInbox", () => {
  let inbox: SegmentInbox;
  beforeEach(() => {
    inbox = new SegmentInbox();
    inbox.begin(5);
  });

  it("accepts each number once", () => {
    expect([5, 6, 5, 6, 7, 4].map((number) => inbox.accept(number, 0))).toEqual([
      "new",
      "new",
      "duplicate",
      "duplicate",
      "new",
      "earlier",
    ]);
    expect(inbox.lastContiguous).toBe(7);
    expect(inbox.nextAskAt()).toBeUndefined();
  });

  it("begins once", () => {
    inbox.begin(50);
    expect(inbox.first).toBe(5);
    expect(inbox.lastContiguous).toBe(4);
  });

  it("asks for what was overtaken, after a moment", () => {
    inbox.accept(5, 10);
    inbox.accept(8, 10);
    expect(inbox.holes).toEqual([6, 7]);
    expect(inbox.resumeAfter(10.9)).toBeUndefined();
    expect(inbox.nextAskAt()).toBe(11);
    expect(inbox.resumeAfter(11)).toBe(5);
    inbox.accept(6, 11.2);
    expect(inbox.lastContiguous).toBe(6);
    expect(inbox.resumeAfter(12)).toBe(6);
  });

  it("does not ask for what arrives in time", () => {
    inbox.accept(6, 10);
    inbox.accept(5, 10.5);
    expect(inbox.resumeAfter(100)).toBeUndefined();
    expect(inbox.lastContiguous).toBe(6);
  });

  it("asks less and less often, and not for ever", () => {
    inbox.accept(6, 0);
    const asked: number[] = [];
    for (let now = 0; now < 300; now += 0.5) {
      if (inbox.resumeAfter(now) !== undefined) asked.push(now);
    }
    expect(asked).toEqual([1, 2, 4, 8, 16]);
    expect(inbox.nextAskAt()).toBeUndefined();
    expect(inbox.holes).toEqual([]);
    expect(inbox.lastContiguous).toBe(6);
  });

  it("knows from a caption that a translation is missing, and is patient about it", () => {
    inbox.announce(5, 0);
    expect(inbox.resumeAfter(9.9)).toBeUndefined();
    expect(inbox.resumeAfter(10)).toBe(4);
    inbox.accept(5, 10.2);
    expect(inbox.nextAskAt()).toBeUndefined();
  });

  it("asks sooner for an announced segment that is overtaken", () => {
    inbox.announce(5, 0);
    inbox.accept(6, 1);
    expect(inbox.nextAskAt()).toBe(2);
  });

  it("expects what was committed while the connection was away", () => {
    inbox.accept(5, 0);
    inbox.announceNext(9, 30);
    expect(inbox.holes).toEqual([6, 7, 8]);
    expect(inbox.resumeAfter(31)).toBe(5);
  });

  it("waits no longer for what is left out, and tells which of it had not come", () => {
    inbox.accept(5, 0);
    inbox.accept(8, 0);
    inbox.announceNext(1_010, 0);
    expect(inbox.leaveOut(6, 809)).toHaveLength(803);
    expect(inbox.leaveOut(6, 809)).toEqual([]);
    expect(inbox.lastContiguous).toBe(809);
    expect(inbox.holes).toHaveLength(200);
    expect(inbox.resumeAfter(1)).toBe(809);
    expect(inbox.accept(7, 2)).toBe("duplicate");
  });

  it("asks at once for what nobody sends", () => {
    inbox.accept(5, 0);
    inbox.announceNext(9, 30, 0);
    expect(inbox.resumeAfter(30)).toBe(5);
  });
});

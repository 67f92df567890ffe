import { describe, expect, it } from "vitest";
import { ServerClock } from "./server-clock";

function after(...answers: [serverTime: number, askedAt: number, answeredAt: number][]): number {
  const clock = new ServerClock();
  for (const [serverTime, askedAt, answeredAt] of answers) {
    clock.ask(askedAt);
    clock.answer(serverTime, answeredAt);
  }
  return clock.offsetMs;
}

describe("ServerClock", () => {
  it.each([
    ["agreeing clocks", 1_050, 1_000, 1_100, 0],
    ["an answer that took long", 1_900, 1_000, 2_000, 0],
    ["a server ahead", 6_100, 1_000, 1_100, 5_000],
    ["a server behind", 500, 1_000, 1_100, -500],
  ])("reads %s", (_, serverTime, askedAt, answeredAt, expected) =>
    expect(after([serverTime, askedAt, answeredAt])).toBe(expected),
  );

  it("is narrowed by every answer and widened by none", () => {
    const slow: [number, number, number] = [10_000, 10_500, 13_000];
    const quick: [number, number, number] = [57_050, 60_000, 60_100];
    expect(after(slow)).toBe(-500);
    expect(after(slow, quick)).toBe(-2_950);
    expect(after(quick, slow)).toBe(-2_950);
  });

  it("begins anew when a clock was put right", () => {
    expect(after([5_000, 1_000, 1_100], [65_050, 65_000, 65_100])).toBe(0);
  });

  it("takes an answer for one to the first of several questions", () => {
    const clock = new ServerClock();
    clock.ask(1_000);
    clock.ask(9_000);
    clock.answer(1_200, 9_500);
    expect(clock.offsetMs).toBe(0);
    clock.ask(20_000);
    clock.answer(19_000, 20_100);
    expect(clock.local(30_000)).toBe(31_000);
  });
});

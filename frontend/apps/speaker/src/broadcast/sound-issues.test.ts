import { beforeEach, describe, expect, it } from "vitest";
import type { HeardIssue } from "../capture/sound-advice.js";
import { SoundIssues } from "./sound-issues.js";

let issues: SoundIssues;
let nowMs: number;

beforeEach(() => {
  issues = new SoundIssues();
  nowMs = 1_000_000;
});

function tell(issue: string, { resolved = false, advice = "Do something." } = {}): void {
  issues.tell({ type: "qualityWarning", issue, value: 1, advice, resolved }, nowMs);
}

/** Time passes; the page hears the same every 50 ms. */
function pass(seconds: number, heard?: HeardIssue): void {
  for (let step = 0; step < 20 * seconds; step++) {
    nowMs += 50;
    issues.hear(heard, nowMs);
  }
}

/** What the speaker sees: an issue that is better has a sign. */
function shown(): string[] {
  return issues.shown.value.map(({ issue, isBetter }) => (isBetter ? `${issue} ✓` : issue));
}

/** All that was seen, one after the other. */
function seen(): string[] {
  const all: string[] = [];
  issues.shown.subscribe(() => all.push(shown().join(" ")));
  return all;
}

describe("an issue", () => {
  it("of the server lasts until it is resolved, then it is better for a moment", () => {
    tell("hum");
    pass(60);
    expect(shown()).toEqual(["hum"]);
    tell("hum", { resolved: true });
    expect(shown()).toEqual(["hum ✓"]);
    pass(3.9);
    expect(shown()).toEqual(["hum ✓"]);
    pass(0.2);
    expect(shown()).toEqual([]);
  });

  it("of the page lasts for some seconds after it was heard last", () => {
    pass(1, "clipping");
    pass(7.9);
    expect(shown()).toEqual(["clipping"]);
    pass(0.2);
    expect(shown()).toEqual(["clipping ✓"]);
    pass(4.1);
    expect(shown()).toEqual([]);
  });

  it("that both find is one, until neither finds it any more, in whatever order", () => {
    const all = seen();
    pass(1, "clipping");
    tell("clipping");
    pass(20);
    tell("clipping", { resolved: true });
    pass(10);
    expect(all).toEqual(["", "clipping", "clipping", "clipping ✓", ""]);
    all.length = 0;
    tell("clipping");
    pass(5, "clipping");
    tell("clipping", { resolved: true });
    pass(7, undefined);
    expect(all).toEqual(["clipping"]);
    pass(6);
    expect(all).toEqual(["clipping", "clipping ✓", ""]);
  });

  it("of the server is forgotten, without a word, when it is not told again for a minute and more", () => {
    const all = seen();
    for (let time = 0; time < 3; time++) {
      tell("hum");
      pass(69);
    }
    expect(all).toEqual(["", "hum"]);
    pass(2);
    expect(all).toEqual(["", "hum", ""]);
  });

  it("that is told again changes nothing", () => {
    tell("hum");
    const all = seen();
    pass(10);
    tell("hum");
    pass(10);
    expect(all).toEqual(["hum"]);
  });

  it("can be read, however soon it is over", () => {
    tell("silence");
    pass(0.1);
    tell("silence", { resolved: true });
    pass(2.7);
    expect(shown()).toEqual(["silence"]);
    pass(0.3);
    expect(shown()).toEqual(["silence ✓"]);
  });

  it("that comes back is an issue again, and can be read again", () => {
    tell("echo");
    pass(5);
    tell("echo", { resolved: true });
    pass(1);
    tell("echo");
    expect(shown()).toEqual(["echo"]);
    tell("echo", { resolved: true });
    pass(2.9);
    expect(shown()).toEqual(["echo"]);
    pass(0.2);
    expect(shown()).toEqual(["echo ✓"]);
  });

  it("that was never shown is not better", () => {
    const all = seen();
    tell("echo", { resolved: true });
    pass(1);
    expect(all).toEqual([""]);
  });

  it("has the server's words, as soon as the server has said it", () => {
    pass(1, "clipping");
    expect(issues.shown.value[0]?.advice).toBeUndefined();
    tell("clipping", { advice: "Step back." });
    tell("crackling", { advice: "Change the cable." });
    expect(issues.shown.value.map(({ advice }) => advice)).toEqual(["Step back.", "Change the cable."]);
    pass(9);
    tell("crackling", { resolved: true, advice: "Better." });
    expect(issues.shown.value[1]?.advice).toBe("Change the cable.");
  });
});

describe("several issues", () => {
  it("keep their order while they last", () => {
    tell("hum");
    tell("echo");
    pass(5, "clipping");
    tell("hum");
    expect(shown()).toEqual(["hum", "echo", "clipping"]);
    tell("echo", { resolved: true });
    expect(shown()).toEqual(["hum", "echo ✓", "clipping"]);
    pass(4.1, "clipping");
    expect(shown()).toEqual(["hum", "clipping"]);
  });

  it("are nothing beside silence, and are there again after it", () => {
    tell("hum");
    pass(5);
    tell("silence");
    expect(shown()).toEqual(["silence"]);
    pass(5);
    tell("silence", { resolved: true });
    expect(shown()).toEqual(["hum", "silence ✓"]);
  });
});

describe("a dismissed issue", () => {
  it("is not shown as long as it lasts, nor is its end", () => {
    tell("hum");
    tell("echo");
    issues.dismiss("hum");
    expect(shown()).toEqual(["echo"]);
    pass(60);
    tell("hum");
    expect(shown()).toEqual(["echo"]);
    tell("hum", { resolved: true });
    pass(1);
    expect(shown()).toEqual(["echo"]);
    tell("hum");
    expect(shown()).toEqual(["echo", "hum"]);
  });

  it("of the page is not shown either while the page still hears it", () => {
    pass(1, "clipping");
    issues.dismiss("clipping");
    pass(30, "clipping");
    expect(shown()).toEqual([]);
  });

  it("that nobody knows is nothing", () => {
    issues.dismiss("hum");
    expect(shown()).toEqual([]);
  });
});

describe("another microphone", () => {
  it("takes with it what only the page has heard", () => {
    pass(1, "clipping");
    tell("hum");
    issues.forgetHeard();
    expect(shown()).toEqual(["hum"]);
    pass(1, "too_quiet");
    tell("too_quiet");
    issues.forgetHeard();
    expect(shown()).toEqual(["hum", "too_quiet"]);
    pass(5);
    tell("too_quiet", { resolved: true });
    expect(shown()).toEqual(["hum", "too_quiet ✓"]);
    issues.forgetHeard();
    expect(shown()).toEqual(["hum", "too_quiet ✓"]);
  });
});

it("is all gone after a pause, without a word that it is better", () => {
  tell("hum");
  pass(1, "clipping");
  issues.clear();
  expect(shown()).toEqual([]);
  pass(60);
  tell("hum", { resolved: true });
  expect(shown()).toEqual([]);
});

import { beforeEach, describe, expect, it } from "vitest";
import { ClipQueue, QUEUE_PATIENCE } from "./clip-queue.js";
import { DRIFT_POLICY } from "./drift-control.js";

describe("ClipQueue", () => {
  let queue: ClipQueue;
  beforeEach(() => {
    queue = new ClipQueue();
    queue.begin(3);
  });

  function arrive(number: number, at: number, durationS: number | null = 2): boolean {
    const wanted = queue.announce({ number, durationS, committedAt: at, receivedAt: at });
    if (wanted) queue.ready(number, at);
    return wanted;
  }

  function play(now: number): number[] {
    const played: number[] = [];
    for (let decision = queue.take(now); decision?.kind === "play"; decision = queue.take(now)) {
      played.push(decision.number);
    }
    return played;
  }

  it("plays in order, whatever the order of arrival", () => {
    for (const number of [5, 4, 3]) arrive(number, 0);
    expect(play(0)).toEqual([3, 4, 5]);
  });

  it("drops duplicates, played or not", () => {
    expect([3, 4, 3, 4].map((number) => arrive(number, 0))).toEqual([true, true, false, false]);
    expect(play(0)).toEqual([3, 4]);
    expect(arrive(3, 1)).toBe(false);
    expect(play(1)).toEqual([]);
  });

  it("never plays what lies before the beginning", () => {
    expect(arrive(2, 0)).toBe(false);
    expect(queue.fate(2)).toBe("skipped");
    expect(play(0)).toEqual([]);
  });

  it("goes on behind text that is not spoken and clips that cannot be had", () => {
    arrive(3, 0, null);
    queue.announce({ number: 4, durationS: 2, committedAt: 0, receivedAt: 0 });
    arrive(5, 0);
    queue.failed(4);
    expect(play(0)).toEqual([5]);
  });

  it("waits for a hole, and then passes over it", () => {
    arrive(4, 10);
    expect(play(10 + QUEUE_PATIENCE.holeS - 0.1)).toEqual([]);
    expect(play(10 + QUEUE_PATIENCE.holeS)).toEqual([4]);
    expect(arrive(3, 20)).toBe(false);
    expect(queue.fate(3)).toBe("skipped");
  });

  it("does not wait for what is left out", () => {
    arrive(3, 0);
    expect(play(0)).toEqual([3]);
    queue.leaveOut(4, 900);
    arrive(901, 10);
    expect(play(10)).toEqual([901]);
    queue.leaveOut(4, 800);
    arrive(902, 11);
    expect(play(11)).toEqual([902]);
  });

  it("plays what fills a hole in time", () => {
    arrive(4, 10);
    expect(play(12)).toEqual([]);
    arrive(3, 12.5);
    expect(play(12.5)).toEqual([3, 4]);
  });

  it("waits for a download, but not for ever once a later clip is there", () => {
    queue.announce({ number: 3, durationS: 2, committedAt: 0, receivedAt: 0 });
    expect(play(20)).toEqual([]);
    arrive(4, 20);
    expect(play(20 + QUEUE_PATIENCE.downloadS)).toEqual([]);
    expect(play(20.1 + QUEUE_PATIENCE.downloadS)).toEqual([4]);
    expect(queue.fate(3)).toBe("failed");
    queue.ready(3, 30);
    expect(play(30)).toEqual([]);
  });

  it("speaks faster the more is waiting", () => {
    for (let number = 3; number < 9; number++) arrive(number, 0, 3);
    const tempos: number[] = [];
    for (let decision = queue.take(0); decision?.kind === "play"; decision = queue.take(0)) tempos.push(decision.tempo);
    expect(tempos[0]).toBe(DRIFT_POLICY.maxTempo);
    expect(tempos).toEqual([...tempos].sort((one, other) => other - one));
    expect(tempos.at(-1)).toBe(1);
  });

  describe("a delay that stands", () => {
    const { standingS, standingWindowS, maxTempo } = DRIFT_POLICY;

    /** Clips of 2 s sound one after another, each so late; returns the last one's tempo, and when it has been heard. */
    function keepLate(latenessS: number, from: { number: number; at: number }): { tempo: number; at: number } {
      let { number, at } = from;
      let tempo = 0;
      for (const until = at + standingWindowS; at <= until; at += 2) {
        arrive(number++, at - latenessS);
        const decision = queue.take(at);
        if (decision?.kind !== "play") throw new Error("nothing to play");
        ({ tempo } = decision);
      }
      return { tempo, at };
    }

    function tempoAt(now: number): number | undefined {
      const decision = queue.take(now);
      return decision?.kind === "play" ? decision.tempo : undefined;
    }

    it("makes speech faster, though nothing waits behind it", () => {
      expect(keepLate(standingS / 2, { number: 3, at: 100 }).tempo).toBeCloseTo(1 + (maxTempo - 1) / 2);
      expect(queue.waitingS).toBe(0);
    });

    it("is over with the first clip that had not to wait", () => {
      const { at } = keepLate(standingS, { number: 3, at: 100 });
      arrive(queue.next, at);
      expect(tempoAt(at)).toBe(1);
    });

    it("is forgotten in a jump to live", () => {
      const { tempo, at } = keepLate(standingS, { number: 3, at: 100 });
      expect(tempo).toBe(maxTempo);
      arrive(queue.next, at - 2);
      arrive(queue.next + 1, at - 2);
      expect(queue.jumpToLive()).toBeDefined();
      expect(tempoAt(at)).toBe(1);
    });

    it("is forgotten when what is too old is left out", () => {
      const { at } = keepLate(standingS, { number: 3, at: 100 });
      arrive(queue.next, at - DRIFT_POLICY.staleAfterS - 1);
      arrive(queue.next + 1, at - 2);
      expect(queue.take(at)).toMatchObject({ kind: "skip", seconds: 2 });
      expect(tempoAt(at)).toBe(1);
    });

    it("is forgotten over what does not come", () => {
      const { at } = keepLate(standingS, { number: 3, at: 100 });
      queue.leaveOut(queue.next, 900);
      arrive(901, at - 2);
      expect(tempoAt(at)).toBe(1);
    });

    it("is forgotten when the listener holds what sounds", () => {
      const { at } = keepLate(standingS, { number: 3, at: 100 });
      queue.interrupted();
      arrive(queue.next, at - 2);
      expect(tempoAt(at)).toBe(1);
    });
  });

  it("jumps close to live when a clip is too old, and says how much was left out", () => {
    for (let number = 3; number < 13; number++) arrive(number, number, 4);
    const now = 3 + DRIFT_POLICY.staleAfterS + 1;
    expect(queue.take(now)).toEqual({ kind: "skip", numbers: [3, 4, 5, 6, 7, 8, 9, 10, 11], seconds: 36 });
    expect(play(now)).toEqual([12]);
  });

  it("leaves out a lonely clip that is too old", () => {
    arrive(3, 0);
    expect(queue.take(DRIFT_POLICY.staleAfterS + 1)).toEqual({ kind: "skip", numbers: [3], seconds: 2 });
    arrive(4, 100);
    expect(play(100)).toEqual([4]);
  });

  it("leaves out the oldest even when little is waiting", () => {
    const now = DRIFT_POLICY.staleAfterS + 20;
    arrive(3, 0, 1);
    arrive(4, now, 1);
    arrive(5, now, 1);
    expect(queue.take(now)).toEqual({ kind: "skip", numbers: [3], seconds: 1 });
    expect(play(now)).toEqual([4, 5]);
  });

  it("jumps to live when the listener wants it", () => {
    expect(queue.jumpToLive()).toBeUndefined();
    arrive(3, 0);
    expect(queue.jumpToLive()).toBeUndefined();
    arrive(4, 1);
    arrive(5, 1);
    expect(queue.waitingS).toBe(6);
    expect(queue.jumpToLive()).toEqual({ kind: "skip", numbers: [3, 4], seconds: 4 });
    expect(play(2)).toEqual([5]);
  });

  it("forgets what is over, not what is to come", () => {
    for (const number of [3, 4, 5]) arrive(number, 0);
    queue.take(0);
    queue.forgetBefore(5);
    expect([3, 4, 5].map((number) => queue.fate(number))).toEqual([undefined, "pending", "pending"]);
  });
});

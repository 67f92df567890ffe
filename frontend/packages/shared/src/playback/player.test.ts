import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ClipSink, PreparedClip, SinkState, Sounding } from "./clip-sink.js";
import { DRIFT_POLICY } from "./drift-control.js";
import { Player } from "./player.js";

const NOW = 1_795_000_000_000;

interface FakeClip extends PreparedClip {
  readonly name: string;
}

/** Plays by the fake clock; a clip's name is its bytes as text. */
class FakeSink implements ClipSink {
  readonly controlsVolume = true;
  readonly leadS = 0.5;
  state: SinkState = "running";
  onChange: (() => void) | undefined;
  readonly played: { name: string; at: number; tempo: number; offsetS: number }[] = [];
  #scheduled: { clip: FakeClip; startsAt: number; endsAt: number }[] = [];
  #cuts = 0;

  get cuts(): number {
    return this.#cuts;
  }

  unlock(): Promise<void> {
    this.state = "running";
    this.onChange?.();
    return Promise.resolve();
  }

  prepare(bytes: ArrayBuffer, durationS: number): Promise<PreparedClip> {
    const name = new TextDecoder().decode(bytes);
    if (name === "noise") return Promise.reject(new Error("not sound"));
    const clip: FakeClip = { name, durationS, release: () => undefined };
    return Promise.resolve(clip);
  }

  busyS(): number {
    return Math.max(0, ((this.#scheduled.at(-1)?.endsAt ?? 0) - Date.now()) / 1_000);
  }

  play(clip: PreparedClip, tempo: number, offsetS: number): void {
    const startsAt = Date.now() + this.busyS() * 1_000;
    this.#scheduled.push({
      clip: clip as FakeClip,
      startsAt,
      endsAt: startsAt + ((clip.durationS - offsetS) * 1_000) / tempo,
    });
    this.played.push({ name: (clip as FakeClip).name, at: (startsAt - NOW) / 1_000, tempo, offsetS });
  }

  sounding(): Sounding | undefined {
    const current = this.#scheduled.find((each) => each.startsAt <= Date.now() && Date.now() < each.endsAt);
    return current && { clip: current.clip, offsetS: (Date.now() - current.startsAt) / 1_000 };
  }

  setGain(): void {
    // Nothing to hear.
  }

  pause(): void {
    this.state = "paused";
  }

  resume(): void {
    this.state = "running";
  }

  cut(): void {
    this.#cuts++;
    this.#scheduled = [];
  }

  close(): void {
    this.cut();
  }
}

describe("Player", () => {
  let sink: FakeSink;
  let player: Player;
  let skipped: number[];
  let refused: number[];
  let answers: Map<string, () => Response>;
  let fetched: string[];

  beforeEach(() => {
    vi.useFakeTimers({ now: NOW });
    answers = new Map();
    fetched = [];
    vi.stubGlobal("fetch", (url: string) => {
      fetched.push(url);
      const answer = answers.get(url) ?? ((): Response => new Response(url));
      return Promise.resolve().then(answer);
    });
    sink = new FakeSink();
    skipped = [];
    refused = [];
    player = new Player(sink, {
      changed: () => undefined,
      skipped: (seconds) => skipped.push(seconds),
      refused: (number) => refused.push(number),
    });
    player.begin(0);
  });
  afterEach(() => {
    player.close();
    vi.useRealTimers();
  });

  function add(number: number, options: { url?: string | null; ageS?: number; durationS?: number } = {}): void {
    const { url = `clip${number}`, ageS = 0.5, durationS = 2 } = options;
    const committedAt = Date.now() - ageS * 1_000;
    player.add({ number, url, durationS, committedAt, spokenAt: committedAt - 700 });
  }

  async function pass(seconds: number): Promise<void> {
    await vi.advanceTimersByTimeAsync(seconds * 1_000);
  }

  function names(): string[] {
    return sink.played.map((each) => each.name);
  }

  it("plays clips one after another, each once, without a gap", async () => {
    for (const number of [1, 0, 2, 1, 0]) add(number);
    await pass(10);
    expect(names()).toEqual(["clip0", "clip1", "clip2"]);
    expect(fetched).toHaveLength(3);
    const [first, second, third] = sink.played;
    expect(second?.at).toBeCloseTo((first?.at ?? 0) + 2 / (first?.tempo ?? 1), 2);
    expect(third?.at).toBeCloseTo((second?.at ?? 0) + 2 / (second?.tempo ?? 1), 2);
    expect(player.isIdle).toBe(true);
  });

  it("tells the delay, and what lies before the server's part of it", async () => {
    add(0, { ageS: 1.4 });
    await pass(0.2);
    const [{ delayMs, playedAt } = {}] = player.takeReports();
    expect(delayMs).toBe((playedAt ?? 0) - (NOW - 2_100));
    expect(player.delayS).toBeCloseTo((delayMs ?? 0) / 1_000 + 0.3, 5);
  });

  it("knows no delay where the server does not tell when something was said", async () => {
    player.add({ number: 0, url: "clip0", durationS: 2, committedAt: NOW, spokenAt: undefined });
    await pass(0.2);
    expect(player.delayS).toBeUndefined();
    expect(player.takeReports()[0]).not.toHaveProperty("delayMs");
  });

  it("counts a clip that goes on in its middle as begun when its beginning would have been heard", async () => {
    player.begin(0, 1.5);
    add(0, { durationS: 4, ageS: 5 });
    await pass(0.2);
    expect(player.takeReports()[0]?.delayMs).toBeCloseTo(5_700 - 1_500, -2);
  });

  it("knows where the listener is", async () => {
    expect(player.position).toEqual({ number: 0, offsetS: 0, isSounding: false });
    add(0);
    add(1);
    await pass(1);
    expect(player.position.number).toBe(0);
    expect(player.position.offsetS).toBeCloseTo(1, 1);
    await pass(3.5);
    expect(player.position).toEqual({ number: 2, offsetS: 0, isSounding: false });
  });

  it("goes on in the middle of a clip", async () => {
    player.begin(5, 1.25);
    add(4);
    add(5);
    add(6);
    await pass(10);
    expect(sink.played.map(({ name, offsetS }) => [name, offsetS])).toEqual([
      ["clip5", 1.25],
      ["clip6", 0],
    ]);
  });

  it("keeps on trying while the network is away", async () => {
    answers.set("clip0", () => {
      throw new TypeError("network");
    });
    add(0);
    await pass(20);
    expect(names()).toEqual([]);
    answers.clear();
    add(1);
    await pass(6);
    expect(names()).toEqual(["clip0", "clip1"]);
  });

  it("passes over what is no sound", async () => {
    answers.set("clip0", () => new Response("noise"));
    add(0);
    add(1);
    await pass(1);
    expect(names()).toEqual(["clip1"]);
    expect(player.takeReports()).toMatchObject([
      { sequenceNumber: 0, failed: true, skipped: false },
      { sequenceNumber: 1, failed: false, skipped: false },
    ]);
  });

  it("asks for a fresh address when storage refuses one", async () => {
    answers.set("clip0", () => new Response(null, { status: 403 }));
    add(0);
    await pass(0.1);
    expect(refused).toEqual([0]);
    player.readdress(0, "fresh");
    await pass(0.1);
    expect(names()).toEqual(["fresh"]);
  });

  it("gives a refused clip up when no address comes", async () => {
    answers.set("clip0", () => new Response(null, { status: 404 }));
    add(0);
    add(1);
    await pass(6);
    expect(names()).toEqual(["clip1"]);
  });

  it("holds what is played while it is paused", async () => {
    add(0);
    await pass(0.1);
    player.pause();
    add(1);
    await pass(5);
    expect(names()).toEqual(["clip0"]);
    player.resume();
    await pass(5);
    expect(names()).toEqual(["clip0", "clip1"]);
    expect(sink.cuts).toBe(0);
  });

  it("goes on with what is said now after a long pause, and says what was left out", async () => {
    add(0);
    await pass(0.1);
    player.pause();
    add(1);
    add(2, { durationS: 3 });
    await pass(DRIFT_POLICY.staleAfterS + 1);
    add(3);
    await pass(0.5);
    player.resume();
    await pass(5);
    expect(names()).toEqual(["clip0", "clip3"]);
    expect(skipped).toEqual([5]);
    expect(sink.cuts).toBe(1);
  });

  it("adds a pause to the delay of what was handed over before it, and reports that once it is heard", async () => {
    add(0);
    add(1);
    await pass(1.7);
    expect(names()).toEqual(["clip0", "clip1"]);
    const before = player.delayS ?? 0;
    player.pause();
    await pass(10);
    expect(player.takeReports().map(({ sequenceNumber }) => sequenceNumber)).toEqual([0]);
    player.resume();
    expect(player.delayS).toBeCloseTo(before + 10, 5);
    expect(player.takeReports()).toEqual([]);
    await pass(1);
    const [report] = player.takeReports();
    expect(report?.delayMs).toBeCloseTo(1_200 + 2_000 + 10_000, -2);
    expect((report?.playedAt ?? 0) - (report?.delayMs ?? 0)).toBe(NOW - 1_200);
  });

  it("works off what a pause has made it late, and then speaks as before", async () => {
    const talk = async (first: number, count: number): Promise<void> => {
      for (let number = first; number < first + count; number++) {
        add(number, { durationS: 2 });
        await pass(2);
      }
    };
    await talk(0, 10);
    player.pause();
    await talk(10, 1);
    player.resume();
    const before = sink.played.length;
    await talk(11, 40);
    const tempos = sink.played.slice(before).map(({ tempo }) => tempo);
    expect(Math.max(...sink.played.slice(0, before).map(({ tempo }) => tempo))).toBe(1);
    expect(tempos.slice(0, 4)).toEqual([1, 1, 1, 1]);
    expect(Math.max(...tempos)).toBeGreaterThan(1.15);
    expect(tempos.at(-1)).toBeLessThan(1.02);
    expect(skipped).toEqual([]);
  });

  it("goes on at its own tempo after a pause in which little was said", async () => {
    for (let number = 0; number < 12; number++) add(number, { durationS: 2 });
    await pass(12);
    player.pause();
    await pass(30);
    player.resume();
    await pass(30);
    const last = sink.played.at(-1);
    expect(last?.name).toBe("clip11");
    expect(last?.tempo).toBe(1);
  });

  it("jumps to live", async () => {
    for (const number of [0, 1, 2, 3]) add(number, { durationS: 4 });
    await pass(1);
    expect(player.waitingS).toBe(12);
    player.jumpToLive();
    await pass(1);
    expect(names()).toEqual(["clip0", "clip3"]);
    expect(skipped[0]).toBeCloseTo(8 + 4 / DRIFT_POLICY.maxTempo - 1, 0);
  });

  it("waits until the browser lets it sound", async () => {
    sink.state = "waiting";
    add(0);
    await pass(3);
    expect(names()).toEqual([]);
    await sink.unlock();
    expect(names()).toEqual(["clip0"]);
  });

  it("reports each clip once", async () => {
    add(0);
    add(1, { url: null });
    await pass(3);
    const [report, ...others] = player.takeReports();
    expect(others).toEqual([]);
    expect(report).toMatchObject({ sequenceNumber: 0, receivedAt: NOW, failed: false, skipped: false });
    expect(report?.playedAt).toBeGreaterThanOrEqual(NOW);
    expect(player.takeReports()).toEqual([]);
  });

  it("reports 200 clips at a time, the most that the server takes", async () => {
    for (let number = 0; number <= 202; number++) add(number);
    player.jumpToLive();
    await pass(5);
    const [first, second] = [player.takeReports(), player.takeReports()];
    expect([first.length, second.length]).toEqual([200, 3]);
    expect([...first, ...second].map(({ sequenceNumber }) => sequenceNumber)).toEqual([...Array(203).keys()]);
  });
});

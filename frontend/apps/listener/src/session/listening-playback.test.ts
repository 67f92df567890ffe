import type { ClipReport } from "@babelcast/shared/protocol/messages";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ScriptedAudio } from "./scripted-audio";
import { type FakeWebSocket, Rig } from "./scripted-server";

const NOW = 1_795_000_000_000;
/** Every segment is said and heard in so many seconds. */
const SEGMENT_S = 4;

describe("what a listener hears", () => {
  let rig: Rig;
  let audio: ScriptedAudio;
  /** Segments that were said until now. */
  let said: number;

  beforeEach(() => {
    vi.useFakeTimers({ now: NOW });
    rig = new Rig();
    audio = new ScriptedAudio();
    said = 0;
  });
  afterEach(() => {
    rig.close();
    vi.useRealTimers();
  });

  /** A segment's clip, which its last audio precedes by a second, or text where no clip was made. */
  function deliver(to: FakeWebSocket, number: number, options: { replayed?: boolean; hasClip?: boolean } = {}): void {
    const { replayed = false, hasClip = true } = options;
    const committedAt = NOW + (number + 1) * SEGMENT_S * 1_000;
    to.segment(number, {
      url: hasClip ? `clip/${number}/${SEGMENT_S}` : null,
      duration: hasClip ? SEGMENT_S : 0,
      timestamp: committedAt,
      spokenAt: committedAt - 1_000,
      spokenStartMs: number * SEGMENT_S * 1_000,
      spokenEndMs: (number + 1) * SEGMENT_S * 1_000,
      translated: hasClip,
      replayed,
    });
  }

  /** The speaker goes on; each segment is told to everybody, and its clip to those who listen. */
  async function speak(segments: number, isListening = true): Promise<void> {
    for (let count = 0; count < segments; count++) {
      await rig.pass(SEGMENT_S);
      rig.socket.caption(said);
      if (isListening) deliver(rig.socket, said);
      said++;
    }
  }

  /** Answers the last `resume` as the server does. */
  function replay(firstWithoutClip = Infinity): void {
    const asked = rig.socket.actions("resume").at(-1);
    expect(asked).toBeDefined();
    for (let number = (asked?.lastSequenceNumber ?? -1) + 1; number < said; number++) {
      deliver(rig.socket, number, { replayed: true, hasClip: number < firstWithoutClip });
    }
  }

  function range(from: number, to: number): number[] {
    return Array.from({ length: to - from }, (_, index) => from + index);
  }

  it("is nothing, and nothing is downloaded, while the sound is off", async () => {
    await rig.start();
    rig.socket.join(0);
    await speak(3);
    expect(rig.fetched).toEqual([]);
    expect(rig.socket.actions("playbackReport")).toEqual([]);
  });

  it("is as late as it is shown and reported", async () => {
    const here = await rig.listen();
    await speak(3);
    await rig.pass(10);
    expect(audio.numbers).toEqual([0, 1, 2]);
    const clips = rig.socket.actions("playbackReport").flatMap(({ clips: some }) => some as ClipReport[]);
    expect(clips.map(({ sequenceNumber }) => sequenceNumber)).toEqual([0, 1, 2]);
    for (const { sequenceNumber, delayMs = 0, playedAt = 0 } of clips) {
      const spokenAt = NOW + (sequenceNumber + 1) * SEGMENT_S * 1_000 - 1_000;
      expect(delayMs).toBe(playedAt - spokenAt);
      expect(Math.abs(playedAt - (audio.heard[sequenceNumber]?.at ?? 0))).toBeLessThan(50);
    }
    expect(here.sound.delayS.value).toBeCloseTo((clips.at(-1)?.delayMs ?? 0) / 1_000 + 0.3, 5);
  });

  it("is measured by the server's clock, also where the device's is wrong", async () => {
    const here = await rig.start();
    rig.socket.join(0, { serverTime: NOW + 60_000 });
    here.startSound("Español");
    await rig.pass(SEGMENT_S);
    rig.socket.segment(0, { url: "clip/0/2", duration: 2, timestamp: NOW + 64_000, spokenAt: NOW + 63_000 });
    await rig.pass(0.5);
    expect(here.sound.delayS.value).toBeCloseTo(1.3, 1);
  });

  it("has no hole and nothing twice when the connection is replaced", async () => {
    const here = await rig.listen();
    const shown = new Set<string>();
    here.state.subscribe((state) => shown.add(state));
    await speak(2);
    const old = rig.socket;
    old.say({ type: "connectionRefreshRequired", expiresAt: Date.now() + 60_000 });
    await rig.pass(0);
    const fresh = rig.socket;
    expect(fresh).not.toBe(old);
    // Segment 2 comes over the old connection alone, 3 over both, 4 over the new one and late over the old one.
    await rig.pass(SEGMENT_S);
    deliver(old, 2);
    await rig.pass(SEGMENT_S);
    deliver(old, 3);
    fresh.join(4);
    expect(fresh.received[0]).toMatchObject({ action: "joinSession", lastSequenceNumber: 3 });
    deliver(fresh, 3, { replayed: true });
    await rig.pass(1.5);
    deliver(fresh, 4);
    deliver(old, 4);
    said = 5;
    await rig.pass(1);
    expect(old.isClosed).toBe(true);
    await speak(2);
    await rig.pass(15);
    expect(audio.numbers).toEqual(range(0, 7));
    expect(here.captions.value.map(({ number }) => number)).toEqual(range(0, 7));
    expect(rig.fetched).toHaveLength(7);
    expect([...shown]).toEqual(["waiting", "live"]);
    expect(here.skippedS.value).toBe(0);
    // Each clip begins where the one before it ends or later, and the replacement delays none.
    for (const [index, { at, seconds }] of audio.heard.entries()) {
      expect(at).toBeLessThan(NOW + (index + 1) * SEGMENT_S * 1_000 + 1_500);
      expect(audio.heard[index + 1]?.at ?? Infinity).toBeGreaterThanOrEqual(at + 1_000 * seconds - 1);
    }
  });

  it("goes on where it was after a pause, faster until it has caught up", async () => {
    const here = await rig.listen();
    await speak(2);
    await rig.pass(1);
    here.pause();
    await speak(11, false);
    expect(rig.socket.actions("resume")).toEqual([]);
    here.resume();
    const [goOn, ask] = rig.socket.received.slice(-2);
    expect([goOn, ask]).toEqual([{ action: "resumePlayback" }, { action: "resume", lastSequenceNumber: 1 }]);
    replay();
    await rig.pass(1);
    expect(here.sound.delayS.value).toBeGreaterThan(40);
    await speak(60);
    await rig.pass(20);
    expect(audio.numbers).toEqual(range(0, said));
    expect(here.skippedS.value).toBe(0);
    expect(here.sound.delayS.value).toBeLessThan(10);
  });

  it("leaves out after a long pause what is too old, and says how much it was", async () => {
    const here = await rig.listen();
    await speak(2);
    await rig.pass(1);
    here.pause();
    // Clips are made for another minute.
    await speak(30, false);
    here.resume();
    replay(17);
    await rig.pass(0.5);
    await speak(5);
    await rig.pass(20);
    expect(audio.numbers).toEqual([...range(0, 2), ...range(32, 37)]);
    expect(here.captions.value.filter(({ status }) => status === "untranslated")).toHaveLength(15);
    expect(here.skippedS.value + audio.seconds).toBeCloseTo(said * SEGMENT_S, 0);
  });

  it("goes on with the last minutes after an hour without network, and says how long the rest was", async () => {
    const here = await rig.listen();
    await speak(2);
    await rig.pass(10);
    rig.socket.onclose?.({} as CloseEvent);
    await rig.pass(3_600);
    // The network is back with the next attempt.
    for (const attempts = rig.sockets.length; rig.sockets.length === attempts;) await rig.pass(0.1);
    const back = Math.floor((Date.now() - NOW) / 1_000 / SEGMENT_S);
    said = back;
    rig.socket.join(back);
    expect(rig.socket.received[0]).toMatchObject({ action: "joinSession", lastSequenceNumber: 1 });
    const first = back - 200;
    rig.socket.leaveOut(2, first - 1, SEGMENT_S);
    for (let number = first; number < back; number++) deliver(rig.socket, number, { replayed: true });
    await rig.pass(1);
    expect(audio.numbers.length).toBeGreaterThan(2);
    await speak(90);
    await rig.pass(20);
    expect(rig.socket.actions("resume")).toEqual([]);
    expect(here.leftOut.value).toEqual([{ before: first, seconds: (first - 2) * SEGMENT_S }]);
    expect(here.captions.value.map(({ number }) => number)).toEqual([0, 1, ...range(first, said)]);
    // The last minute of it is still heard, a little faster.
    const [, , goesOnWith = 0] = audio.numbers;
    expect(goesOnWith).toBeGreaterThan(back - 60 / SEGMENT_S - 2);
    expect(audio.numbers).toEqual([0, 1, ...range(goesOnWith, said)]);
    expect(here.sound.delayS.value).toBeLessThan(12);
    expect(here.skippedS.value).toBeCloseTo((goesOnWith - 2) * SEGMENT_S, 5);
  });

  it("is not missed where the listener only comes late", async () => {
    const here = await rig.start();
    said = 10;
    rig.socket.join(10);
    here.startSound("Español");
    replay(0);
    await speak(2);
    await rig.pass(10);
    expect(audio.numbers).toEqual([10, 11]);
    expect(here.skippedS.value).toBe(0);
  });
});

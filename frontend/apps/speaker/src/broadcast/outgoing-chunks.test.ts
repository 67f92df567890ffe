import type { AudioChunk } from "@babelcast/shared/audio/chunker";
import { describe, expect, it } from "vitest";
import { OutgoingChunks } from "./outgoing-chunks.js";

function chunk(index: number): AudioChunk {
  return { index, sampleOffset: 4_000 * index, pcm: new Uint8Array(8_000), capturedAtMs: 250 * index };
}

function outgoing(count: number, limits?: ConstructorParameters<typeof OutgoingChunks>[0]): OutgoingChunks {
  const chunks = new OutgoingChunks(limits);
  for (let index = 0; index < count; index++) {
    chunks.add(chunk(index));
  }
  return chunks;
}

/** Hands over everything that is due. */
function send(chunks: OutgoingChunks, nowMs: number): number[] {
  return chunks.due(nowMs).map(({ index }) => {
    chunks.markSent(index, nowMs);
    return index;
  });
}

describe("OutgoingChunks", () => {
  it("sends each chunk at once, in order, and only once when all goes well", () => {
    const chunks = outgoing(3);
    expect(send(chunks, 0)).toEqual([0, 1, 2]);
    expect(send(chunks, 1)).toEqual([]);
    expect([0, 2, 1].map((index) => chunks.acknowledge(index))).toEqual([true, true, true]);
    expect(chunks.size).toBe(0);
    expect(chunks.nextDueAtMs()).toBeUndefined();
    expect(chunks.resent).toBe(0);
  });

  it("takes an acknowledgement for its own chunk alone", () => {
    const chunks = outgoing(3);
    send(chunks, 0);
    chunks.acknowledge(2);
    expect(chunks.size).toBe(2);
    expect(chunks.acknowledge(2)).toBe(false);
    expect(send(chunks, 3_000)).toEqual([0, 1]);
  });

  it("waits twice as long after each attempt, up to eightfold", () => {
    const chunks = outgoing(1);
    const sentAt: number[] = [];
    for (let nowMs = 0; nowMs < 120_000; nowMs += 100) {
      if (send(chunks, nowMs).length > 0) {
        sentAt.push(nowMs);
      }
    }
    expect(sentAt).toEqual([0, 3_000, 9_000, 21_000, 45_000, 69_000, 93_000, 117_000]);
    expect(chunks.resent).toBe(7);
  });

  it("sends nothing for a while when it was too fast, then everything that was refused, and loses nothing", () => {
    const chunks = outgoing(4);
    send(chunks, 0);
    chunks.acknowledge(1);
    chunks.holdUntil(800);
    chunks.add(chunk(4));
    expect(send(chunks, 799)).toEqual([]);
    expect(chunks.nextDueAtMs()).toBe(800);
    expect(send(chunks, 800)).toEqual([0, 2, 3, 4]);
  });

  it("does not hold back for a connection that is new", () => {
    const chunks = outgoing(2);
    send(chunks, 0);
    chunks.holdUntil(800);
    chunks.sendAllAgain();
    expect(send(chunks, 1)).toEqual([0, 1]);
  });

  it("sends everything again on a new connection, oldest first", () => {
    const chunks = outgoing(4);
    send(chunks, 0);
    chunks.acknowledge(1);
    chunks.sendAllAgain();
    expect(chunks.nextDueAtMs()).toBe(-Infinity);
    expect(send(chunks, 10)).toEqual([0, 2, 3]);
  });

  it("waits no longer than told after a refusal, and never longer than before", () => {
    const chunks = outgoing(2);
    send(chunks, 0);
    chunks.sendAgainAt(700);
    expect(chunks.nextDueAtMs()).toBe(700);
    chunks.sendAgainAt(9_000);
    expect(send(chunks, 699)).toEqual([]);
    expect(send(chunks, 700)).toEqual([0, 1]);
  });

  it("never runs ahead of a missing chunk by more than the window", () => {
    const chunks = outgoing(10, { window: 4 });
    expect(send(chunks, 0)).toEqual([0, 1, 2, 3]);
    chunks.acknowledge(1);
    chunks.acknowledge(3);
    expect(send(chunks, 1)).toEqual([]);
    expect(chunks.nextDueAtMs()).toBe(3_000);
    chunks.acknowledge(0);
    expect(send(chunks, 2)).toEqual([4, 5]);
  });

  it("lets the server never wait for a chunk behind more than 1.25 s of audio, at whatever order they arrive", () => {
    const chunks = outgoing(200);
    const stored = new Set<number>();
    let worst = 0;
    for (let nowMs = 0; stored.size < 200; nowMs += 20) {
      const onTheirWay = send(chunks, nowMs);
      // The connection was away: everything comes at once, and the oldest of each burst last.
      for (const index of onTheirWay.reverse()) {
        stored.add(index);
        const missing = Array.from({ length: index }, (_, each) => each).find((each) => !stored.has(each));
        if (missing !== undefined) worst = Math.max(worst, [...stored].filter((each) => each > missing).length);
      }
      for (const index of onTheirWay) chunks.acknowledge(index);
    }
    expect(worst).toBe(5);
  });

  it("keeps two minutes without a network, then gives up the oldest and counts them", () => {
    const chunks = outgoing(480);
    expect([chunks.size, chunks.givenUp]).toEqual([480, 0]);
    chunks.add(chunk(480));
    chunks.add(chunk(481));
    expect([chunks.size, chunks.givenUp]).toEqual([480, 2]);
    expect(chunks.due(0)[0]?.index).toBe(2);
  });

  it("loses nothing where some chunks are refused and some acknowledgements never come", () => {
    const chunks = new OutgoingChunks();
    const received = new Set<number>();
    let next = 0;
    let sent = 0;
    for (let nowMs = 0; nowMs < 240_000; nowMs += 50) {
      if (nowMs % 250 === 0 && next < 400) {
        chunks.add(chunk(next));
        next += 1;
      }
      for (const index of send(chunks, nowMs)) {
        sent += 1;
        if (sent % 7 === 0) {
          chunks.sendAgainAt(nowMs + 700);
        } else {
          received.add(index);
          if (sent % 31 !== 0) chunks.acknowledge(index);
        }
      }
    }
    expect(received.size).toBe(400);
    expect([chunks.size, chunks.givenUp]).toEqual([0, 0]);
    expect(chunks.resent).toBeGreaterThan(0);
  });

  it("ignores what it does not know", () => {
    const chunks = outgoing(1);
    chunks.markSent(7, 0);
    expect(chunks.acknowledge(7)).toBe(false);
    chunks.clear();
    expect(chunks.size).toBe(0);
  });
});

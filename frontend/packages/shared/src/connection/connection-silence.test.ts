import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { CONNECTION_POLICY } from "./connection-policy.js";
import { joined, NOW, Rig } from "./scripted-sockets.js";

/** Before the first probe, with the rig's `random`. */
const SILENCE_MS = 12_500;

beforeEach(() => {
  vi.useFakeTimers({ now: NOW });
});
afterEach(() => {
  vi.useRealTimers();
});

describe("a silent connection", () => {
  it("notices a dead network by its silence", async () => {
    const rig = await new Rig().start();
    rig.last.join();
    await vi.advanceTimersByTimeAsync(SILENCE_MS - 1);
    expect(rig.asked).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(rig.asked).toBe(2);
    await vi.advanceTimersByTimeAsync(CONNECTION_POLICY.probeAnswerMs);
    expect(rig.statuses.at(-1)).toBe("reconnecting");
    expect(rig.sockets[0]?.isClosed).toBe(true);
  });

  it("takes any message as a sign of life", async () => {
    const rig = await new Rig().start();
    rig.last.join();
    for (let count = 0; count < 24; count++) {
      await vi.advanceTimersByTimeAsync(SILENCE_MS - 1_000);
      rig.last.say({ type: "audioAck", chunkIndex: count });
    }
    expect(rig.sockets).toHaveLength(1);
    expect(rig.asked).toBe(1);
    expect(rig.last.sent.filter((text) => text.includes("heartbeat"))).toHaveLength(2);
  });

  it("asks less and less where answers are all that comes, and soon again after news", async () => {
    const rig = await new Rig().start();
    rig.last.join();
    const askedAt: number[] = [];
    const answerFor = async (seconds: number): Promise<void> => {
      const from = Date.now();
      for (let second = 0; second < 2 * seconds; second++) {
        const before = rig.asked;
        await vi.advanceTimersByTimeAsync(500);
        if (rig.asked === before) continue;
        askedAt.push((Date.now() - from) / 1_000);
        rig.last.say(joined());
      }
    };
    await answerFor(200);
    expect(askedAt.splice(0)).toEqual([12.5, 32.5, 72.5, 132.5, 192.5]);
    rig.last.say({ type: "audioAck", chunkIndex: 0 });
    await answerFor(40);
    expect(askedAt).toEqual([12.5, 32.5]);
    expect(rig.sockets).toHaveLength(1);
  });

  it("has three seconds to prove that it is alive when the browser is offline", async () => {
    const rig = await new Rig().start();
    rig.last.join();
    await vi.advanceTimersByTimeAsync(SILENCE_MS);
    rig.connection.doubt();
    rig.connection.wake();
    expect(rig.asked).toBe(2);
    await vi.advanceTimersByTimeAsync(3_000);
    expect(rig.statuses.at(-1)).toBe("reconnecting");
  });

  it("goes on when the browser was wrong about being offline", async () => {
    const rig = await new Rig().start();
    rig.last.join();
    rig.connection.doubt();
    await vi.advanceTimersByTimeAsync(1_000);
    rig.last.say(joined());
    await vi.advanceTimersByTimeAsync(10_000);
    expect(rig.statuses).toEqual(["connecting", "joined"]);
  });
});

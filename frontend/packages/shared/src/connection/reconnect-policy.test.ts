import { describe, expect, it } from "vitest";
import { CONNECTION_BACKOFF, retryDelayMs } from "./reconnect-policy.js";

const { floorMs, ceilingMs } = CONNECTION_BACKOFF;

describe("retryDelayMs", () => {
  it("waits at most the floor after a connection that worked", () => {
    expect(retryDelayMs(CONNECTION_BACKOFF, 0, () => 0)).toBe(0);
    expect(retryDelayMs(CONNECTION_BACKOFF, 0, () => 0.999)).toBeLessThan(floorMs);
  });

  it("lets the longest wait grow by half with each failure, up to the ceiling", () => {
    const longest = [1, 2, 3, 4, 5, 6, 1000].map((failures) => retryDelayMs(CONNECTION_BACKOFF, failures, () => 1));
    expect(longest).toEqual([750, 1_125, 1_687.5, 2_531.25, 3_796.875, 5_695.3125, 8_000]);
  });

  it("never waits less than the floor once an attempt has failed", () => {
    for (let failures = 1; failures < 40; failures++) {
      expect(retryDelayMs(CONNECTION_BACKOFF, failures, () => 0)).toBe(floorMs);
    }
  });

  it("spreads clients that were dropped together over the whole range", () => {
    const delays = Array.from({ length: 1_000 }, () => retryDelayMs(CONNECTION_BACKOFF, 7, Math.random));
    const mean = delays.reduce((sum, delay) => sum + delay, 0) / delays.length;
    expect(Math.min(...delays)).toBeLessThan(floorMs * 2);
    expect(Math.max(...delays)).toBeGreaterThan(ceilingMs * 0.9);
    expect(Math.abs(mean - (floorMs + ceilingMs) / 2)).toBeLessThan(500);
  });
});

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ClipLoader, ClipRefusedError, ClipUnavailableError } from "./clip-loader.js";

describe("ClipLoader", () => {
  let pending: Map<string, (response: Response) => void>;
  let fetched: string[];
  let loader: ClipLoader;

  beforeEach(() => {
    vi.useFakeTimers();
    pending = new Map();
    fetched = [];
    vi.stubGlobal("fetch", (url: string, init: RequestInit) => {
      fetched.push(url);
      return new Promise<Response>((resolve, reject) => {
        pending.set(url, resolve);
        init.signal?.addEventListener("abort", () => reject(new DOMException("aborted", "AbortError")));
      });
    });
    loader = new ClipLoader({ parallel: 2, giveUpMs: 30_000, random: () => 0.5 });
  });
  afterEach(() => vi.useRealTimers());

  async function answer(url: string, response: Response): Promise<void> {
    pending.get(url)?.(response);
    await vi.advanceTimersByTimeAsync(0);
  }

  it("downloads a few at a time, in the order of asking", async () => {
    const clips = ["a", "b", "c", "d"].map((url) => loader.load(url));
    await vi.advanceTimersByTimeAsync(0);
    expect(fetched).toEqual(["a", "b"]);
    await answer("b", new Response("sound"));
    expect(fetched).toEqual(["a", "b", "c"]);
    for (const url of ["a", "c", "d"]) await answer(url, new Response("sound"));
    expect((await Promise.all(clips)).map((bytes) => bytes.byteLength)).toEqual([5, 5, 5, 5]);
  });

  it("tries again after a failure, an empty answer and a silence", async () => {
    const clip = loader.load("a");
    await vi.advanceTimersByTimeAsync(0);
    await answer("a", new Response(null, { status: 503 }));
    await vi.advanceTimersByTimeAsync(2_000);
    await answer("a", new Response(""));
    await vi.advanceTimersByTimeAsync(2_000);
    await vi.advanceTimersByTimeAsync(12_000);
    await answer("a", new Response("sound"));
    expect((await clip).byteLength).toBe(5);
    expect(fetched).toHaveLength(4);
  });

  it.each([400, 403, 404])("does not try again when storage refuses with %d", async (status) => {
    const clip = expect(loader.load("a")).rejects.toBeInstanceOf(ClipRefusedError);
    await vi.advanceTimersByTimeAsync(0);
    await answer("a", new Response(null, { status }));
    await clip;
    expect(fetched).toHaveLength(1);
  });

  it("gives up in the end, and at once when it is stopped", async () => {
    const late = expect(loader.load("a")).rejects.toBeInstanceOf(ClipUnavailableError);
    await vi.advanceTimersByTimeAsync(60_000);
    await late;
    const stopped = expect(loader.load("b")).rejects.toBeInstanceOf(ClipUnavailableError);
    await vi.advanceTimersByTimeAsync(0);
    loader.stop();
    await stopped;
  });
});

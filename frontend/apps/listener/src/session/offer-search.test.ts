import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { OfferSearch, type SearchState } from "./offer-search";
import { CONFIG, SESSION } from "./scripted-server";

const FACTS = {
  sessionId: SESSION,
  state: "live",
  sourceLanguage: "en",
  targetLanguages: [],
  languages: [],
  joinKeyRequired: false,
};
const there = (): Response => Response.json(FACTS);
const refusal = (code: string, status: number): Response =>
  Response.json({ code, message: "", retryable: status === 429 || status === 503 }, { status });
const away = (): never => {
  throw new TypeError("network");
};

describe("OfferSearch", () => {
  const events = new EventTarget();
  let search: OfferSearch;
  /** Since the search began, in milliseconds. */
  let asked: number[];
  let answer: () => Response | Promise<Response>;
  let visibilityState: string;

  beforeEach(() => {
    vi.useFakeTimers();
    asked = [];
    visibilityState = "visible";
    const listening = {
      addEventListener: events.addEventListener.bind(events),
      removeEventListener: events.removeEventListener.bind(events),
    };
    for (const [name, listener] of Object.entries(listening)) vi.stubGlobal(name, listener);
    vi.stubGlobal("document", {
      ...listening,
      get visibilityState() {
        return visibilityState;
      },
    });
    const startedAt = performance.now();
    vi.stubGlobal("fetch", () => {
      asked.push(performance.now() - startedAt);
      return Promise.resolve().then(() => answer());
    });
    search = new OfferSearch(CONFIG, SESSION, () => 0.5);
  });
  afterEach(() => {
    search.close();
    vi.useRealTimers();
  });

  async function start(first: typeof answer): Promise<void> {
    answer = first;
    search.start();
    await pass(0);
  }

  async function pass(seconds: number): Promise<void> {
    await vi.advanceTimersByTimeAsync(seconds * 1_000);
  }

  function state(): SearchState {
    return search.state.value;
  }

  it("finds a session with one request", async () => {
    await start(there);
    expect(state()).toMatchObject({ kind: "found", offer: { facts: FACTS } });
    events.dispatchEvent(new Event("online"));
    await pass(60);
    expect(asked).toHaveLength(1);
  });

  it.each([
    ["the throttle turns it away", () => new Response("slow down", { status: 429 })],
    ["others have guessed too often", () => refusal("RATE_LIMITED", 429)],
    ["the store fails", () => refusal("STORAGE_UNAVAILABLE", 503)],
    ["the API fails", () => new Response("", { status: 500 })],
    ["there is no network", away],
  ])("goes on when %s, with growing waits, until it finds the session", async (_, trouble) => {
    await start(trouble);
    expect(state()).toEqual({ kind: "looking", trouble: undefined });
    await pass(60);
    const waits = asked.slice(1).map((at, index) => at - (asked[index] ?? 0));
    expect(waits).toEqual([...waits].sort((one, other) => one - other));
    expect(waits[0]).toBeLessThan(1_000);
    expect(waits.at(-1)).toBeGreaterThan(4_000);
    expect(state().kind).toBe("looking");
    answer = there;
    await pass(8);
    expect(state().kind).toBe("found");
  });

  it("goes on after a request that nobody answers", async () => {
    let isGone = false;
    vi.stubGlobal("fetch", (_: string, { signal }: RequestInit) => {
      asked.push(performance.now());
      if (asked.length > 1) return Promise.resolve(there());
      return new Promise((_resolve, reject) =>
        signal?.addEventListener("abort", () => {
          isGone = true;
          reject(new DOMException("aborted", "AbortError"));
        }),
      );
    });
    search.start();
    await pass(30);
    expect(isGone).toBe(true);
    expect(state().kind).toBe("found");
  });

  it("says why once it takes long, and goes on all the same", async () => {
    await start(away);
    await pass(3.9);
    expect(asked.length).toBeGreaterThan(2);
    expect(state()).toEqual({ kind: "looking", trouble: undefined });
    await pass(3);
    expect(state()).toEqual({ kind: "looking", trouble: "UNREACHABLE" });
    answer = () => refusal("RATE_LIMITED", 429);
    await pass(8);
    expect(state()).toEqual({ kind: "looking", trouble: "RATE_LIMITED" });
    answer = there;
    await pass(8);
    expect(state().kind).toBe("found");
  });

  it.each([
    [404, "SESSION_NOT_FOUND"],
    [400, "INVALID_MESSAGE"],
  ])("takes no for an answer: %i", async (status, code) => {
    await start(() => refusal(code, status));
    expect(state()).toEqual({ kind: "failed", code });
    events.dispatchEvent(new Event("online"));
    await pass(60);
    expect(asked).toHaveLength(1);
    answer = there;
    search.again();
    expect(state().kind).toBe("looking");
    await pass(0);
    expect(state().kind).toBe("found");
  });

  it.each(["online", "pageshow", "visibilitychange"])("tries at once at %s, and soon after it", async (event) => {
    await start(away);
    await pass(120);
    const before = asked.length;
    visibilityState = "hidden";
    events.dispatchEvent(new Event("visibilitychange"));
    expect(asked).toHaveLength(before);
    visibilityState = "visible";
    events.dispatchEvent(new Event(event));
    events.dispatchEvent(new Event(event));
    expect(asked).toHaveLength(before + 1);
    await pass(1);
    expect(asked).toHaveLength(before + 2);
  });

  it("tries at once when somebody asks, who is told of a failure at once", async () => {
    await start(away);
    await pass(120);
    const before = asked.length;
    search.again();
    expect(asked).toHaveLength(before + 1);
    expect(state()).toEqual({ kind: "looking", trouble: undefined });
    await pass(0);
    expect(state()).toEqual({ kind: "looking", trouble: "UNREACHABLE" });
  });

  it("does not wait for a request that hangs when the network is back, and takes its answer if it comes", async () => {
    const answers: ((response: Response) => void)[] = [];
    await start(() => new Promise((resolve) => answers.push(resolve)));
    events.dispatchEvent(new Event("online"));
    await pass(3);
    expect(answers).toHaveLength(1);
    events.dispatchEvent(new Event("online"));
    await pass(0);
    expect(answers).toHaveLength(2);
    answers[0]?.(there());
    await pass(0);
    expect(state().kind).toBe("found");
    answers[1]?.(refusal("SESSION_NOT_FOUND", 404));
    await pass(60);
    expect(state().kind).toBe("found");
  });

  it("asks nothing more once it is closed", async () => {
    await start(away);
    search.close();
    events.dispatchEvent(new Event("online"));
    await pass(60);
    expect(asked).toHaveLength(1);
  });

  it("forgets what comes after it is closed", async () => {
    let late: (response: Response) => void = () => undefined;
    await start(() => new Promise((resolve) => (late = resolve)));
    search.close();
    late(there());
    await pass(60);
    expect(state()).toEqual({ kind: "looking", trouble: undefined });
    expect(asked).toHaveLength(1);
  });
});

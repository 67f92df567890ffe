import { beforeEach, describe, expect, it, vi } from "vitest";
import { createSession, endSession, listLanguages, showSession } from "./http-api.js";

const SPANISH = { code: "es", name: "Spanish", nativeName: "Español", spoken: true, rightToLeft: false };
const FACTS = {
  sessionId: "joyful-hope-911",
  state: "live",
  sourceLanguage: "en",
  targetLanguages: ["es", "fr"],
  languages: [SPANISH],
  joinKeyRequired: false,
};

describe("the HTTP API", () => {
  let requests: { url: string; init: RequestInit }[];
  let answer: () => Response;
  beforeEach(() => {
    requests = [];
    vi.stubGlobal("fetch", (url: string, init: RequestInit) => {
      requests.push({ url, init });
      return Promise.resolve().then(answer);
    });
  });

  it("shows a session", async () => {
    answer = () => Response.json({ ...FACTS, languages: [{ ...SPANISH, voices: [] }], more: 1 });
    expect(await showSession("https://api", "joyful-hope-911")).toEqual(FACTS);
    expect(requests[0]).toMatchObject({
      url: "https://api/sessions/joyful-hope-911",
      init: { headers: {}, cache: "no-store" },
    });
  });

  it("shows a session of an API that does not describe its languages yet", async () => {
    answer = () => Response.json({ ...FACTS, languages: undefined });
    expect(await showSession("https://api", "joyful-hope-911")).toEqual({ ...FACTS, languages: [] });
  });

  it("has a join key checked, in letters that a header can hold", async () => {
    answer = () => Response.json(FACTS);
    await showSession("https://api", "joyful-hope-911", "a & ключ");
    expect(requests[0]?.url).toBe("https://api/sessions/joyful-hope-911");
    expect(requests[0]?.init.headers).toEqual({ "join-key": "a%20%26%20%D0%BA%D0%BB%D1%8E%D1%87" });
  });

  it("lists languages", async () => {
    answer = () => Response.json({ sourceLanguages: [], targetLanguages: [{ ...SPANISH, voices: [] }] });
    const { targetLanguages } = await listLanguages("https://api");
    expect(targetLanguages).toEqual([SPANISH]);
    expect(requests[0]?.init.cache, "the server says how long they may be kept").toBe("default");
  });

  it("creates a session with the speaker's token", async () => {
    const more = { webSocketUrl: "wss://x/dev", listenerUrl: "https://l?session=joyful-hope-911", expiresAt: 5 };
    answer = () => Response.json({ ...FACTS, ...more }, { status: 201 });
    expect(await createSession("https://api", "token", { sourceLanguage: "en" })).toEqual({ ...FACTS, ...more });
    expect(requests[0]?.init).toMatchObject({ method: "POST", body: '{"sourceLanguage":"en"}' });
    expect(requests[0]?.init.headers).toMatchObject({ authorization: "Bearer token" });
    await createSession("https://api", "token", { sourceLanguage: "en", expressive: false });
    expect(requests[1]?.init.body).toBe('{"sourceLanguage":"en","expressive":false}');
  });

  it("ends a session", async () => {
    answer = () => new Response(null, { status: 204 });
    await expect(endSession("https://api", "token", "joyful-hope-911")).resolves.toBeUndefined();
  });

  it.each([
    [
      "its own error",
      () => Response.json({ code: "AT_CAPACITY", message: "full", retryable: true }, { status: 503 }),
      "AT_CAPACITY",
    ],
    ["the gateway's 401", () => Response.json({ message: "Unauthorized" }, { status: 401 }), "NOT_AUTHENTICATED"],
    ["the gateway's 429", () => new Response("slow down", { status: 429 }), "RATE_LIMITED"],
    ["a page of something between", () => new Response("<html>", { status: 502 }), "UNREACHABLE"],
    ["an answer that is no JSON", () => new Response("<html>"), "UNREACHABLE"],
    ["an answer that lacks something", () => Response.json({ ...FACTS, state: "asleep" }), "UNREACHABLE"],
    [
      "no network",
      () => {
        throw new TypeError("network");
      },
      "UNREACHABLE",
    ],
  ])("tells %s", async (_, given: () => Response, code) => {
    answer = given;
    await expect(showSession("https://api", "joyful-hope-911")).rejects.toMatchObject({ name: "HttpApiError", code });
  });
});

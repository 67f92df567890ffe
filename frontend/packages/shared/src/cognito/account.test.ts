import { describe, expect, it } from "vitest";
import { AccountError, type KeyValueStore, SpeakerAccount, type SpeakerPool, type Tokens } from "./account.js";

class MemoryStore implements KeyValueStore {
  readonly items = new Map<string, string>();
  getItem(key: string): string | null {
    return this.items.get(key) ?? null;
  }
  setItem(key: string, value: string): void {
    this.items.set(key, value);
  }
  removeItem(key: string): void {
    this.items.delete(key);
  }
}

const FORBIDDEN_STORE: KeyValueStore = {
  getItem: () => {
    throw new Error("storage is forbidden");
  },
  setItem: () => {
    throw new Error("storage is forbidden");
  },
  removeItem: () => {
    throw new Error("storage is forbidden");
  },
};

const TOKENS: Tokens = { accessToken: "access-0", expiresInS: 3_600, refreshToken: "refresh-0" };

/** A pool that counts and does what it is told. */
class ScriptedPool {
  refreshes: string[] = [];
  signOuts: string[] = [];
  failure: AccountError | undefined;
  rotates = false;

  readonly pool = {
    refresh: (refreshToken: string): Promise<Tokens> => {
      this.refreshes.push(refreshToken);
      if (this.failure !== undefined) {
        return Promise.reject(this.failure);
      }
      const count = String(this.refreshes.length);
      const next = this.rotates ? `refresh-${count}` : refreshToken;
      return Promise.resolve({ accessToken: `access-${count}`, expiresInS: 3_600, refreshToken: next });
    },
    signOut: (refreshToken: string): Promise<void> => {
      this.signOuts.push(refreshToken);
      return this.failure === undefined ? Promise.resolve() : Promise.reject(this.failure);
    },
  } as unknown as SpeakerPool;
}

class Device {
  nowMs = 0;
  readonly scripted = new ScriptedPool();
  readonly stores = { lasting: new MemoryStore(), passing: new MemoryStore() };

  /** The page as it is after a reload. */
  page(): SpeakerAccount {
    return new SpeakerAccount(
      () => Promise.resolve(this.scripted.pool),
      this.stores,
      () => this.nowMs,
    );
  }
}

async function problem(call: Promise<unknown>): Promise<string> {
  const error: unknown = await call.catch((reason: unknown) => reason);
  return error instanceof AccountError ? error.problem : "no AccountError";
}

describe("SpeakerAccount", () => {
  it("gives the access token of the sign-in until two minutes before its end, then a new one", async () => {
    const device = new Device();
    const account = device.page();
    account.keep("a@b.example", TOKENS, true);
    device.nowMs = 3_479_999;
    expect(await account.accessToken()).toBe("access-0");
    device.nowMs = 3_480_000;
    expect(await account.accessToken()).toBe("access-1");
    expect(await account.accessToken()).toBe("access-1");
    expect(device.scripted.refreshes).toEqual(["refresh-0"]);
  });

  it("asks once however many ask at the same time", async () => {
    const device = new Device();
    device.page().keep("a@b.example", TOKENS, true);
    const account = device.page();
    const given = await Promise.all([account.accessToken(), account.accessToken(), account.accessToken()]);
    expect(given).toEqual(["access-1", "access-1", "access-1"]);
    expect(device.scripted.refreshes).toHaveLength(1);
  });

  it("is remembered over a reload, with a rotated token too", async () => {
    const device = new Device();
    device.scripted.rotates = true;
    device.page().keep("a@b.example", TOKENS, true);
    expect(device.page().email).toBe("a@b.example");
    await device.page().accessToken();
    await device.page().accessToken();
    expect(device.scripted.refreshes).toEqual(["refresh-0", "refresh-1"]);
  });

  it("never stores an access token, and stores in the place that was chosen", async () => {
    const device = new Device();
    const account = device.page();
    account.keep("a@b.example", TOKENS, true);
    account.keep("a@b.example", TOKENS, false);
    await account.accessToken();
    expect(device.stores.lasting.items.size).toBe(0);
    const stored = [...device.stores.passing.items.values()].join();
    expect(stored).toContain("refresh-0");
    expect(stored).not.toContain("access-0");
    expect(device.page().email).toBe("a@b.example");
  });

  it("is signed out when the pool no longer takes the refresh token, but not when it cannot be reached", async () => {
    const device = new Device();
    device.page().keep("a@b.example", TOKENS, true);
    const account = device.page();
    device.scripted.failure = new AccountError("unreachable");
    expect(await problem(account.accessToken())).toBe("unreachable");
    expect(account.email).toBe("a@b.example");
    device.scripted.failure = new AccountError("signed-out");
    expect(await problem(account.accessToken())).toBe("signed-out");
    expect(account.email).toBeUndefined();
    expect(device.page().email).toBeUndefined();
  });

  it("signs out on the device even if the pool does not answer", async () => {
    const device = new Device();
    const account = device.page();
    account.keep("a@b.example", TOKENS, true);
    device.scripted.failure = new AccountError("unreachable");
    await account.signOut();
    expect(device.scripted.signOuts).toEqual(["refresh-0"]);
    expect(account.email).toBeUndefined();
    expect(device.page().email).toBeUndefined();
    expect(await problem(account.accessToken())).toBe("signed-out");
  });

  it("does not come back by a refresh that was under way at the sign-out", async () => {
    const device = new Device();
    device.page().keep("a@b.example", TOKENS, true);
    const account = device.page();
    const late = account.accessToken();
    await account.signOut();
    expect(await problem(late)).toBe("signed-out");
    expect(device.page().email).toBeUndefined();
  });

  it("gets a new access token when the old one was refused", async () => {
    const device = new Device();
    const account = device.page();
    account.keep("a@b.example", TOKENS, true);
    account.discardAccessToken();
    expect(await account.accessToken()).toBe("access-1");
  });

  it("works where nothing can be stored, and with rubbish in the store", async () => {
    const device = new Device();
    const account = new SpeakerAccount(() => Promise.resolve(device.scripted.pool), {
      lasting: FORBIDDEN_STORE,
      passing: FORBIDDEN_STORE,
    });
    account.keep("a@b.example", TOKENS, true);
    expect(await account.accessToken()).toBe("access-0");
    for (const rubbish of ["{", "[]", '{"email": 1, "refreshToken": "x"}', "null"]) {
      device.stores.lasting.setItem("babelcast.speaker-account", rubbish);
      expect(device.page().email).toBeUndefined();
    }
  });

  it("says that the pool's code could not be fetched", async () => {
    const stores = { lasting: new MemoryStore(), passing: new MemoryStore() };
    const account = new SpeakerAccount(() => Promise.reject(new TypeError("no network")), stores);
    account.keep("a@b.example", { ...TOKENS, expiresInS: 0 }, true);
    expect(await problem(account.accessToken())).toBe("unreachable");
  });
});

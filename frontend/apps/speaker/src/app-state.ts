/** What the whole app shares: who is signed in, which session is open, which page is shown. */
import type { Config } from "@babelcast/shared/config";
import {
  type AccountProblem,
  type KeyValueStore,
  SpeakerAccount,
  type SpeakerPool,
  type Tokens,
} from "@babelcast/shared/cognito/account";
import type { Settings } from "@babelcast/shared/settings";
import { type Signal, signal } from "@preact/signals";
import { LiveSession } from "./session/live-session.js";
import { type RememberedSession, SessionMemory } from "./session/remembered-session.js";
import { openSpeakerSettings, type SpeakerSettings } from "./speaker-settings.js";

/** What is shown. */
export type Page =
  /** `problem`: why somebody who was signed in no longer is. */
  | { readonly kind: "sign-in"; readonly problem?: AccountProblem }
  | { readonly kind: "start" }
  | { readonly kind: "session"; readonly live: LiveSession };

export class AppState {
  readonly config: Config;
  readonly account: SpeakerAccount;
  readonly settings: Settings<SpeakerSettings>;
  readonly memory: SessionMemory;
  readonly page: Signal<Page>;
  /** The address that is signed in. */
  readonly email: Signal<string | undefined>;
  readonly #pool: () => Promise<SpeakerPool>;

  constructor(config: Config) {
    this.config = config;
    this.#pool = openPool(config);
    const lasting = openStore(() => localStorage);
    const passing = openStore(() => sessionStorage);
    this.account = new SpeakerAccount(this.#pool, { lasting, passing });
    this.settings = openSpeakerSettings();
    this.memory = new SessionMemory({ lasting, tab: passing });
    this.email = signal(this.account.email);
    this.page = signal(this.#firstPage());
  }

  /** The user pool; its code is fetched when it is needed. */
  pool(): Promise<SpeakerPool> {
    return this.#pool();
  }

  /** @param lasting - Stay signed in when the browser is closed. */
  signedIn(email: string, tokens: Tokens, lasting: boolean): void {
    this.account.keep(email, tokens, lasting);
    this.email.value = email;
    const { value: page } = this.page;
    if (page.kind === "session") page.live.resumeConnection();
    else this.page.value = this.#firstPage();
  }

  async signOut(): Promise<void> {
    const { value: page } = this.page;
    this.page.value = { kind: "sign-in" };
    this.email.value = undefined;
    if (page.kind === "session") await page.live.close();
    await this.account.signOut();
  }

  /** The pool has ended the sign-in. */
  signedOut(): void {
    this.email.value = undefined;
    this.page.value = { kind: "sign-in", problem: "signed-out" };
  }

  openSession(session: RememberedSession): void {
    const { config, account, settings, memory } = this;
    memory.remember(session);
    this.page.value = { kind: "session", live: new LiveSession({ config, account, settings, memory, session }) };
  }

  /** Back to the first page; the session stays as it is. */
  leaveSession(): void {
    const { value: page } = this.page;
    if (page.kind !== "session") return;
    this.page.value = { kind: "start" };
    this.memory.setOnAir(null);
    void page.live.close();
  }

  /** The session that can be gone back to. */
  get openedBefore(): RememberedSession | undefined {
    const { email } = this.account;
    return email === undefined ? undefined : this.memory.recall(email, Date.now());
  }

  /** A page that was on air when it was loaded again goes on at once. */
  #firstPage(): Page {
    if (this.account.email === undefined) return { kind: "sign-in" };
    const session = this.openedBefore;
    if (session === undefined || this.memory.onAir(session.sessionId) === undefined) return { kind: "start" };
    const { config, account, settings, memory } = this;
    return { kind: "session", live: new LiveSession({ config, account, settings, memory, session }) };
  }
}

function openPool({ region, userPoolClientId, awsEndpointUrl }: Config): () => Promise<SpeakerPool> {
  let pool: Promise<SpeakerPool> | undefined;
  return () => {
    pool ??= import("@babelcast/shared/cognito/cognito").then(
      ({ CognitoPool }) => new CognitoPool({ region, userPoolClientId, awsEndpointUrl }),
    );
    pool.catch(() => (pool = undefined));
    return pool;
  };
}

/** Where the browser forbids its storage, what is kept lasts as long as the page. */
function openStore(open: () => Storage): KeyValueStore {
  try {
    return open();
  } catch {
    const items = new Map<string, string>();
    return {
      getItem: (key) => items.get(key) ?? null,
      setItem: (key, value) => void items.set(key, value),
      removeItem: (key) => void items.delete(key),
    };
  }
}

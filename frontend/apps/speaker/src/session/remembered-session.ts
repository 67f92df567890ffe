/** The session that this browser has created last, so that a reload, or a browser that died, is no harm. */
import { Fields, MalformedError } from "@babelcast/shared/protocol/fields";
import type { KeyValueStore } from "@babelcast/shared/cognito/account";
import type { Wanted } from "../broadcast/broadcast-plan.js";

export interface RememberedSession {
  readonly sessionId: string;
  /** Whose session it is. */
  readonly email: string;
  readonly sourceLanguage: string;
  readonly targetLanguages: readonly string[];
  /** Page for the listeners of this session. */
  readonly listenerUrl: string;
  readonly joinKey: string | null;
  /** Epoch milliseconds. */
  readonly expiresAt: number;
  /** When the first word was spoken, epoch milliseconds; null before. */
  readonly startedAt: number | null;
  /** Where the next chunk begins, in samples since the session's first. */
  readonly nextSampleOffset: number;
}

/** The link that lets listeners in without a question; the key stays behind the `#`, which no server gets to see. */
export function invitation({ listenerUrl, joinKey }: Pick<RememberedSession, "listenerUrl" | "joinKey">): string {
  return joinKey === null ? listenerUrl : `${listenerUrl}#key=${encodeURIComponent(joinKey)}`;
}

/** Where things are kept: for good, and as long as the tab is open. */
export interface SessionStores {
  readonly lasting: KeyValueStore;
  readonly tab: KeyValueStore;
}

const SESSION_KEY = "babelcast.speaker-session";
const ON_AIR_KEY = "babelcast.speaker-on-air";

/** What a page that is loaded again goes on with by itself. */
export type GoesOn = Extract<Wanted, "live" | "paused" | "muted">;

/** Remembers one session. Where nothing can be stored, nothing is remembered, and everything else works. */
export class SessionMemory {
  readonly #stores: SessionStores;

  constructor(stores: SessionStores) {
    this.#stores = stores;
  }

  /** The session of this account that is not over, as far as this browser knows. */
  recall(email: string, nowMs: number): RememberedSession | undefined {
    const session = this.#read();
    return session?.email === email && session.expiresAt > nowMs ? session : undefined;
  }

  remember(session: RememberedSession): void {
    write(this.#stores.lasting, SESSION_KEY, JSON.stringify(session));
  }

  /** Changes what is remembered of a session, if it is still the remembered one. */
  update(sessionId: string, changes: Partial<Pick<RememberedSession, "startedAt" | "nextSampleOffset">>): void {
    const session = this.#read();
    if (session?.sessionId === sessionId) this.remember({ ...session, ...changes });
  }

  /** The session is over. */
  forget(): void {
    write(this.#stores.lasting, SESSION_KEY, null);
    this.setOnAir(null);
  }

  /** What this tab was doing in a session when it was loaded again; undefined in a new tab. */
  onAir(sessionId: string): GoesOn | undefined {
    const [id, wanted] = (read(this.#stores.tab, ON_AIR_KEY) ?? "").split(" ");
    if (id !== sessionId) return undefined;
    return wanted === "live" || wanted === "paused" || wanted === "muted" ? wanted : undefined;
  }

  setOnAir(onAir: { readonly sessionId: string; readonly wanted: GoesOn } | null): void {
    write(this.#stores.tab, ON_AIR_KEY, onAir === null ? null : `${onAir.sessionId} ${onAir.wanted}`);
  }

  #read(): RememberedSession | undefined {
    const text = read(this.#stores.lasting, SESSION_KEY);
    if (text === null) return undefined;
    try {
      const fields = new Fields(JSON.parse(text));
      return {
        sessionId: fields.text("sessionId"),
        email: fields.text("email"),
        sourceLanguage: fields.text("sourceLanguage"),
        targetLanguages: fields.texts("targetLanguages"),
        listenerUrl: fields.text("listenerUrl"),
        joinKey: fields.textOrNull("joinKey"),
        expiresAt: fields.integer("expiresAt"),
        startedAt: fields.integerOrNull("startedAt"),
        nextSampleOffset: fields.integer("nextSampleOffset"),
      };
    } catch (error) {
      if (error instanceof MalformedError || error instanceof SyntaxError) return undefined;
      throw error;
    }
  }
}

function read(store: KeyValueStore, key: string): string | null {
  try {
    return store.getItem(key);
  } catch {
    return null;
  }
}

function write(store: KeyValueStore, key: string, value: string | null): void {
  try {
    if (value === null) store.removeItem(key);
    else store.setItem(key, value);
  } catch {
    // A browser that stores nothing remembers nothing.
  }
}

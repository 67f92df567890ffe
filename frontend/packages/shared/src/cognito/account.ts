/** A speaker's account: who is signed in on this device, and an access token whenever one is needed. */

/** What went wrong, in terms that a text can be written for. */
export type AccountProblem =
  | "wrong-credentials"
  | "not-confirmed"
  | "password-reset-required"
  | "weak-password"
  | "account-exists"
  | "wrong-code"
  | "expired-code"
  | "code-not-sent"
  | "invalid-input"
  | "too-many-attempts"
  | "sign-up-closed"
  | "signed-out"
  | "unsupported-challenge"
  | "unreachable"
  | "unexpected";

/** A call to the user pool failed. */
export class AccountError extends Error {
  override readonly name = "AccountError";
  readonly problem: AccountProblem;

  constructor(problem: AccountProblem, options?: ErrorOptions) {
    super(problem, options);
    this.problem = problem;
  }
}

/** What a sign-in gives. */
export interface Tokens {
  readonly accessToken: string;
  /** Seconds from now until the access token is no longer accepted. */
  readonly expiresInS: number;
  readonly refreshToken: string;
}

/** Signed in, or first a password of one's own is to be chosen in the place of an operator's. */
export type SignInAnswer =
  | { readonly kind: "signed-in"; readonly tokens: Tokens }
  | { readonly kind: "new-password"; readonly challenge: string };

/** The user pool. Every call rejects with `AccountError` alone. */
export interface SpeakerPool {
  signIn(email: string, password: string): Promise<SignInAnswer>;
  /** @param challenge - From the answer of `signIn`. */
  answerNewPassword(email: string, newPassword: string, challenge: string): Promise<SignInAnswer>;
  /** Rejects with `signed-out` when the token is no longer good. */
  refresh(refreshToken: string): Promise<Tokens>;
  /** The refresh token is not accepted any more afterwards. */
  signOut(refreshToken: string): Promise<void>;
  /** Rejects with `sign-up-closed` where accounts are made by an operator. */
  signUp(email: string, password: string): Promise<"confirmed" | "code-sent">;
  confirmSignUp(email: string, code: string): Promise<void>;
  resendCode(email: string): Promise<void>;
  /** Sends a code by e-mail. */
  forgotPassword(email: string): Promise<void>;
  confirmForgotPassword(email: string, code: string, newPassword: string): Promise<void>;
}

/** What of the Web Storage API is needed. */
export type KeyValueStore = Pick<Storage, "getItem" | "setItem" | "removeItem">;

/** Where a signed-in account is kept: for good, or until the browser is closed. */
export interface AccountStores {
  readonly lasting: KeyValueStore;
  readonly passing: KeyValueStore;
}

const STORE_KEY = "babelcast.speaker-account";
const RENEW_BEFORE_EXPIRY_MS = 120_000;

interface Remembered {
  readonly email: string;
  readonly refreshToken: string;
}

/**
 * Keeps one account signed in.
 *
 * The refresh token is remembered by the browser, the access token in memory alone.
 */
export class SpeakerAccount {
  readonly #pool: () => Promise<SpeakerPool>;
  readonly #stores: AccountStores;
  readonly #now: () => number;
  #store: KeyValueStore;
  #remembered: Remembered | undefined;
  #accessToken: { readonly token: string; readonly expiresAtMs: number } | undefined;
  #renewing: Promise<string> | undefined;

  /**
   * @param pool - Gives the user pool; asked when it is needed first.
   * @param now - Milliseconds of a clock that goes on while the device sleeps.
   */
  constructor(pool: () => Promise<SpeakerPool>, stores: AccountStores, now: () => number = Date.now) {
    this.#pool = pool;
    this.#stores = stores;
    this.#now = now;
    this.#store = stores.lasting;
    for (const store of [stores.passing, stores.lasting]) {
      const remembered = readRemembered(store);
      if (remembered !== undefined) {
        this.#remembered = remembered;
        this.#store = store;
        break;
      }
    }
  }

  /** The address of the account that is signed in, or undefined. */
  get email(): string | undefined {
    return this.#remembered?.email;
  }

  /** Take the tokens of a sign-in. @param lasting - Remember them when the browser is closed. */
  keep(email: string, tokens: Tokens, lasting: boolean): void {
    this.#forget();
    this.#store = lasting ? this.#stores.lasting : this.#stores.passing;
    this.#take(email, tokens);
  }

  /**
   * An access token that is good for two more minutes at least.
   *
   * @throws AccountError `signed-out` when nobody is signed in, or no longer; `unreachable` may pass.
   */
  async accessToken(): Promise<string> {
    const current = this.#accessToken;
    if (current !== undefined && this.#now() < current.expiresAtMs - RENEW_BEFORE_EXPIRY_MS) {
      return current.token;
    }
    this.#renewing ??= this.#renew().finally(() => {
      this.#renewing = undefined;
    });
    return this.#renewing;
  }

  /** The access token was refused: the next one is a new one. */
  discardAccessToken(): void {
    this.#accessToken = undefined;
  }

  /** Forget the account on this device, and ask the pool to forget its token, where it can be reached. */
  async signOut(): Promise<void> {
    const refreshToken = this.#remembered?.refreshToken;
    this.#forget();
    if (refreshToken !== undefined) {
      try {
        await (await this.#pool()).signOut(refreshToken);
      } catch {
        // The token is forgotten here; it ends by itself where it could not be revoked.
      }
    }
  }

  async #renew(): Promise<string> {
    const remembered = this.#remembered;
    if (remembered === undefined) {
      throw new AccountError("signed-out");
    }
    try {
      const tokens = await (await this.#pool()).refresh(remembered.refreshToken);
      if (this.#remembered !== remembered) {
        throw new AccountError("signed-out");
      }
      this.#take(remembered.email, tokens);
      return tokens.accessToken;
    } catch (error) {
      if (error instanceof AccountError) {
        if (error.problem === "signed-out" && this.#remembered === remembered) {
          this.#forget();
        }
        throw error;
      }
      throw new AccountError("unreachable", { cause: error });
    }
  }

  #take(email: string, tokens: Tokens): void {
    this.#accessToken = { token: tokens.accessToken, expiresAtMs: this.#now() + tokens.expiresInS * 1_000 };
    this.#remembered = { email, refreshToken: tokens.refreshToken };
    try {
      this.#store.setItem(STORE_KEY, JSON.stringify(this.#remembered));
    } catch {
      // A browser that stores nothing forgets the account with the page.
    }
  }

  #forget(): void {
    this.#accessToken = undefined;
    this.#remembered = undefined;
    for (const store of [this.#stores.lasting, this.#stores.passing]) {
      try {
        store.removeItem(STORE_KEY);
      } catch {
        // What was never stored need not be removed.
      }
    }
  }
}

function readRemembered(store: KeyValueStore): Remembered | undefined {
  try {
    const value: unknown = JSON.parse(store.getItem(STORE_KEY) ?? "null");
    if (typeof value === "object" && value !== null && "email" in value && "refreshToken" in value) {
      const { email, refreshToken } = value;
      if (typeof email === "string" && typeof refreshToken === "string") {
        return { email, refreshToken };
      }
    }
  } catch {
    // Unreadable, or no storage: nobody is signed in.
  }
  return undefined;
}

import type { Config } from "@babelcast/shared/config";
import { wakeWithBrowser } from "@babelcast/shared/connection/connection";
import { CONNECTION_BACKOFF, retryDelayMs } from "@babelcast/shared/connection/reconnect-policy";
import { HttpApiError } from "@babelcast/shared/protocol/http-api";
import { signal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { loadOffer, type Offer } from "./offer";

/** Where a search stands; codes are those of docs/protocol.md, or `UNREACHABLE`. */
export type SearchState =
  /** `trouble`: why it takes long, once it does; it goes on all the same. */
  | { readonly kind: "looking"; readonly trouble: string | undefined }
  | { readonly kind: "found"; readonly offer: Offer }
  /** The server has an answer, and it is no. */
  | { readonly kind: "failed"; readonly code: string };

/** Shorter trouble is over before anybody has read of it. */
const TELL_AFTER_MS = 4_000;
/** A request that has been under way for so long when the network comes back is asked again. */
const HANGING_MS = 2_000;
const NO_ANSWER = { code: "UNREACHABLE", retryable: true };

/**
 * Looks for a session until there is an answer. What may pass, and what is no answer, is asked again with growing,
 * jittered waits, and at once when the browser or somebody before it wakes it.
 */
export class OfferSearch {
  readonly state = signal<SearchState>({ kind: "looking", trouble: undefined });
  readonly #config: Config;
  readonly #sessionId: string;
  readonly #random: () => number;
  #stopWaking = (): void => undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #startedAt = 0;
  /** When the newest request was sent; undefined while none is under way. */
  #askedAt: number | undefined;
  #attempt = 0;
  #failures = 0;
  #isClosed = false;

  /** @param random - As `Math.random`. */
  constructor(config: Config, sessionId: string, random: () => number = Math.random) {
    this.#config = config;
    this.#sessionId = sessionId;
    this.#random = random;
  }

  start(): void {
    this.#startedAt = performance.now();
    this.#stopWaking = wakeWithBrowser({ wake: () => this.#wake(), doubt: () => undefined });
    this.#ask();
  }

  /** Somebody wants to know now, whatever the answer was. */
  again(): void {
    this.state.value = { kind: "looking", trouble: undefined };
    this.#wake();
  }

  close(): void {
    this.#isClosed = true;
    this.#stopWaking();
    clearTimeout(this.#timer);
  }

  #wake(): void {
    if (this.state.peek().kind !== "looking") return;
    this.#failures = 0;
    if (this.#askedAt === undefined || performance.now() - this.#askedAt > HANGING_MS) this.#ask();
  }

  #ask(): void {
    clearTimeout(this.#timer);
    this.#askedAt = performance.now();
    const attempt = ++this.#attempt;
    loadOffer(this.#config, this.#sessionId).then(
      (offer) => {
        // Also of a request that was thought to hang.
        if (this.#isClosed || this.state.peek().kind !== "looking") return;
        this.#askedAt = undefined;
        this.#attempt++;
        clearTimeout(this.#timer);
        this.state.value = { kind: "found", offer };
      },
      (error: unknown) => {
        if (attempt === this.#attempt && !this.#isClosed) this.#takeFailure(error);
      },
    );
  }

  #takeFailure(error: unknown): void {
    this.#askedAt = undefined;
    const { code, retryable } = error instanceof HttpApiError ? error : NO_ANSWER;
    if (!retryable) {
      this.state.value = { kind: "failed", code };
      return;
    }
    this.#failures++;
    if (performance.now() - this.#startedAt >= TELL_AFTER_MS) this.state.value = { kind: "looking", trouble: code };
    this.#timer = setTimeout(() => this.#ask(), retryDelayMs(CONNECTION_BACKOFF, this.#failures, this.#random));
  }
}

/** A search for as long as a page wants it; none while there is nothing to look for. */
export function useOfferSearch(config: Config, sessionId: string | undefined): OfferSearch | undefined {
  const search = useMemo(
    () => (sessionId === undefined ? undefined : new OfferSearch(config, sessionId)),
    [config, sessionId],
  );
  useEffect(() => {
    search?.start();
    return () => search?.close();
  }, [search]);
  return search;
}

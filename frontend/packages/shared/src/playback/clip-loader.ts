import { type Backoff, DOWNLOAD_BACKOFF, retryDelayMs } from "../connection/reconnect-policy.js";

/** Storage refuses the address: it has expired, or there is nothing there. Trying the same again is vain. */
export class ClipRefusedError extends Error {
  override name = "ClipRefusedError";
}

/** A clip could not be downloaded in time. */
export class ClipUnavailableError extends Error {
  override name = "ClipUnavailableError";
}

export interface LoaderOptions {
  /** Clips on their way at the same time at most; later ones wait in the order of asking. */
  readonly parallel?: number;
  /** For one attempt. */
  readonly attemptTimeoutMs?: number;
  /** A failing network is tried again for so long; longer than a listener's network is away while clips stay fresh. */
  readonly giveUpMs?: number;
  readonly backoff?: Backoff;
  readonly random?: () => number;
}

const REFUSALS: readonly number[] = [400, 403, 404, 410];

/** Downloads clips by their presigned addresses, a few at a time and each more than once if need be. */
export class ClipLoader {
  readonly #parallel: number;
  readonly #attemptTimeoutMs: number;
  readonly #giveUpMs: number;
  readonly #backoff: Backoff;
  readonly #random: () => number;
  readonly #queue: (() => void)[] = [];
  readonly #stopping = new AbortController();
  #running = 0;

  constructor(options: LoaderOptions = {}) {
    this.#parallel = options.parallel ?? 3;
    this.#attemptTimeoutMs = options.attemptTimeoutMs ?? 10_000;
    this.#giveUpMs = options.giveUpMs ?? 60_000;
    this.#backoff = options.backoff ?? DOWNLOAD_BACKOFF;
    this.#random = options.random ?? Math.random;
  }

  /**
   * The clip's bytes.
   *
   * @throws {@link ClipRefusedError} when storage refuses the address, {@link ClipUnavailableError} after trying in vain.
   */
  async load(url: string): Promise<ArrayBuffer> {
    await this.#turn();
    try {
      const giveUpAt = Date.now() + this.#giveUpMs;
      for (let failures = 1; ; failures++) {
        const bytes = await this.#attempt(url);
        if (bytes !== undefined) return bytes;
        const delayMs = retryDelayMs(this.#backoff, failures, this.#random);
        if (this.#stopping.signal.aborted || Date.now() + delayMs > giveUpAt) throw new ClipUnavailableError();
        await new Promise((resolve) => setTimeout(resolve, delayMs));
      }
    } finally {
      this.#running--;
      this.#queue.shift()?.();
    }
  }

  /** Ends what is on its way. */
  stop(): void {
    this.#stopping.abort();
  }

  async #turn(): Promise<void> {
    while (this.#running >= this.#parallel) await new Promise<void>((resolve) => this.#queue.push(resolve));
    this.#running++;
  }

  async #attempt(url: string): Promise<ArrayBuffer | undefined> {
    const controller = new AbortController();
    const abort = (): void => controller.abort();
    const timer = setTimeout(abort, this.#attemptTimeoutMs);
    this.#stopping.signal.addEventListener("abort", abort);
    try {
      const response = await fetch(url, {
        signal: controller.signal,
        credentials: "omit",
        referrerPolicy: "no-referrer",
      });
      if (REFUSALS.includes(response.status)) throw new ClipRefusedError();
      if (!response.ok) return undefined;
      const bytes = await response.arrayBuffer();
      return bytes.byteLength > 0 ? bytes : undefined;
    } catch (error) {
      if (error instanceof ClipRefusedError) throw error;
      return undefined;
    } finally {
      clearTimeout(timer);
      this.#stopping.signal.removeEventListener("abort", abort);
    }
  }
}

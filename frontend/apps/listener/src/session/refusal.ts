import type { Diagnosis } from "@babelcast/shared/connection/connection";
import { HttpApiError, showSession } from "@babelcast/shared/protocol/http-api";
import { signal } from "@preact/signals";

/** Who is refused. */
export interface Refused {
  readonly sessionId: string;
  readonly language: string;
  readonly joinKey: string | undefined;
  /** They may fetch the last words of a session that has ended while they were away. */
  readonly wasThere: boolean;
}

/**
 * Handshakes of somebody who was there that fail after the end before it is believed that they come too late. The server
 * does not say how long ago the end was, and a handshake also fails when the network does.
 */
const TRIES_AFTER_THE_END = 4;

/**
 * Why a listener's handshakes fail. Browsers do not tell pages how a handshake was answered, so the HTTP API is asked,
 * the join key included: without a clear answer it is the network's fault, and the connection goes on trying.
 */
export class RefusalCheck {
  /** Whether the API last answered that it is asked too often, which goes for the handshakes as well. */
  readonly isTooOften = signal(false);
  readonly #httpApiUrl: string;
  #failedAfterTheEnd = 0;

  constructor(httpApiUrl: string) {
    this.#httpApiUrl = httpApiUrl;
  }

  async ask({ sessionId, language, joinKey, wasThere }: Refused): Promise<Diagnosis> {
    try {
      const facts = await showSession(this.#httpApiUrl, sessionId, joinKey);
      this.isTooOften.value = false;
      if (facts.state === "ended") return this.#judgeEnd(wasThere);
      if (!facts.targetLanguages.includes(language)) return { refused: "UNSUPPORTED_LANGUAGE" };
      return facts.joinKeyRequired && joinKey === undefined ? { refused: "NOT_ALLOWED" } : "unreachable";
    } catch (error) {
      const code = error instanceof HttpApiError ? error.code : undefined;
      this.isTooOften.value = code === "RATE_LIMITED";
      switch (code) {
        case "NOT_ALLOWED":
          return { refused: "NOT_ALLOWED" };
        case "SESSION_NOT_FOUND":
        case "INVALID_MESSAGE":
          return { refused: "SESSION_NOT_FOUND" };
        default:
          return "unreachable";
      }
    }
  }

  #judgeEnd(wasThere: boolean): Diagnosis {
    this.#failedAfterTheEnd++;
    const isOver = !wasThere || this.#failedAfterTheEnd >= TRIES_AFTER_THE_END;
    return isOver ? { refused: "SESSION_ENDED" } : "unreachable";
  }
}

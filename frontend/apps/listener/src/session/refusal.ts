import type { Diagnosis } from "@babelcast/shared/connection/connection";
import { HttpApiError, showSession } from "@babelcast/shared/protocol/http-api";

/**
 * Why a listener's handshake failed, as far as the HTTP API tells.
 *
 * @param wasJoined - Whoever was let in before had the right key.
 */
export async function whyRefused(
  httpApiUrl: string,
  sessionId: string,
  language: string,
  wasJoined: boolean,
): Promise<Diagnosis> {
  try {
    const facts = await showSession(httpApiUrl, sessionId);
    if (facts.state === "ended") return { refused: "SESSION_ENDED" };
    if (!facts.targetLanguages.includes(language)) return { refused: "UNSUPPORTED_LANGUAGE" };
    return facts.joinKeyRequired && !wasJoined ? { refused: "NOT_ALLOWED" } : "unreachable";
  } catch (error) {
    const isGone = error instanceof HttpApiError && ["SESSION_NOT_FOUND", "INVALID_MESSAGE"].includes(error.code);
    return isGone ? { refused: "SESSION_NOT_FOUND" } : "unreachable";
  }
}

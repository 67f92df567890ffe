import { HttpApiError } from "@babelcast/shared/protocol/http-api";
import { t } from "../t";

/** Code of what went wrong with a session that was asked for; see docs/protocol.md. */
export function failureCode(error: unknown): string {
  return error instanceof HttpApiError ? error.code : "UNREACHABLE";
}

/** What it means and what can be done about it, in a sentence. */
export function explainFailure(code: string): string {
  switch (code) {
    case "SESSION_NOT_FOUND":
    case "INVALID_MESSAGE":
      return t.notFound;
    case "SESSION_ENDED":
      return t.alreadyEnded;
    case "UNSUPPORTED_LANGUAGE":
      return t.noSuchLanguage;
    case "NOT_ALLOWED":
      return t.wrongJoinKey;
    case "RATE_LIMITED":
      return t.tooOften;
    default:
      return t.unreachable;
  }
}

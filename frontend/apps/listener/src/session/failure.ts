import { t } from "../t";

/** What a code of docs/protocol.md means for somebody who wants in, and what can be done about it. */
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

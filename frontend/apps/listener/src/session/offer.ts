import type { Config } from "@babelcast/shared/config";
import { type Language, type SessionFacts, showSession } from "@babelcast/shared/protocol/http-api";

/** A session and the languages it is offered in. */
export interface Offer {
  readonly facts: SessionFacts;
  readonly languages: readonly Language[];
  /** Looks up a language of the session, its source among them. */
  readonly languageOf: (code: string) => Language;
}

/** @throws HttpApiError as the HTTP API has it. */
export async function loadOffer(config: Config, sessionId: string): Promise<Offer> {
  const facts = await showSession(config.httpApiUrl, sessionId);
  const known = new Map(facts.languages.map((language) => [language.code, language]));
  const languageOf = (code: string): Language =>
    known.get(code) ?? { code, name: code, nativeName: code, spoken: true, rightToLeft: false };
  return { facts, languages: facts.targetLanguages.map(languageOf), languageOf };
}

/** The languages for a picker: the preferred ones first, then by their own names. */
export function inPickingOrder(languages: readonly Language[], preferred: readonly string[]): readonly Language[] {
  const rank = (language: Language): number => {
    const at = preferred.indexOf(language.code);
    return at === -1 ? preferred.length : at;
  };
  // One order for all scripts: Latin, Greek, Cyrillic, Hebrew, Arabic … Chinese.
  const byName = new Intl.Collator("en");
  return [...languages].sort(
    (one, other) => rank(one) - rank(other) || byName.compare(one.nativeName, other.nativeName),
  );
}

/** Whether a language is meant by what somebody types into a picker, in its own name, in English or as a code. */
export function isMeant(language: Language, typed: string): boolean {
  const wanted = plain(typed);
  return [language.nativeName, language.name, language.code].some((name) => plain(name).includes(wanted));
}

function plain(text: string): string {
  return text
    .normalize("NFD")
    .replace(/\p{Diacritic}/gu, "")
    .trim()
    .toLowerCase();
}

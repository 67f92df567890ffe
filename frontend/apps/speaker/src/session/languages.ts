/** The stage's languages: fetched once, shown with their own names. */
import { type Language, type Languages, listLanguages } from "@babelcast/shared/protocol/http-api";
import { type Signal, signal } from "@preact/signals";

export type LanguagesState =
  | { readonly kind: "loading" }
  | { readonly kind: "loaded"; readonly languages: Languages }
  | { readonly kind: "failed" };

/** Fetches the languages; `load` may be called again after a failure. */
export class LanguageList {
  readonly state: Signal<LanguagesState> = signal({ kind: "loading" });
  readonly #httpApiUrl: string;

  constructor(httpApiUrl: string) {
    this.#httpApiUrl = httpApiUrl;
  }

  async load(): Promise<void> {
    if (this.state.value.kind === "loaded") return;
    this.state.value = { kind: "loading" };
    try {
      this.state.value = { kind: "loaded", languages: await listLanguages(this.#httpApiUrl) };
    } catch {
      this.state.value = { kind: "failed" };
    }
  }

  /** A language's own name, or its code where it is not known. */
  nativeName(code: string): string {
    const { value } = this.state;
    if (value.kind !== "loaded") return code;
    const { sourceLanguages, targetLanguages } = value.languages;
    const found = [...targetLanguages, ...sourceLanguages].find((language) => language.code === code);
    return found?.nativeName ?? code;
  }
}

/** Those whose code or name, in English or their own, has what was typed; accents and case do not matter. */
export function findLanguages(languages: readonly Language[], typed: string): readonly Language[] {
  const wanted = fold(typed);
  if (wanted === "") return languages;
  return languages.filter(({ code, name, nativeName }) =>
    [code, name, nativeName].some((text) => fold(text).includes(wanted)),
  );
}

function fold(text: string): string {
  return text
    .normalize("NFD")
    .replace(/\p{Diacritic}/gu, "")
    .toLowerCase()
    .trim();
}

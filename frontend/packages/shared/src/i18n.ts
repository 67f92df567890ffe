/** Interface texts: one object per language and app, chosen from what the browser prefers. */

/** Texts of one app by language; every language has what English has. */
export type TextsByLanguage<T> = Readonly<Record<"en", T> & Record<string, T>>;

/** Texts in the language that was chosen. */
export interface ChosenTexts<T> {
  /** For `<html lang>`. */
  language: string;
  texts: T;
}

/**
 * Chooses the texts.
 *
 * @param preferred - As `navigator.languages`, the best first.
 */
export function chooseTexts<T>(
  available: TextsByLanguage<T>,
  preferred: readonly string[] = navigator.languages,
): ChosenTexts<T> {
  const language = matchLanguage(Object.keys(available), preferred) ?? "en";
  return { language, texts: available[language] ?? available.en };
}

/**
 * The first preference that is offered: `pt-BR` before `pt`, and `pt` for `pt-BR` when there is nothing closer;
 * Chinese goes by its script (`zh-Hant`, `zh-HK` → `zh-TW`). Undefined when nothing fits.
 */
export function matchLanguage(offered: readonly string[], preferred: readonly string[]): string | undefined {
  const byLowerCase = new Map(offered.map((code) => [code.toLowerCase(), code]));
  for (const wanted of preferred) {
    for (const candidate of candidates(wanted.toLowerCase())) {
      const found = byLowerCase.get(candidate);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

const OLD_NAMES: Readonly<Record<string, string>> = { iw: "he", in: "id", nb: "no", nn: "no", fil: "tl" };

function candidates(wanted: string): readonly string[] {
  const [language = "", ...rest] = wanted.split("-");
  const renamed = OLD_NAMES[language] ?? language;
  const traditional = language === "zh" && rest.some((part) => ["hant", "tw", "hk", "mo"].includes(part));
  return [wanted, ...(traditional ? ["zh-tw"] : []), language, renamed];
}

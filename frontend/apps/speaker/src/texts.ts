/** The interface's words: one file per language, the one in use chosen by the browser. */
import { chooseTexts, type TextsByLanguage } from "@babelcast/shared/i18n";
import { en, type Texts } from "./texts/en.js";
import { es } from "./texts/es.js";
import { fr } from "./texts/fr.js";

const ALL: TextsByLanguage<Texts> = { en, es, fr };

const chosen = chooseTexts<Texts>(ALL);

/** What the interface says. */
export const texts = chosen.texts;

/** The language it says it in. */
export const interfaceLanguage = chosen.language;

/** The room's title in every language there is, the interface's own first. */
export const roomTitles: readonly { readonly language: string; readonly title: string }[] = [
  interfaceLanguage,
  ...Object.keys(ALL).filter((language) => language !== interfaceLanguage),
].map((language) => ({ language, title: (ALL[language] ?? en).room.title }));

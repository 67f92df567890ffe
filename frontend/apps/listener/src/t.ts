import { chooseTexts } from "@babelcast/shared/i18n";
import { TEXTS } from "./texts";

const chosen = chooseTexts(TEXTS);

/** The interface's texts in the reader's language. */
export const t = chosen.texts;

/** For `<html lang>`. */
export const interfaceLanguage = chosen.language;

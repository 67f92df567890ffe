/** Session ids such as `joyful-hope-911`: an adjective, a noun and three digits. */

const FORM = /^([a-z]{2,12})-([a-z]{2,12})-([0-9]{3})$/;
const DIGITS = 3;

/**
 * Reads an id as people type, paste or dictate it: in any case, with spaces, dots, underscores or any kind of dash
 * between its parts. The digits need no separator; the two words do.
 *
 * @returns The id, or undefined when it cannot be one.
 */
export function readSessionId(typed: string): string | undefined {
  const words = typed
    .normalize("NFKC")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(new RegExp(`([a-z])([0-9]{${DIGITS}})-?$`), "$1-$2")
    .replace(/^-|-$/g, "")
    // Digits that were dictated one by one.
    .replace(/-([0-9])-([0-9])-([0-9])$/, "-$1$2$3");
  return FORM.test(words) ? words : undefined;
}

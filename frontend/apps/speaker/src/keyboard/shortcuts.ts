/** Keys that act on the session page. Pure. */

export type ShortcutAction = "live" | "pause" | "mute" | "room" | "copy" | "end" | "louder" | "softer" | "help";

/** The keys as they are listed, in the order of use. */
export const SHORTCUTS: readonly { readonly keys: readonly string[]; readonly action: ShortcutAction }[] = [
  { keys: ["L"], action: "live" },
  { keys: ["P"], action: "pause" },
  { keys: ["M"], action: "mute" },
  { keys: ["R"], action: "room" },
  { keys: ["C"], action: "copy" },
  { keys: ["E"], action: "end" },
  { keys: ["+"], action: "louder" },
  { keys: ["-", "−"], action: "softer" },
  { keys: ["?"], action: "help" },
];

/** The part of a `KeyboardEvent` that matters. */
export interface KeyPress {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly altKey: boolean;
  readonly metaKey: boolean;
  readonly repeat: boolean;
  readonly isComposing: boolean;
}

/** What a key press asks for; undefined for one that belongs to the browser or to nobody. */
export function findShortcut(press: KeyPress): ShortcutAction | undefined {
  if (press.ctrlKey || press.altKey || press.metaKey || press.isComposing) return undefined;
  const wanted = press.key.toUpperCase();
  const action = SHORTCUTS.find(({ keys }) => keys.includes(wanted))?.action;
  const mayRepeat = action === "louder" || action === "softer";
  return press.repeat && !mayRepeat ? undefined : action;
}

/** Whether a key belongs to the element that has the focus, such as a field that is typed in. */
export function takesKeys(
  element: Pick<Element, "tagName"> & { readonly type?: string; readonly isContentEditable?: boolean },
): boolean {
  if (element.isContentEditable === true) return true;
  if (element.tagName === "TEXTAREA" || element.tagName === "SELECT") return true;
  return element.tagName === "INPUT" && !["checkbox", "radio", "range", "button"].includes(element.type ?? "text");
}

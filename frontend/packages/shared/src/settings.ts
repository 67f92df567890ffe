/** Settings that outlive the page, in localStorage; where that is forbidden or full they last as long as the page. */
import { type Signal, signal } from "@preact/signals";

/** Reads one setting from what was stored; undefined refuses it, and the default holds. */
export type SettingReader<T> = (stored: unknown) => T | undefined;

/** One {@link SettingReader} for each setting. */
export type SettingReaders<T> = { readonly [Name in keyof T]: SettingReader<T[Name]> };

export interface Settings<T> {
  /** The current values; reading it in a component subscribes to them. */
  readonly values: Signal<T>;
  /** Changes some and stores all. */
  change(changes: Partial<T>): void;
}

/**
 * Opens the settings of an app.
 *
 * @param key - Name in localStorage, such as `babelcast.listener`.
 * @param defaults - Of every setting.
 * @param readers - Accept what is stored; what an older or newer version has left behind is dropped one by one.
 */
export function openSettings<T extends object>(key: string, defaults: T, readers: SettingReaders<T>): Settings<T> {
  const values = signal<T>({ ...defaults, ...readStored(key, readers) });
  return {
    values,
    change(changes) {
      values.value = { ...values.value, ...changes };
      try {
        localStorage.setItem(key, JSON.stringify(values.value));
      } catch {
        // Private windows and full storages refuse; the values hold until the page is closed.
      }
    },
  };
}

function readStored<T extends object>(key: string, readers: SettingReaders<T>): Partial<T> {
  let stored: unknown;
  try {
    stored = JSON.parse(localStorage.getItem(key) ?? "{}");
  } catch {
    return {};
  }
  if (typeof stored !== "object" || stored === null) return {};
  const accepted: Partial<T> = {};
  for (const name of Object.keys(readers) as (keyof T & string)[]) {
    const value = readers[name]((stored as Record<string, unknown>)[name]);
    if (value !== undefined) accepted[name] = value;
  }
  return accepted;
}

/** Accepts true and false. */
export const readTruth: SettingReader<boolean> = (stored) => (typeof stored === "boolean" ? stored : undefined);

/** Accepts any text up to 200 characters. */
export const readText: SettingReader<string> = (stored) =>
  typeof stored === "string" && stored.length <= 200 ? stored : undefined;

/** Accepts numbers of a closed range. */
export function readNumber(lowest: number, highest: number): SettingReader<number> {
  return (stored) => (typeof stored === "number" && stored >= lowest && stored <= highest ? stored : undefined);
}

/** Accepts the members of a closed set. */
export function readChoice<const T extends string>(choices: readonly T[]): SettingReader<T> {
  return (stored) => choices.find((choice) => choice === stored);
}

import { openSettings, readChoice, readNumber, readText, readTruth } from "@babelcast/shared/settings";

export const TEXT_SIZES = [70, 85, 100, 125, 160, 200] as const;
const THEMES = ["auto", "light", "dark"] as const;
const CONTRASTS = ["auto", "normal", "high"] as const;

export interface ListenerSettings {
  /** Index into {@link TEXT_SIZES}, which are percentages. */
  textSize: number;
  theme: (typeof THEMES)[number];
  contrast: (typeof CONTRASTS)[number];
  showOriginal: boolean;
  /** 0–1; the speaker's volume comes on top. */
  volume: number;
  screenOn: boolean;
  /** Last chosen; empty before the first choice. */
  language: string;
}

export const settings = openSettings<ListenerSettings>(
  "babelcast.listener",
  {
    textSize: 2,
    theme: "auto",
    contrast: "auto",
    showOriginal: false,
    volume: 1,
    screenOn: true,
    language: "",
  },
  {
    textSize: (stored) => {
      const index = readNumber(0, TEXT_SIZES.length - 1)(stored);
      return index !== undefined && Number.isInteger(index) ? index : undefined;
    },
    theme: readChoice(THEMES),
    contrast: readChoice(CONTRASTS),
    showOriginal: readTruth,
    volume: readNumber(0, 1),
    screenOn: readTruth,
    language: readText,
  },
);

/** Puts theme and contrast on the root element, where the style sheet looks for them. */
export function applyAppearance({ theme, contrast }: Pick<ListenerSettings, "theme" | "contrast">): void {
  const root = document.documentElement;
  if (theme === "auto") delete root.dataset["theme"];
  else root.dataset["theme"] = theme;
  if (contrast === "auto") delete root.dataset["contrast"];
  else root.dataset["contrast"] = contrast;
}

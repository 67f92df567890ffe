/** Captions as files, made in the browser. Times are those of the speech, since the session's first sample. */
import type { Caption } from "./caption-list.js";

export type CaptionFormat = "txt" | "srt" | "vtt";

export const CAPTION_MEDIA_TYPES: Readonly<Record<CaptionFormat, string>> = {
  txt: "text/plain;charset=utf-8",
  srt: "application/x-subrip;charset=utf-8",
  vtt: "text/vtt;charset=utf-8",
};

export interface CaptionFileOptions {
  /** First line of a text file. */
  readonly title: string;
  /** Adds the source text below the translation. */
  readonly withOriginal: boolean;
}

/** Subtitles shorter than this cannot be read. */
const MIN_CUE_MS = 700;

/** A file's content; a text file has every caption, the others those whose times are known. */
export function captionFile(format: CaptionFormat, captions: readonly Caption[], options: CaptionFileOptions): string {
  switch (format) {
    case "txt":
      return textFile(captions, options);
    case "srt":
      return cues(captions)
        .map((cue, index) => {
          const text = lines(cue.caption, options).map((line) => line.replaceAll("-->", "→"));
          return `${index + 1}\n${clock(cue.startMs, ",")} --> ${clock(cue.endMs, ",")}\n${text.join("\n")}\n`;
        })
        .join("\n");
    case "vtt":
      return [
        "WEBVTT\n",
        ...cues(captions).map((cue) => {
          const text = lines(cue.caption, options).map(escapeVtt);
          return `${cue.caption.number}\n${clock(cue.startMs, ".")} --> ${clock(cue.endMs, ".")}\n${text.join("\n")}\n`;
        }),
      ].join("\n");
  }
}

function textFile(captions: readonly Caption[], options: CaptionFileOptions): string {
  const paragraphs = captions.map((caption) => {
    const at = caption.spoken === null ? "" : `[${clock(caption.spoken.startMs, ".").slice(0, 8)}] `;
    return at + lines(caption, options).join("\n");
  });
  return `${[options.title, ...paragraphs].join("\n\n")}\n`;
}

interface Cue {
  readonly caption: Caption;
  readonly startMs: number;
  readonly endMs: number;
}

/** A cue lasts as long as its words, and a short one longer, but never into the next. */
function cues(captions: readonly Caption[]): readonly Cue[] {
  const timed = captions.flatMap((caption) => (caption.spoken === null ? [] : [{ caption, ...caption.spoken }]));
  return timed.map((cue, index) => {
    const nextMs = timed[index + 1]?.startMs ?? Infinity;
    const endMs = Math.max(cue.endMs, Math.min(cue.startMs + MIN_CUE_MS, nextMs));
    return { ...cue, endMs: Math.max(endMs, cue.startMs + 1) };
  });
}

function lines(caption: Caption, options: CaptionFileOptions): readonly string[] {
  const texts = [caption.text];
  if (options.withOriginal && caption.status === "translated") texts.push(caption.sourceText);
  return texts.map((text) => text.replace(/\s+/g, " ").trim());
}

function escapeVtt(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** `hh:mm:ss` and milliseconds. */
function clock(timeMs: number, separator: "," | "."): string {
  const whole = Math.max(0, Math.round(timeMs));
  const parts = [Math.floor(whole / 3_600_000), Math.floor(whole / 60_000) % 60, Math.floor(whole / 1_000) % 60];
  const digits = parts.map((part) => String(part).padStart(2, "0")).join(":");
  return `${digits}${separator}${String(whole % 1_000).padStart(3, "0")}`;
}

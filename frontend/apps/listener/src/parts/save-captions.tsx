import { CAPTION_MEDIA_TYPES, captionFile, type CaptionFormat } from "@babelcast/shared/captions/caption-files";
import type { Listening } from "../session/listening";
import { settings } from "../settings";
import { t } from "../t";

const FORMATS: readonly CaptionFormat[] = ["txt", "srt", "vtt"];

/** The buttons that save what has been said so far. */
export function SaveCaptions({ onSave }: { onSave: (format: CaptionFormat) => void }) {
  return (
    <div class="save-captions">
      <div>
        <span id="save-captions">{t.saveCaptions}</span>
        <p class="soft">{t.saveHint}</p>
      </div>
      <div class="formats" role="group" aria-labelledby="save-captions">
        {FORMATS.map((format) => (
          <button key={format} type="button" class="button" onClick={() => onSave(format)}>
            {format.toUpperCase()}
          </button>
        ))}
      </div>
    </div>
  );
}

/** Makes the file in the browser and offers it as a download. */
export function saveCaptions(listening: Listening, languageName: string, format: CaptionFormat): void {
  const { sessionId, language, captions } = listening;
  const content = captionFile(format, captions.value, {
    title: `${sessionId} · ${languageName} · ${new Date().toISOString().slice(0, 10)}`,
    withOriginal: settings.values.value.showOriginal,
  });
  const url = URL.createObjectURL(new Blob([content], { type: CAPTION_MEDIA_TYPES[format] }));
  const link = document.createElement("a");
  link.href = url;
  link.download = `${sessionId}.${language.value}.${format}`;
  link.click();
  // The download has begun by then.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

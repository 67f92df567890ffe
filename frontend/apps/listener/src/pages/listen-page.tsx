import type { CaptionFormat } from "@babelcast/shared/captions/caption-files";
import { unspokenNow } from "@babelcast/shared/captions/caption-list";
import { keepScreenOn } from "@babelcast/shared/wake-lock";
import { useEffect, useState } from "preact/hooks";
import { CaptionStream } from "../parts/caption-stream";
import { GlobeIcon, TextIcon } from "../parts/icons";
import { LanguageDialog } from "../parts/language-dialog";
import { saveCaptions, SaveCaptions } from "../parts/save-captions";
import { SettingsDialog } from "../parts/settings-dialog";
import { SkippedToast } from "../parts/skipped-toast";
import { SoundBar } from "../parts/sound-bar";
import { projectorAddress } from "../route";
import type { Listening } from "../session/listening";
import { inPickingOrder, type Offer } from "../session/offer";
import { settings } from "../settings";
import { t } from "../t";

interface Props {
  listening: Listening;
  offer: Offer;
  onLeave: () => void;
}

/** The session as a listener has it: captions above, sound below. */
export function ListenPage({ listening, offer, onLeave }: Props) {
  const [dialog, setDialog] = useState<"language" | "settings">();
  const { languageOf, languages } = offer;
  const language = languageOf(listening.language.value);
  const state = listening.state.value;
  const { screenOn } = settings.values.value;
  useScreen(screenOn && !listening.ended.value);
  useUnlockAnywhere(listening);
  useTitle(`${t.state[state]} · ${listening.sessionId} · ${t.appName}`);
  useEffect(() => listening.setVolume(settings.values.peek().volume), [listening]);

  const close = (): void => setDialog(undefined);
  const save = (format: CaptionFormat): void => saveCaptions(listening, language.nativeName, format);
  const choose = (code: string): void => {
    listening.changeLanguage(code);
    settings.change({ language: code });
  };
  const isOver = listening.ended.value && listening.sound.heard.value === undefined;
  return (
    <main class="listen" data-state={state} data-sound={listening.sound.state.value}>
      <h1 class="visually-hidden" tabIndex={-1}>
        {t.session} {listening.sessionId}
      </h1>
      <header class="top-bar">
        <span class="state-chip" data-state={state} role="status">
          {t.state[state]}
        </span>
        <span class="session-id">{listening.sessionId}</span>
        <button type="button" class="button quiet" aria-haspopup="dialog" onClick={() => setDialog("language")}>
          <GlobeIcon />
          <span class="visually-hidden">{t.language}:</span>
          <bdi lang={language.code}>{language.nativeName}</bdi>
        </button>
        <button
          type="button"
          class="button quiet icon"
          aria-haspopup="dialog"
          aria-label={t.settings}
          onClick={() => setDialog("settings")}
        >
          <TextIcon />
        </button>
      </header>
      <Hint listening={listening} />
      <SkippedToast listening={listening} />
      <CaptionStream listening={listening} languageOf={languageOf} />
      <footer class="bottom-bar">
        {isOver ? (
          <div class="ended">
            <div>
              <h2>{t.endedTitle}</h2>
              <p class="soft">{t.endedHint}</p>
            </div>
            <SaveCaptions onSave={save} />
            <button type="button" class="button primary wide" onClick={onLeave}>
              {t.joinAnother}
            </button>
          </div>
        ) : (
          <SoundBar listening={listening} languageName={language.nativeName} isSpoken={language.spoken} />
        )}
      </footer>
      {dialog === "language" && (
        <LanguageDialog
          languages={inPickingOrder(languages, [language.code])}
          current={language.code}
          onChoose={choose}
          onClose={close}
        />
      )}
      {dialog === "settings" && (
        <SettingsDialog
          projectorAddress={projectorAddress(location.href, {
            sessionId: listening.sessionId,
            joinKey: listening.joinKey,
            languages: [language.code],
          })}
          onSave={save}
          onLeave={onLeave}
          onClose={close}
        />
      )}
    </main>
  );
}

/** Coming in rarely takes so long; functions that start cold take a few seconds. */
const LONG_MS = 8_000;

/** What is going on and whether there is anything to do, while the speech does not simply go on. */
function Hint({ listening }: { listening: Listening }) {
  const state = listening.state.value;
  const isLong = useLasts(state === "connecting", LONG_MS);
  let hint: string | undefined;
  if (isLong) hint = listening.isTooOften.value ? t.tooOften : t.stateHint.connecting;
  else if (state === "reconnecting" || state === "full" || state === "away" || state === "paused" || state === "muted")
    hint = t.stateHint[state];
  else if (listening.paused.value && state === "live") hint = t.pausedByYou;
  else if (listening.sound.state.value === "running") hint = unspokenHint(listening);
  return (
    <div role="status" class="hint-place">
      {hint !== undefined && (
        <p class={`notice ${["connecting", "reconnecting", "full", "away"].includes(state) ? "warn" : ""}`}>{hint}</p>
      )}
    </div>
  );
}

/** Somebody who hears nothing for a while is not to look for the fault on their own phone. */
function unspokenHint(listening: Listening): string | undefined {
  const unspoken = unspokenNow(listening.captions.value, listening.language.value);
  if (unspoken === null) return undefined;
  return unspoken === "AT_CAPACITY" ? t.tooManyLanguages : t.noVoice;
}

/** Whether something has been so for that long. */
function useLasts(isSo: boolean, durationMs: number): boolean {
  const [lasts, setLasts] = useState(false);
  useEffect(() => {
    setLasts(false);
    if (!isSo) return undefined;
    const timer = setTimeout(() => setLasts(true), durationMs);
    return () => clearTimeout(timer);
  }, [isSo, durationMs]);
  return isSo && lasts;
}

function useTitle(title: string): void {
  useEffect(() => {
    document.title = title;
    return () => {
      document.title = t.appName;
    };
  }, [title]);
}

function useScreen(on: boolean): void {
  useEffect(() => (on ? keepScreenOn() : undefined), [on]);
}

/** After the page was loaded again, the first touch anywhere brings the sound back. */
function useUnlockAnywhere(listening: Listening): void {
  const isWaiting = listening.sound.state.value === "waiting";
  useEffect(() => {
    if (!isWaiting) return undefined;
    const unlock = (): void => void listening.sound.unlock();
    addEventListener("pointerup", unlock);
    addEventListener("keydown", unlock);
    return () => {
      removeEventListener("pointerup", unlock);
      removeEventListener("keydown", unlock);
    };
  }, [listening, isWaiting]);
}

import { useEffect, useRef, useState } from "preact/hooks";
import type { Listening } from "../session/listening";
import { settings } from "../settings";
import { t } from "../t";
import { ForwardIcon, MutedIcon, PauseIcon, PlayIcon, SpeakerIcon } from "./icons";

interface Props {
  listening: Listening;
  /** Name of the language that is heard, for the lock screen. */
  languageName: string;
  /** False for languages that are text only. */
  isSpoken: boolean;
}

/** More speech than this waiting to be heard offers the jump to live. */
const OFFER_JUMP_S = 6;

/** One large button that turns the sound on; then pause, volume and the delay. */
export function SoundBar({ listening, languageName, isSpoken }: Props) {
  const { sound, paused } = listening;
  const state = sound.state.value;
  const isOn = state !== "off" && state !== "waiting";
  const pauseButton = useRef<HTMLButtonElement>(null);
  const wasPressed = useRef(false);
  useEffect(() => {
    // The button that was pressed is gone.
    if (isOn && wasPressed.current) pauseButton.current?.focus();
    if (isOn) wasPressed.current = false;
  }, [isOn]);
  const start = (): void => {
    wasPressed.current = true;
    listening.startSound(languageName);
  };
  if (state === "off" || state === "waiting") {
    if (!isSpoken) return <p class="sound-bar soft">{t.captionsOnlyLanguage}</p>;
    return (
      <div class="sound-bar">
        <button type="button" class="button primary wide" data-sound={state} onClick={start}>
          <SpeakerIcon />
          {state === "off" ? t.soundOn : t.soundAgain}
        </button>
      </div>
    );
  }
  return (
    <div class="sound-bar" data-sound={state}>
      <button
        ref={pauseButton}
        type="button"
        class="button primary round"
        aria-label={paused.value ? t.resume : t.pause}
        onClick={() => (paused.value ? listening.resume() : listening.pause())}
      >
        {paused.value ? <PlayIcon /> : <PauseIcon />}
      </button>
      {sound.controlsVolume.value && <Volume listening={listening} />}
      <Delay listening={listening} />
    </div>
  );
}

function Volume({ listening }: { listening: Listening }) {
  const [muted, setMuted] = useState(false);
  const { volume } = settings.values.value;
  const isSilent = muted || volume === 0;
  const apply = (change: { volume?: number; muted?: boolean }): void => {
    const next = { volume, muted, ...change };
    setMuted(next.muted);
    settings.change({ volume: next.volume });
    listening.setVolume(next.muted ? 0 : next.volume);
  };
  return (
    <div class="volume">
      <button
        type="button"
        class="button quiet icon"
        aria-label={isSilent ? t.unmute : t.mute}
        onClick={() => apply(isSilent ? { muted: false, volume: volume === 0 ? 1 : volume } : { muted: true })}
      >
        {isSilent ? <MutedIcon /> : <SpeakerIcon />}
      </button>
      <input
        type="range"
        min="0"
        max="100"
        step="5"
        value={isSilent ? 0 : Math.round(volume * 100)}
        aria-label={t.volume}
        onInput={(event) => apply({ volume: Number(event.currentTarget.value) / 100, muted: false })}
      />
    </div>
  );
}

function Delay({ listening }: { listening: Listening }) {
  const { sound, paused } = listening;
  const delayS = sound.delayS.value;
  const isOld = listening.state.value !== "live" && sound.heard.value === undefined;
  if (delayS === undefined || paused.value || isOld) return <span class="delay" />;
  const seconds = Math.max(1, Math.round(delayS));
  if (sound.waitingS.value > OFFER_JUMP_S) {
    return (
      <button type="button" class="button delay" data-delay={seconds} onClick={() => listening.jumpToLive()}>
        <ForwardIcon />
        <span>
          {t.jumpToLive}
          <small>{t.behind(seconds)}</small>
        </span>
      </button>
    );
  }
  return (
    <span class="delay" data-delay={seconds} title={t.behindLabel(seconds)}>
      {t.behind(seconds)}
    </span>
  );
}

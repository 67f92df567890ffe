import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { Icon } from "../interface/icons.js";
import type { LiveSession } from "../session/live-session.js";
import { texts } from "../texts.js";
import { LevelBar } from "./level-bar.js";
import { Notices } from "./notices.js";
import { SoundAdvice } from "./sound-advice-panel.js";

interface Props {
  live: LiveSession;
  onEnd: () => void;
}

/** What is going on in one word, and what can be done about it. */
export function StatusCard({ live, onEnd }: Props) {
  const shown = live.shown.value;
  const { name, meaning } = texts.broadcast.states[shown];
  const isJoined = live.broadcast.connection.value === "joined";
  const listeners = isJoined ? (live.broadcast.audience.value?.listenerCount ?? 0) : 0;
  const isMicrophoneOn = live.microphone.state.value.kind === "on";
  return (
    <section class="card status" data-state={shown} aria-labelledby="state-name">
      <div class="status-head">
        <h1 id="state-name" class="state-name" tabIndex={-1}>
          {name}
        </h1>
        <Elapsed live={live} />
      </div>
      <p class="meaning">
        {meaning}
        {listeners > 0 && <strong> {texts.audience.count(listeners)}.</strong>}
      </p>
      <p class="visually-hidden" role="status">
        {texts.broadcast.nowShown(name)}
      </p>
      {isMicrophoneOn && <LevelBar microphone={live.microphone} />}
      <Notices live={live} />
      <Controls live={live} onEnd={onEnd} />
      <SoundAdvice live={live} />
    </section>
  );
}

function Controls({ live, onEnd }: Props) {
  const { wanted } = live.broadcast;
  const words = texts.broadcast;
  const goOn = (label: string): ComponentChildren => (
    <button type="button" class="button primary big" data-action="live" onClick={() => void live.goLive()}>
      <Icon name={wanted.value === "standby" ? "microphone" : "play"} />
      {label}
    </button>
  );
  const pause = (
    <button type="button" class="button big" data-action="pause" onClick={() => live.broadcast.pause()}>
      <Icon name="pause" />
      {words.pause}
    </button>
  );
  const end = (
    <button type="button" class="button danger big" data-action="end" onClick={onEnd}>
      <Icon name="stop" />
      {words.end}
    </button>
  );
  switch (wanted.value) {
    case "standby":
      return (
        <div class="controls">
          {goOn(words.goLive)}
          {end}
        </div>
      );
    case "live":
      return (
        <div class="controls">
          <button type="button" class="button big" data-action="mute" onClick={() => live.broadcast.mute()}>
            <Icon name="microphoneOff" />
            {words.mute}
          </button>
          {pause}
          {end}
        </div>
      );
    case "paused":
      return (
        <div class="controls">
          {goOn(words.resume)}
          {end}
        </div>
      );
    case "muted":
      return (
        <div class="controls">
          {goOn(words.unmute)}
          {pause}
          {end}
        </div>
      );
    case "ended":
      return null;
  }
}

/** Time since the first word. */
function Elapsed({ live }: { live: LiveSession }) {
  const now = useSignal(Date.now());
  const startedAt = live.startedAt.value;
  useEffect(() => {
    const timer = setInterval(() => (now.value = Date.now()), 500);
    return () => clearInterval(timer);
  }, [now]);
  if (startedAt === null) return null;
  return (
    <p class="elapsed">
      <span class="visually-hidden">{texts.broadcast.elapsed} </span>
      <time>{formatDuration(now.value - startedAt)}</time>
    </p>
  );
}

/** `4:05`, `1:04:05`. */
export function formatDuration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  const two = (value: number): string => String(value).padStart(2, "0");
  const hours = Math.floor(seconds / 3_600);
  const minutes = Math.floor(seconds / 60) % 60;
  return `${hours > 0 ? `${String(hours)}:${two(minutes)}` : String(minutes)}:${two(seconds % 60)}`;
}

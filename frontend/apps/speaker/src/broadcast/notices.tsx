import { Icon } from "../interface/icons.js";
import type { LiveSession } from "../session/live-session.js";
import { texts } from "../texts.js";

/** Seconds of waiting words that are worth a word themselves. */
const WAITING_S = 3;

/** Everything the speaker can or need do something about, the gravest first. */
export function Notices({ live }: { live: LiveSession }) {
  return (
    <div class="notices">
      <MicrophoneNotice live={live} />
      <ConnectionNotice live={live} />
      <ServiceNotice live={live} />
    </div>
  );
}

function MicrophoneNotice({ live }: { live: LiveSession }) {
  const { microphone, shown } = live;
  const state = microphone.state.value;
  if (state.kind === "failed") {
    const { title, help } = texts.sound.problems[state.problem];
    return (
      <div class="notice bad" role="alert" data-problem={state.problem}>
        <Icon name="microphoneOff" />
        <div>
          <p>
            <strong>{title}</strong>
          </p>
          <p>{help}</p>
          {state.problem !== "insecure" && state.problem !== "unsupported" && (
            <button type="button" class="button" onClick={() => void microphone.open()}>
              {texts.sound.tryAgain}
            </button>
          )}
        </div>
      </div>
    );
  }
  if (state.kind === "interrupted") return <Warning text={texts.sound.interrupted} />;
  if (state.kind === "opening" && shown.value === "no-sound") return <Warning text={texts.sound.opening} />;
  if (microphone.switchedOff.value) return <Warning text={texts.sound.switchedOff} />;
  return null;
}

function ConnectionNotice({ live }: { live: LiveSession }) {
  const { sender } = live.broadcast;
  const waitingS = Math.round(sender.waitingS.value);
  const lostS = Math.ceil(sender.lostS.value);
  const isAway = live.shown.value === "reconnecting";
  return (
    <>
      {lostS > 0 && (
        // Read out once it is known how much it is: while the connection is away it grows.
        <Warning
          key={isAway ? "growing" : "known"}
          text={texts.broadcast.lost(lostS)}
          isQuiet={isAway}
          onDismiss={isAway ? undefined : () => sender.dismissLoss()}
        />
      )}
      {live.isBlocked.value && <Warning text={texts.broadcast.blocked} />}
      {waitingS >= WAITING_S && (
        <p class="notice" data-waiting={waitingS}>
          <Icon name="info" />
          {isAway ? texts.broadcast.waiting(waitingS) : texts.broadcast.catchingUp(waitingS)}
        </p>
      )}
    </>
  );
}

function ServiceNotice({ live }: { live: LiveSession }) {
  const trouble = live.broadcast.trouble.value;
  if (trouble === undefined) return null;
  const { recognition, refused } = texts.broadcast;
  return <Warning text={trouble.code === "TRANSCRIPTION_UNAVAILABLE" ? recognition : refused(trouble.code)} />;
}

interface WarningProps {
  text: string;
  /** Screen readers do not interrupt for it. */
  isQuiet?: boolean;
  onDismiss?: (() => void) | undefined;
}

function Warning({ text, isQuiet = false, onDismiss }: WarningProps) {
  return (
    <div class="notice warn" role={isQuiet ? undefined : "alert"}>
      <Icon name="warning" />
      <p>{text}</p>
      {onDismiss !== undefined && <Dismiss onDismiss={onDismiss} />}
    </div>
  );
}

function Dismiss({ onDismiss }: { onDismiss: () => void }) {
  return (
    <button type="button" class="button quiet icon" aria-label={texts.sound.dismiss} onClick={onDismiss}>
      <Icon name="close" />
    </button>
  );
}

import { useModalDialog } from "@babelcast/shared/modal-dialog";
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { SignIn } from "../account/sign-in.js";
import type { AppState } from "../app-state.js";
import { AudienceCard } from "../broadcast/audience-card.js";
import { CaptionsCard } from "../broadcast/captions-card.js";
import { SoundCard } from "../broadcast/sound-card.js";
import { StatusCard } from "../broadcast/status-card.js";
import { findShortcut, type ShortcutAction, takesKeys } from "../keyboard/shortcuts.js";
import { ShortcutsDialog } from "../keyboard/shortcuts-dialog.js";
import { texts } from "../texts.js";
import { EndDialog } from "./end-dialog.js";
import { EndedCard } from "./ended-card.js";
import type { LanguageList } from "./languages.js";
import type { LiveSession } from "./live-session.js";
import { invitation } from "./remembered-session.js";
import { RoomView } from "./room-view.js";
import { ShareCard, useCopy } from "./share-card.js";

interface Props {
  app: AppState;
  live: LiveSession;
  languages: LanguageList;
  /** Opened also from the page's head. */
  isKeyboardHelpOpen: boolean;
  onKeyboardHelp: (isOpen: boolean) => void;
}

/** How much a key changes the volume. */
const VOLUME_STEP = 0.05;

/** The speaker's desk: everything about one session. */
export function SessionPage({ app, live, languages, isKeyboardHelpOpen, onKeyboardHelp }: Props) {
  const isRoomShown = useSignal(false);
  const isEnding = useSignal(false);
  const { copied, copy } = useCopy(invitation(live.session));
  const shown = live.shown.value;

  useEffect(() => {
    document.title = `${texts.broadcast.states[shown].name} · ${live.session.sessionId} · Babelcast`;
    return () => {
      document.title = "Babelcast";
    };
  }, [shown, live]);

  const act = (action: ShortcutAction): void => {
    const { broadcast } = live;
    const changeVolume = (by: number): void =>
      broadcast.setVolume(Math.round(100 * Math.max(0, Math.min(1, broadcast.volume.value + by))) / 100);
    const actions: Readonly<Record<ShortcutAction, () => void>> = {
      live: () => void live.goLive(),
      pause: () => void live.togglePause(),
      mute: () => void live.toggleMute(),
      room: () => (isRoomShown.value = !isRoomShown.value),
      copy,
      end: () => (isEnding.value = true),
      louder: () => changeVolume(VOLUME_STEP),
      softer: () => changeVolume(-VOLUME_STEP),
      help: () => onKeyboardHelp(true),
    };
    actions[action]();
  };

  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent): void => {
      const action = findShortcut(event);
      if (action === undefined || event.defaultPrevented) return;
      if (event.target instanceof HTMLElement && takesKeys(event.target)) return;
      const isDialogOpen = document.querySelector("dialog[open]:not(.room)") !== null;
      const isAllowed = live.settings.values.value.singleKeys || action === "help";
      if (isDialogOpen || !isAllowed || live.broadcast.endReason.value !== undefined) return;
      event.preventDefault();
      act(action);
    };
    addEventListener("keydown", onKeyDown);
    return () => removeEventListener("keydown", onKeyDown);
  });

  if (shown === "ended") {
    return (
      <main class="page narrow" data-state="ended">
        <EndedCard live={live} onAgain={() => app.leaveSession()} />
      </main>
    );
  }
  return (
    <main class="page desk" data-state={shown} data-session={live.session.sessionId}>
      <div class="column">
        <StatusCard live={live} onEnd={() => (isEnding.value = true)} />
        <CaptionsCard live={live} />
      </div>
      <div class="column">
        <ShareCard session={live.session} copied={copied} onCopy={copy} onShowRoom={() => (isRoomShown.value = true)} />
        <AudienceCard live={live} languages={languages} />
        <SoundCard live={live} />
      </div>
      {isRoomShown.value && (
        <RoomView session={live.session} languages={languages} onClose={() => (isRoomShown.value = false)} />
      )}
      {isEnding.value && (
        <EndDialog
          onEnd={() => {
            isEnding.value = false;
            live.broadcast.end();
          }}
          onLeave={() => {
            isEnding.value = false;
            void leave(app, live);
          }}
          onClose={() => (isEnding.value = false)}
        />
      )}
      {isKeyboardHelpOpen && <ShortcutsDialog settings={live.settings} onClose={() => onKeyboardHelp(false)} />}
      {live.needsSignIn.value && <SignInAgain app={app} />}
    </main>
  );
}

/** Over the page, while words are kept: signing in again is all there is to do. */
function SignInAgain({ app }: { app: AppState }) {
  const dialog = useModalDialog();
  return (
    <dialog
      ref={dialog}
      class="modal sign-in-again"
      aria-label={texts.account.again}
      onCancel={(event) => event.preventDefault()}
    >
      <div class="modal-body">
        <SignIn app={app} title={texts.account.again} hint={texts.account.againHint} />
      </div>
    </dialog>
  );
}

/** The break is told to the listeners before the page lets go. */
async function leave(app: AppState, live: LiveSession): Promise<void> {
  await live.pauseForLeaving();
  app.leaveSession();
}

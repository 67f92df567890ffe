import { useModalDialog } from "@babelcast/shared/modal-dialog";
import { useEffect } from "preact/hooks";
import { Icon } from "../interface/icons.js";
import { roomTitles, texts } from "../texts.js";
import type { LanguageList } from "./languages.js";
import { QrCode } from "./qr-code.js";
import { invitation, type RememberedSession } from "./remembered-session.js";
import { shortAddress } from "./share-card.js";

interface Props {
  session: RememberedSession;
  languages: LanguageList;
  onClose: () => void;
}

/** Languages that are named; with more of them, letters would be too small to read from the last row. */
const NAMED = 24;

/** For a beamer: everything a person in the last row needs to come in, and nothing else. */
export function RoomView({ session, languages, onClose }: Props) {
  const dialog = useModalDialog();
  const { sessionId, listenerUrl, joinKey, targetLanguages } = session;
  const page = listenerUrl.split("?")[0] ?? listenerUrl;

  useEffect(() => {
    // Refused without a gesture, or on phones: the view fills the window all the same.
    dialog.current?.requestFullscreen().catch(() => undefined);
    const onFullscreenChange = (): void => {
      if (document.fullscreenElement === null) onClose();
    };
    document.addEventListener("fullscreenchange", onFullscreenChange);
    return () => {
      document.removeEventListener("fullscreenchange", onFullscreenChange);
      if (document.fullscreenElement !== null) void document.exitFullscreen();
    };
    // The view is opened once; a new `onClose` means the same.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, []);

  return (
    <dialog
      ref={dialog}
      class="room"
      aria-labelledby="room-title"
      data-state="room"
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
    >
      <div class="room-body">
        <header>
          {roomTitles.map(({ language, title }, index) => (
            <p key={language} id={index === 0 ? "room-title" : undefined} lang={language}>
              {title}
            </p>
          ))}
        </header>
        <div class="room-code">
          <QrCode text={invitation(session)} label={texts.share.qr(listenerUrl)} />
        </div>
        <div class="room-words">
          <p>{texts.room.scan}</p>
          <p>
            {texts.room.or} <strong translate={false}>{shortAddress(page)}</strong> {texts.room.andType}
          </p>
          <p class="room-id" translate={false}>
            {sessionId}
          </p>
          {joinKey !== null && (
            <p>
              {texts.room.key}: <strong class="key">{joinKey}</strong>
            </p>
          )}
        </div>
        <p class="room-languages" aria-label={texts.room.languages}>
          {targetLanguages.slice(0, NAMED).map((code) => (
            <bdi key={code} lang={code}>
              {languages.nativeName(code)}
            </bdi>
          ))}
          {targetLanguages.length > NAMED && <span>+ {targetLanguages.length - NAMED}</span>}
        </p>
        <button type="button" class="button quiet icon room-close" aria-label={texts.room.close} onClick={onClose}>
          <Icon name="close" />
        </button>
      </div>
    </dialog>
  );
}

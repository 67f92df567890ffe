import { useSignal } from "@preact/signals";
import { Icon } from "../interface/icons.js";
import { texts } from "../texts.js";
import { QrCode } from "./qr-code.js";
import { invitation, type RememberedSession } from "./remembered-session.js";

interface Props {
  session: RememberedSession;
  /** What came of copying the link, for a moment. */
  copied: Copied | undefined;
  onCopy: () => void;
  onShowRoom: () => void;
}

/** How listeners come in: the session's name, a code to scan, a link. */
export function ShareCard({ session, copied, onCopy, onShowRoom }: Props) {
  const { sessionId, listenerUrl, joinKey } = session;
  return (
    <section class="card share" aria-labelledby="share">
      <h2 id="share">{texts.share.title}</h2>
      <div class="share-body">
        <QrCode text={invitation(session)} label={texts.share.qr(listenerUrl)} />
        <div class="share-words">
          <p class="session-id" translate={false} aria-label={`${texts.share.session} ${sessionId}`}>
            {sessionId}
          </p>
          {joinKey !== null && (
            <p>
              {texts.share.joinKey}: <strong class="key">{joinKey}</strong>
            </p>
          )}
          <p class="link-text">
            <a href={invitation(session)} target="_blank" rel="noreferrer" translate={false}>
              {shortAddress(listenerUrl)}
            </a>
          </p>
          <p class="hint">{texts.share.hint}</p>
        </div>
      </div>
      <div class="row">
        <button type="button" class="button" onClick={onShowRoom}>
          <Icon name="screen" />
          {texts.share.showRoom}
        </button>
        <button type="button" class="button" onClick={onCopy}>
          <Icon name={copied === "copied" ? "check" : "copy"} />
          <span aria-live="polite">{copied === undefined ? texts.share.copyLink : texts.share[copied]}</span>
        </button>
      </div>
    </section>
  );
}

/** What came of copying. */
export type Copied = "copied" | "copyFailed";

async function copyText(text: string): Promise<Copied> {
  try {
    await navigator.clipboard.writeText(text);
    return "copied";
  } catch {
    return "copyFailed";
  }
}

/** Copying the link, with a sign for some seconds of what came of it. */
export function useCopy(text: string): { copied: Copied | undefined; copy: () => void } {
  const copied = useSignal<Copied | undefined>(undefined);
  const copy = (): void => {
    void copyText(text).then((outcome) => {
      copied.value = outcome;
      setTimeout(() => (copied.value = undefined), 3_000);
    });
  };
  return { copied: copied.value, copy };
}

/** Without what nobody types. */
export function shortAddress(url: string): string {
  return url.replace(/^https?:\/\//, "").replace(/\/$/, "");
}

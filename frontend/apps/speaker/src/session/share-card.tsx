import { useSignal } from "@preact/signals";
import { Icon } from "../interface/icons.js";
import { texts } from "../texts.js";
import { QrCode } from "./qr-code.js";
import type { RememberedSession } from "./remembered-session.js";

interface Props {
  session: RememberedSession;
  /** Counts up each time the link was copied by a key. */
  copied: boolean;
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
        <QrCode text={listenerUrl} label={texts.share.qr(listenerUrl)} />
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
            <a href={listenerUrl} target="_blank" rel="noreferrer" translate={false}>
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
          <Icon name={copied ? "check" : "copy"} />
          <span aria-live="polite">{copied ? texts.share.copied : texts.share.copyLink}</span>
        </button>
      </div>
    </section>
  );
}

/** Copies a text. @returns Whether it worked. */
async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

/** Copying the link, with a sign for two seconds that it was copied. */
export function useCopy(text: string): { copied: boolean; copy: () => void } {
  const copied = useSignal(false);
  const copy = (): void => {
    void copyText(text).then((isCopied) => {
      copied.value = isCopied;
      setTimeout(() => (copied.value = false), 2_000);
    });
  };
  return { copied: copied.value, copy };
}

/** Without what nobody types. */
export function shortAddress(url: string): string {
  return url.replace(/^https?:\/\//, "").replace(/\/$/, "");
}

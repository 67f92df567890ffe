import { CAPTION_MEDIA_TYPES, captionFile } from "@babelcast/shared/captions/caption-files";
import { formatDuration } from "../broadcast/status-card.js";
import { Icon } from "../interface/icons.js";
import { texts } from "../texts.js";
import type { LiveSession } from "./live-session.js";

interface Props {
  live: LiveSession;
  onAgain: () => void;
}

/** What is left when a session is over. */
export function EndedCard({ live, onAgain }: Props) {
  const { captions } = live.broadcast.captions.value;
  const startedAt = live.startedAt.value;
  return (
    <section class="card ended" aria-labelledby="ended">
      <h1 id="ended" tabIndex={-1}>
        {texts.end.ended}
      </h1>
      <p>{explain(live)}</p>
      <dl class="figures">
        {startedAt !== null && (
          <div>
            <dt>{texts.end.duration}</dt>
            <dd>{formatDuration(live.endedAt - startedAt)}</dd>
          </div>
        )}
        <div>
          <dt>{texts.end.listeners}</dt>
          <dd>{live.mostListeners.value}</dd>
        </div>
      </dl>
      <div class="row">
        <button type="button" class="button primary" onClick={onAgain}>
          {texts.end.again}
        </button>
        {captions.length > 0 && (
          <button type="button" class="button" onClick={() => save(live)}>
            <Icon name="save" />
            {texts.captions.save}
          </button>
        )}
      </div>
    </section>
  );
}

function explain(live: LiveSession): string {
  const reason = live.broadcast.endReason.value;
  if (reason === "expired") return texts.end.expired;
  return live.broadcast.wanted.value === "ended" ? texts.end.thanks : texts.end.endedElsewhere;
}

function save(live: LiveSession): void {
  const { sessionId } = live.session;
  const title = texts.captions.fileTitle(sessionId);
  const text = captionFile("txt", live.broadcast.captions.value.captions, { title, withOriginal: false });
  const address = URL.createObjectURL(new Blob([text], { type: CAPTION_MEDIA_TYPES.txt }));
  const link = document.createElement("a");
  link.href = address;
  link.download = `${sessionId}.txt`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { LiveSession } from "../session/live-session.js";
import { texts } from "../texts.js";

/** Pixels from the end within which the newest line is followed. */
const FOLLOW_PX = 40;

/** Lines that are drawn; all of them are in the saved text. */
const SHOWN = 200;

/** The speaker's own words as they are understood. */
export function CaptionsCard({ live }: { live: LiveSession }) {
  const box = useRef<HTMLDivElement>(null);
  const follows = useSignal(true);
  const { captions, partial } = live.broadcast.captions.value;
  const isEmpty = captions.length === 0 && partial === undefined;

  useEffect(() => {
    const { current } = box;
    if (current !== null && follows.peek()) current.scrollTop = current.scrollHeight;
  }, [captions, partial, follows]);

  const onScroll = (): void => {
    const { current } = box;
    if (current === null) return;
    follows.value = current.scrollHeight - current.scrollTop - current.clientHeight < FOLLOW_PX;
  };

  return (
    <section class="card captions" aria-labelledby="captions">
      <h2 id="captions">{texts.captions.title}</h2>
      <div
        ref={box}
        class="caption-lines"
        tabIndex={0}
        role="log"
        aria-live="off"
        aria-labelledby="captions"
        lang={live.session.sourceLanguage}
        dir="auto"
        onScroll={onScroll}
      >
        {isEmpty && <p class="soft">{texts.captions.empty}</p>}
        {captions.slice(-SHOWN).map(({ number, text }) => (
          <p key={number} data-segment={number}>
            {text}
          </p>
        ))}
        {partial !== undefined && (
          <p class="partial" data-partial>
            {partial.text}
          </p>
        )}
      </div>
      {!follows.value && (
        <button type="button" class="button newest" onClick={() => (follows.value = scrollToEnd(box.current))}>
          {texts.captions.newest}
        </button>
      )}
    </section>
  );
}

function scrollToEnd(box: HTMLDivElement | null): true {
  box?.scrollTo({ top: box.scrollHeight });
  return true;
}

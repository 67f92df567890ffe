import {
  type Caption,
  type LeftOut,
  leftOutBetween,
  type PartialCaption,
} from "@babelcast/shared/captions/caption-list";
import type { Language } from "@babelcast/shared/protocol/http-api";
import { type ReadonlySignal, useComputed } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Listening } from "../session/listening";
import { settings, TEXT_SIZES } from "../settings";
import { t } from "../t";
import { DownIcon } from "./icons";
import { useStickToEnd } from "./stick-to-end";

interface Props {
  listening: Listening;
  languageOf: (code: string) => Language;
}

/** More captions than this are drawn only when the reader wants to see them. */
const SHOWN_AT_FIRST = 150;

/**
 * The captions, the newest at the end. Screen readers read out new ones while the listener does not hear them: two voices
 * at once are understood by nobody.
 */
export function CaptionStream({ listening, languageOf }: Props) {
  const { textSize, showOriginal } = settings.values.value;
  const [limit, setLimit] = useState(SHOWN_AT_FIRST);
  const partial = listening.partial.value;
  const all = readable(listening.captions.value, showOriginal || listening.paused.value);
  const captions = all.slice(-limit);
  const { container, content, isAtEnd, onScroll, toEnd } = useStickToEnd(all, partial, showOriginal, textSize);
  const unread = useUnread(all, isAtEnd.value);
  const isHeard = listening.isAudible.value && languageOf(listening.language.value).spoken;
  return (
    <div class="stream">
      {/* A region that scrolls has to be reachable by keyboard. */}
      <div
        class="stream-scroll"
        ref={container}
        onScroll={onScroll}
        tabIndex={0}
        role="region"
        aria-label={t.captions}
        data-size={TEXT_SIZES[textSize]}
      >
        <div class="stream-content" ref={content}>
          {all.length > captions.length && (
            <button type="button" class="button quiet" onClick={() => setLimit(limit + SHOWN_AT_FIRST)}>
              {t.earlier}
            </button>
          )}
          <div role="log" aria-live={isHeard ? "off" : "polite"} aria-relevant="additions" class="captions">
            {captions.map((caption, index) => (
              <CaptionItem
                // A translation that takes the place of its source is new to a screen reader.
                key={`${caption.number} ${caption.status === "waiting" ? "source" : "text"}`}
                caption={caption}
                before={all[all.length - captions.length + index - 1]}
                leftOut={listening.leftOut.value}
                showOriginal={showOriginal}
                languageOf={languageOf}
                heard={listening.sound.heard}
              />
            ))}
          </div>
          {all.length === 0 && partial === undefined && (
            <div class="empty">
              {listening.state.value === "waiting" && <h2>{t.waitingForSpeaker}</h2>}
              <p>{t.waitingForSpeech}</p>
            </div>
          )}
          {partial !== undefined && <Partial partial={partial} inFull={showOriginal} languageOf={languageOf} />}
        </div>
      </div>
      {!isAtEnd.value && (
        <button type="button" class="button to-newest" onClick={toEnd}>
          <DownIcon />
          {t.jumpToNewest}
          {unread > 0 && <span class="count">{t.newCaptions(unread)}</span>}
        </button>
      )}
    </div>
  );
}

/** Without those that wait for their translation, unless a later one is there already or the reader wants them. */
function readable(captions: readonly Caption[], withWaiting: boolean): readonly Caption[] {
  if (withWaiting) return captions;
  let newest = captions.length - 1;
  while (newest >= 0 && captions[newest]?.status === "waiting") newest--;
  return captions.slice(0, newest + 1);
}

/** How many captions have come since the reader left the end. */
function useUnread(captions: readonly Caption[], isAtEnd: boolean): number {
  const seen = useRef(-1);
  const newest = captions.at(-1)?.number ?? -1;
  useEffect(() => {
    if (isAtEnd) seen.current = newest;
  }, [isAtEnd, newest]);
  return isAtEnd ? 0 : captions.filter((caption) => caption.number > seen.current).length;
}

interface ItemProps {
  caption: Caption;
  before: Caption | undefined;
  leftOut: readonly LeftOut[];
  showOriginal: boolean;
  languageOf: (code: string) => Language;
  heard: ReadonlySignal<number | undefined>;
}

function CaptionItem({ caption, before, leftOut, showOriginal, languageOf, heard }: ItemProps) {
  const isHeard = useComputed(() => heard.value === caption.number);
  const { text, language, sourceText, sourceLanguage, status } = caption;
  const isNewLanguage =
    status === "translated" && before?.status === "translated" && before.language !== caption.language;
  const leftOutS = leftOutBetween(leftOut, before, caption);
  return (
    <>
      {leftOutS >= 1 && <p class="between left-out">{t.leftOut(leftOutS)}</p>}
      {isNewLanguage && <p class="between new-language">{t.nowIn(languageOf(language).nativeName)}</p>}
      <div
        class="caption"
        dir={direction(languageOf(language))}
        aria-live={status === "waiting" ? "off" : undefined}
        data-status={status}
        data-number={caption.number}
        data-heard={isHeard.value || undefined}
      >
        <p class="translation" lang={language}>
          {text}
        </p>
        {showOriginal && status === "translated" && (
          <p class="original" lang={sourceLanguage} dir={direction(languageOf(sourceLanguage))}>
            {sourceText}
          </p>
        )}
        {status === "untranslated" && <p class="badge">{t.untranslated}</p>}
      </div>
    </>
  );
}

interface PartialProps {
  partial: PartialCaption;
  inFull: boolean;
  languageOf: (code: string) => Language;
}

/** What is being said, in the original, or three dots where only the translation is wanted; it changes too often to be read out. */
function Partial({ partial, inFull, languageOf }: PartialProps) {
  if (inFull) {
    return (
      <p class="partial" lang={partial.language} dir={direction(languageOf(partial.language))}>
        {partial.text}
      </p>
    );
  }
  return (
    <p class="speaking">
      <span class="visually-hidden">{t.speaking}</span>
      <i />
      <i />
      <i />
    </p>
  );
}

function direction(language: Language): "rtl" | "ltr" {
  return language.rightToLeft ? "rtl" : "ltr";
}

import type { Caption } from "@babelcast/shared/captions/caption-list";
import type { Config } from "@babelcast/shared/config";
import type { Language } from "@babelcast/shared/protocol/http-api";
import { keepScreenOn } from "@babelcast/shared/wake-lock";
import { useEffect, useState } from "preact/hooks";
import { useStickToEnd } from "../parts/stick-to-end";
import { explainFailure } from "../session/failure";
import { Listening } from "../session/listening";
import { useOfferSearch } from "../session/offer-search";
import { t } from "../t";

interface Props {
  config: Config;
  sessionId: string | undefined;
  joinKey: string | undefined;
  languages: readonly string[];
}

/** As many captions as can be on the screen at once, and a few more. */
const SHOWN = 12;

/** Captions for a whole room in one or two languages: large, dark, nothing to press. A click or F fills the screen. */
export function ProjectorPage({ config, sessionId, joinKey, languages }: Props) {
  const search = useOfferSearch(config, sessionId);
  useEffect(() => keepScreenOn(), []);
  useEffect(() => {
    document.addEventListener("click", toggleFullScreen);
    const onKey = (event: KeyboardEvent): void => {
      if (event.key === "f" || event.key === "F") toggleFullScreen();
    };
    document.addEventListener("keydown", onKey);
    return () => {
      document.removeEventListener("click", toggleFullScreen);
      document.removeEventListener("keydown", onKey);
    };
  }, []);

  const state = search?.state.value;
  if (sessionId === undefined || state === undefined) {
    return <ProjectorMessage text={t.projectorMissing} state="failed" />;
  }
  if (state.kind === "failed") return <ProjectorMessage text={explainFailure(state.code)} state="failed" />;
  if (state.kind === "looking") {
    const text = state.trouble === undefined ? t.looking : explainFailure(state.trouble);
    return <ProjectorMessage text={text} state="connecting" />;
  }
  const { offer } = state;
  const shown = languages.filter((code) => offer.facts.targetLanguages.includes(code));
  const codes = shown.length > 0 ? shown : offer.facts.targetLanguages.slice(0, 1);
  return (
    <main class="projector" data-columns={codes.length} data-state="joined">
      <h1 class="visually-hidden">
        {t.captions} {sessionId}
      </h1>
      {codes.map((code) => (
        <ProjectorColumn
          key={code}
          config={config}
          sessionId={sessionId}
          joinKey={joinKey}
          language={offer.languageOf(code)}
          languageOf={offer.languageOf}
        />
      ))}
    </main>
  );
}

interface ColumnProps {
  config: Config;
  sessionId: string;
  joinKey: string | undefined;
  language: Language;
  languageOf: (code: string) => Language;
}

function ProjectorColumn({ config, sessionId, joinKey, language, languageOf }: ColumnProps) {
  const [listening] = useState(
    () => new Listening(config, { sessionId, joinKey, language: language.code, remembers: false }),
  );
  useEffect(() => {
    listening.start();
    return () => listening.close();
  }, [listening]);
  const captions = listening.captions.value.filter((caption) => caption.status !== "waiting").slice(-SHOWN);
  const { container, content } = useStickToEnd(captions);
  const state = listening.state.value;
  const message = describe(state, listening.refusal.value);
  return (
    <section class="projector-column" aria-label={language.nativeName} data-state={state} data-language={language.code}>
      <div class="projector-scroll" ref={container}>
        <div ref={content} role="log" aria-live="polite">
          {captions.map((caption) => (
            <ProjectedCaption key={caption.number} caption={caption} languageOf={languageOf} />
          ))}
        </div>
      </div>
      {message !== undefined && <p class="projector-state">{message}</p>}
    </section>
  );
}

function describe(state: Listening["state"]["value"], refusal: string | undefined): string | undefined {
  if (refusal === "NOT_ALLOWED") return t.projectorKey;
  if (refusal !== undefined) return explainFailure(refusal);
  if (state === "waiting") return t.waitingForSpeaker;
  return state === "live" ? undefined : t.state[state];
}

function ProjectedCaption({ caption, languageOf }: { caption: Caption; languageOf: (code: string) => Language }) {
  const { language, text, number } = caption;
  return (
    <p class="projected" data-number={number} lang={language} dir={languageOf(language).rightToLeft ? "rtl" : "ltr"}>
      {text}
    </p>
  );
}

function ProjectorMessage({ text, state }: { text: string; state: string }) {
  return (
    <main class="projector" data-columns="0" data-state={state}>
      <h1 class="visually-hidden">{t.projector}</h1>
      <p class="projector-message" role="status">
        {text}
      </p>
    </main>
  );
}

function toggleFullScreen(): void {
  const change =
    document.fullscreenElement === null ? document.documentElement.requestFullscreen() : document.exitFullscreen();
  change.catch(() => undefined);
}

import type { Config } from "@babelcast/shared/config";
import { matchLanguage } from "@babelcast/shared/i18n";
import { readSessionId } from "@babelcast/shared/session-id";
import { useId, useState } from "preact/hooks";
import { useFocusOnChange } from "@babelcast/shared/focus-on-change";
import { Mark, ReadIcon, SpeakerIcon } from "../parts/icons";
import { LanguagePicker } from "../parts/language-picker";
import { explainFailure } from "../session/failure";
import { inPickingOrder, type Offer } from "../session/offer";
import { useOfferSearch } from "../session/offer-search";
import { settings } from "../settings";
import { t } from "../t";

/** What the listener has decided. */
export interface Joining {
  readonly offer: Offer;
  readonly language: string;
  readonly joinKey: string | undefined;
  readonly withSound: boolean;
}

interface Props {
  config: Config;
  /** From the address; undefined when there is none in it. */
  sessionId: string | undefined;
  joinKey: string | undefined;
  /** Why the last attempt failed: a code of docs/protocol.md. */
  refusal: string | undefined;
  /** Called from the touch that may turn the sound on. */
  onJoin: (joining: Joining) => void;
}

/** From a link to listening in one touch; from a typed code in two. */
export function JoinPage({ config, sessionId: given, joinKey, refusal, onJoin }: Props) {
  const [sessionId, setSessionId] = useState(given);
  /** Said until something else is asked for. */
  const [refused, setRefused] = useState(refusal === "NOT_ALLOWED" ? undefined : refusal);
  const search = useOfferSearch(config, sessionId);
  const state = search?.state.value;
  const offer = state?.kind === "found" ? state.offer : undefined;
  const noOffer = state?.kind === "failed" ? state.code : offer?.facts.state === "ended" ? "SESSION_ENDED" : undefined;
  const failure = refused ?? noOffer;
  const isChoosing = offer !== undefined && failure === undefined;
  useFocusOnChange(isChoosing ? "language" : "code");

  const startOver = (): void => {
    setSessionId(undefined);
    setRefused(undefined);
  };
  const look = (id: string): void => {
    setRefused(undefined);
    if (id === sessionId) search?.again();
    else setSessionId(id);
  };

  return (
    <main class="join" data-state={isChoosing ? "language" : "code"}>
      <header class="brand">
        <Mark />
        <span>{t.appName}</span>
      </header>
      {isChoosing ? (
        <ChooseLanguage
          offer={offer}
          joinKey={joinKey}
          isKeyWrong={refusal === "NOT_ALLOWED"}
          onJoin={onJoin}
          onOtherCode={startOver}
        />
      ) : (
        <EnterCode
          sessionId={sessionId}
          failure={failure}
          trouble={state?.kind === "looking" ? state.trouble : undefined}
          isLooking={state?.kind === "looking" && failure === undefined}
          onEnter={look}
        />
      )}
    </main>
  );
}

interface EnterCodeProps {
  sessionId: string | undefined;
  failure: string | undefined;
  /** Why it takes long to look; it goes on all the same. */
  trouble: string | undefined;
  isLooking: boolean;
  onEnter: (sessionId: string) => void;
}

function EnterCode({ sessionId, failure, trouble, isLooking, onEnter }: EnterCodeProps) {
  const [typed, setTyped] = useState(sessionId ?? "");
  const [isUnreadable, setUnreadable] = useState(false);
  const fieldId = useId();
  const read = readSessionId(typed);
  const isSame = read === sessionId;
  const reason = isSame ? (failure ?? trouble) : undefined;
  const message = isUnreadable ? t.notACode : reason !== undefined ? explainFailure(reason) : undefined;
  return (
    <form
      class="join-form"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        if (read === undefined) setUnreadable(true);
        else onEnter(read);
      }}
    >
      <h1 tabIndex={-1}>{t.joinTitle}</h1>
      <p class="soft">{t.joinIntro}</p>
      <div class="field">
        <label for={fieldId}>{t.sessionCode}</label>
        <input
          id={fieldId}
          class="input code"
          value={typed}
          placeholder={t.sessionCodeExample}
          autocomplete="off"
          autocapitalize="none"
          autocorrect="off"
          spellcheck={false}
          enterkeyhint="go"
          aria-invalid={isUnreadable || (isSame && failure !== undefined)}
          aria-describedby={`${fieldId}-message`}
          onInput={(event) => {
            setTyped(event.currentTarget.value);
            setUnreadable(false);
          }}
        />
        <p id={`${fieldId}-message`} class="error" role="alert">
          {message}
        </p>
      </div>
      <button type="submit" class="button primary wide" aria-busy={isLooking}>
        {reason !== undefined ? t.tryAgain : isLooking && isSame ? t.looking : t.continue}
      </button>
    </form>
  );
}

interface ChooseLanguageProps {
  offer: Offer;
  joinKey: string | undefined;
  isKeyWrong: boolean;
  onJoin: (joining: Joining) => void;
  onOtherCode: () => void;
}

function ChooseLanguage({ offer, joinKey, isKeyWrong, onJoin, onOtherCode }: ChooseLanguageProps) {
  const { facts, languages } = offer;
  const preferred = preferredLanguages(languages.map((language) => language.code));
  const [language, setLanguage] = useState(preferred[0] ?? (languages.length === 1 ? languages[0]?.code : undefined));
  const [key, setKey] = useState(joinKey ?? "");
  const keyId = useId();
  const needsKey = facts.joinKeyRequired && (joinKey === undefined || isKeyWrong);
  const isStillWrong = isKeyWrong && key === (joinKey ?? "");
  const isSpoken = language === undefined || offer.languageOf(language).spoken;
  const canJoin = language !== undefined && (!needsKey || key !== "");
  const join = (withSound: boolean): void => {
    if (language === undefined || !canJoin) return;
    settings.change({ language });
    onJoin({ offer, language, withSound, joinKey: facts.joinKeyRequired ? key : undefined });
  };
  return (
    <form
      class="join-form"
      onSubmit={(event) => {
        event.preventDefault();
        join(isSpoken);
      }}
    >
      <div class="joined-session">
        <div>
          <span class="soft">{t.session}</span>
          <h1 class="code" tabIndex={-1}>
            {facts.sessionId}
          </h1>
        </div>
        {facts.state !== "live" && (
          <span class="state-chip" data-state={facts.state}>
            {t.state[facts.state]}
          </span>
        )}
      </div>
      {needsKey && (
        <div class="field">
          <label for={keyId}>{t.joinKey}</label>
          <input
            id={keyId}
            class="input"
            value={key}
            maxLength={64}
            autocomplete="off"
            autocapitalize="none"
            spellcheck={false}
            aria-invalid={isStillWrong}
            aria-describedby={`${keyId}-hint`}
            onInput={(event) => setKey(event.currentTarget.value)}
          />
          <p id={`${keyId}-hint`} class={isStillWrong ? "error" : "hint"} role="status">
            {isStillWrong ? t.wrongJoinKey : t.joinKeyHint}
          </p>
        </div>
      )}
      <div class="field">
        <h2>{t.chooseLanguage}</h2>
        <LanguagePicker languages={inPickingOrder(languages, preferred)} selected={language} onSelect={setLanguage} />
      </div>
      <button type="button" class="button quiet other-code" onClick={onOtherCode}>
        {t.anotherCode}
      </button>
      <div class="join-actions">
        {isSpoken && (
          <button type="submit" class="button primary wide" disabled={!canJoin}>
            <SpeakerIcon />
            {t.listen}
          </button>
        )}
        <button
          type={isSpoken ? "button" : "submit"}
          class={isSpoken ? "button wide" : "button primary wide"}
          disabled={!canJoin}
          onClick={() => {
            if (isSpoken) join(false);
          }}
        >
          <ReadIcon />
          {t.readOnly}
        </button>
      </div>
    </form>
  );
}

/** The language that was chosen before, and those that the browser prefers, as far as they are offered. */
function preferredLanguages(offered: readonly string[]): readonly string[] {
  const remembered = settings.values.peek().language;
  const wanted = [...(remembered === "" ? [] : [remembered]), ...navigator.languages];
  const matched = wanted.map((code) => matchLanguage(offered, [code]));
  return [...new Set(matched.filter((code) => code !== undefined))];
}

import { AccountError } from "@babelcast/shared/cognito/account";
import { matchLanguage } from "@babelcast/shared/i18n";
import {
  createSession,
  endSession,
  HttpApiError,
  type Language,
  type Languages,
  showSession,
} from "@babelcast/shared/protocol/http-api";
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { AppState } from "../app-state.js";
import { texts } from "../texts.js";
import { LanguageChecklist } from "./language-checklist.js";
import type { LanguageList } from "./languages.js";
import type { RememberedSession } from "./remembered-session.js";

interface Props {
  app: AppState;
  languages: LanguageList;
}

/** Where a signed-in speaker begins: the session that is still open, and a new one. */
export function StartPage({ app, languages }: Props) {
  const { value: state } = languages.state;
  return (
    <main class="page start" data-state="start">
      <OpenSession app={app} />
      <section class="card" aria-labelledby="new-session">
        <div class="heading">
          <h1 id="new-session" tabIndex={-1}>
            {texts.start.title}
          </h1>
          <p class="soft">{texts.start.hello}</p>
        </div>
        {state.kind === "loading" && <p role="status">{texts.loading}</p>}
        {state.kind === "failed" && (
          <div class="notice bad" role="alert">
            <p>{texts.start.languagesFailed}</p>
            <button type="button" class="button" onClick={() => void languages.load()}>
              {texts.start.tryAgain}
            </button>
          </div>
        )}
        {state.kind === "loaded" && <NewSession app={app} languages={state.languages} />}
      </section>
    </main>
  );
}

/** The session that was left open, if it still is. */
function OpenSession({ app }: { app: AppState }) {
  const open = useSignal<RememberedSession | undefined>(undefined);
  const problem = useSignal<string | undefined>(undefined);
  useEffect(() => {
    const session = app.openedBefore;
    if (session === undefined) return;
    showSession(app.config.httpApiUrl, session.sessionId).then(
      (facts) => {
        if (facts.state === "ended") app.memory.forget();
        else open.value = session;
      },
      (error: unknown) => {
        if (error instanceof HttpApiError && error.code === "SESSION_NOT_FOUND") app.memory.forget();
        else open.value = session;
      },
    );
  }, [app, open]);

  const session = open.value;
  if (session === undefined) return null;
  const end = async (): Promise<void> => {
    problem.value = undefined;
    try {
      await endSession(app.config.httpApiUrl, await app.account.accessToken(), session.sessionId);
      app.memory.forget();
      open.value = undefined;
      document.getElementById("new-session")?.focus();
    } catch (error) {
      if (error instanceof AccountError && error.problem === "signed-out") app.signedOut();
      else problem.value = texts.start.notEnded;
    }
  };
  return (
    <section class="card open-session" aria-labelledby="open-session">
      <h2 id="open-session">{texts.start.openTitle}</h2>
      <p class="session-id">{session.sessionId}</p>
      <div class="row">
        <button type="button" class="button primary" onClick={() => app.openSession(session)}>
          {texts.start.goBack}
        </button>
        <button type="button" class="button" onClick={() => void end()}>
          {texts.start.endIt}
        </button>
      </div>
      {problem.value !== undefined && (
        <p class="notice bad" role="alert">
          {problem.value}
        </p>
      )}
    </section>
  );
}

function NewSession({ app, languages }: { app: AppState; languages: Languages }) {
  const { sourceLanguages, targetLanguages } = languages;
  const settings = app.settings.values.value;
  const source = useSignal(firstChoice(sourceLanguages, settings.sourceLanguage));
  const remembered = settings.targetLanguages.filter((code) => targetLanguages.some((each) => each.code === code));
  const onlySome = useSignal(remembered.length > 0);
  const chosen = useSignal<ReadonlySet<string>>(new Set(remembered));
  const expressive = useSignal(settings.expressive);
  const joinKey = useSignal("");
  const keyField = useRef<HTMLInputElement>(null);
  const busy = useSignal(false);
  const problem = useSignal<string | undefined>(undefined);
  const wrong = useSignal<"languages" | "key" | undefined>(undefined);
  // Nobody needs a translation into what is spoken.
  const targets = targetLanguages.filter(({ code }) => code !== source.value);
  const targetCodes = targets.map(({ code }) => code).filter((code) => chosen.value.has(code));

  const create = async (): Promise<void> => {
    const key = joinKey.value.trim();
    wrong.value = undefined;
    if (onlySome.value && targetCodes.length === 0) wrong.value = "languages";
    else if (key !== "" && (key.length < 4 || key.length > 64)) wrong.value = "key";
    if (wrong.value === "key") keyField.current?.focus();
    if (wrong.value !== undefined || busy.value) return;
    busy.value = true;
    problem.value = undefined;
    app.settings.change({
      sourceLanguage: source.value,
      targetLanguages: onlySome.value ? targetCodes : [],
      expressive: expressive.value,
    });
    try {
      const created = await createSession(app.config.httpApiUrl, await app.account.accessToken(), {
        sourceLanguage: source.value,
        ...(onlySome.value ? { targetLanguages: targetCodes } : {}),
        ...(key === "" ? {} : { joinKey: key }),
        expressive: expressive.value,
      });
      const { sessionId, listenerUrl, expiresAt } = created;
      app.openSession({
        sessionId,
        listenerUrl,
        expiresAt,
        email: app.account.email ?? "",
        sourceLanguage: created.sourceLanguage,
        targetLanguages: created.targetLanguages,
        joinKey: key === "" ? null : key,
        startedAt: null,
        nextSampleOffset: 0,
      });
    } catch (error) {
      busy.value = false;
      if (error instanceof AccountError && error.problem === "signed-out") app.signedOut();
      else problem.value = explain(error);
    }
  };

  return (
    <form
      class="new-session"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void create();
      }}
    >
      <div class="field">
        <label for="source">{texts.start.iSpeak}</label>
        <select
          id="source"
          class="input"
          value={source.value}
          onChange={(event) => (source.value = event.currentTarget.value)}
        >
          {sourceLanguages.map(({ code, nativeName }) => (
            <option key={code} value={code} lang={code}>
              {nativeName}
            </option>
          ))}
        </select>
      </div>
      <fieldset class="field">
        <legend>{texts.start.listenersChoose}</legend>
        <label class="check">
          <input type="radio" name="targets" checked={!onlySome.value} onChange={() => (onlySome.value = false)} />
          <span>
            {texts.start.all(targets.length)}
            <span class="hint">{texts.start.allHint}</span>
          </span>
        </label>
        <label class="check">
          <input type="radio" name="targets" checked={onlySome.value} onChange={() => (onlySome.value = true)} />
          {texts.start.some}
        </label>
        {onlySome.value && <LanguageChecklist languages={targets} chosen={chosen} />}
        {wrong.value === "languages" && (
          <p class="error" role="alert">
            {texts.start.chooseOne}
          </p>
        )}
      </fieldset>
      <label class="check">
        <input
          type="checkbox"
          name="expressive"
          checked={expressive.value}
          onChange={(event) => (expressive.value = event.currentTarget.checked)}
        />
        <span>
          {texts.start.expressive}
          <span class="hint">{texts.start.expressiveHint}</span>
        </span>
      </label>
      <div class="field">
        <label for="join-key">{texts.start.joinKey}</label>
        <input
          ref={keyField}
          id="join-key"
          class="input"
          autocomplete="off"
          autocapitalize="none"
          spellcheck={false}
          maxLength={64}
          value={joinKey.value}
          aria-invalid={wrong.value === "key"}
          aria-describedby="join-key-hint"
          onInput={(event) => (joinKey.value = event.currentTarget.value)}
        />
        <p id="join-key-hint" class={wrong.value === "key" ? "error" : "hint"}>
          {wrong.value === "key" ? texts.start.joinKeyLength : texts.start.joinKeyHint}
        </p>
      </div>
      {problem.value !== undefined && (
        <p class="notice bad" role="alert">
          {problem.value}
        </p>
      )}
      <button type="submit" class="button primary wide" aria-disabled={busy.value}>
        {busy.value ? texts.start.creating : texts.start.create}
      </button>
    </form>
  );
}

/** What was spoken last time, or what the browser prefers. */
function firstChoice(languages: readonly Language[], remembered: string): string {
  const codes = languages.map(({ code }) => code);
  if (codes.includes(remembered)) return remembered;
  return matchLanguage(codes, navigator.languages) ?? codes.find((code) => code === "en") ?? codes[0] ?? "";
}

function explain(error: unknown): string {
  const { problems } = texts.start;
  if (error instanceof AccountError) return problems.UNREACHABLE;
  if (!(error instanceof HttpApiError)) return problems.other("INTERNAL");
  switch (error.code) {
    case "AT_CAPACITY":
    case "RATE_LIMITED":
    case "UNSUPPORTED_LANGUAGE":
    case "UNREACHABLE":
      return problems[error.code];
    default:
      return problems.other(error.code);
  }
}

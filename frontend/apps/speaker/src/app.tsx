import { useFocusOnChange } from "@babelcast/shared/focus-on-change";
import { useSignal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { SignIn } from "./account/sign-in.js";
import type { AppState } from "./app-state.js";
import { Icon, Mark } from "./interface/icons.js";
import { LanguageList } from "./session/languages.js";
import { SessionPage } from "./session/session-page.js";
import { StartPage } from "./session/start-page.js";
import { texts } from "./texts.js";

/** The head, and one of the three pages below it. */
export function App({ app }: { app: AppState }) {
  const languages = useMemo(() => new LanguageList(app.config.httpApiUrl), [app]);
  const isKeyboardHelpOpen = useSignal(false);
  const { value: page } = app.page;

  useEffect(() => {
    if (page.kind !== "sign-in") void languages.load();
  }, [page, languages]);

  const hasEnded = page.kind === "session" && page.live.broadcast.endReason.value !== undefined;
  useFocusOnChange(`${page.kind} ${String(hasEnded)}`);

  return (
    <>
      <Head app={app} onKeyboardHelp={page.kind === "session" ? () => (isKeyboardHelpOpen.value = true) : undefined} />
      {page.kind === "sign-in" && (
        <main class="page narrow" data-state="sign-in">
          <section class="card">
            <SignIn app={app} problem={page.problem} />
          </section>
        </main>
      )}
      {page.kind === "start" && <StartPage app={app} languages={languages} />}
      {page.kind === "session" && (
        <SessionPage
          key={page.live.session.sessionId}
          app={app}
          live={page.live}
          languages={languages}
          isKeyboardHelpOpen={isKeyboardHelpOpen.value}
          onKeyboardHelp={(isOpen) => (isKeyboardHelpOpen.value = isOpen)}
        />
      )}
    </>
  );
}

function Head({ app, onKeyboardHelp }: { app: AppState; onKeyboardHelp: (() => void) | undefined }) {
  const email = app.email.value;
  const isInSession = app.page.value.kind === "session";
  return (
    <header class="head">
      <p class="brand">
        <Mark />
        Babelcast
      </p>
      <div class="head-actions">
        {onKeyboardHelp !== undefined && (
          <button
            type="button"
            class="button quiet icon keyboard-help"
            aria-label={texts.keyboard.open}
            title={texts.keyboard.open}
            onClick={onKeyboardHelp}
          >
            <Icon name="keyboard" />
          </button>
        )}
        {email !== undefined && (
          <>
            <p class="who" title={email}>
              <span class="visually-hidden">{texts.account.signedInAs} </span>
              {email}
            </p>
            {!isInSession && (
              <button type="button" class="button quiet" onClick={() => void app.signOut()}>
                {texts.account.signOut}
              </button>
            )}
          </>
        )}
      </div>
    </header>
  );
}

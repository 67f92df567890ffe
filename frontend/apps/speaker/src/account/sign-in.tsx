import { AccountError, type AccountProblem, type SignInAnswer } from "@babelcast/shared/cognito/account";
import { useSignal } from "@preact/signals";
import type { AppState } from "../app-state.js";
import { texts } from "../texts.js";
import { AccountForm, type FieldPlan } from "./account-form.js";

/** Where somebody is who is not signed in. */
type Step =
  | { readonly kind: "sign-in" }
  | { readonly kind: "new-password"; readonly challenge: string }
  | { readonly kind: "sign-up" }
  | { readonly kind: "confirm" }
  | { readonly kind: "forgot" }
  | { readonly kind: "reset"; readonly problem?: AccountProblem };

interface Props {
  app: AppState;
  /** Other words above the form, where somebody was signed in before. */
  title?: string;
  hint?: string;
  /** Why it has to be done again. */
  problem?: AccountProblem | undefined;
}

/** Signing in, and every way to it: a first password, a new account, a forgotten password. */
export function SignIn({ app, title = texts.account.title, hint = texts.account.hint, problem }: Props) {
  const step = useSignal<Step>({ kind: "sign-in" });
  const email = useSignal(app.email.value ?? "");
  const password = useSignal("");
  const lasting = useSignal(true);
  const words = texts.account;

  const emailField: FieldPlan = {
    name: "email",
    label: words.email,
    kind: "email",
    autocomplete: "username",
    value: email.value,
  };
  const passwordField: FieldPlan = {
    name: "password",
    label: words.password,
    kind: "password",
    autocomplete: "current-password",
  };
  const newPasswordField: FieldPlan = {
    name: "password",
    label: words.newPassword,
    kind: "password",
    autocomplete: "new-password",
    hint: words.passwordRule,
  };
  const codeField: FieldPlan = { name: "code", label: words.code, kind: "code", autocomplete: "one-time-code" };

  const take = (answer: SignInAnswer): void => {
    if (answer.kind === "signed-in") app.signedIn(email.value, answer.tokens, lasting.value);
    else step.value = { kind: "new-password", challenge: answer.challenge };
  };

  const signIn = async (): Promise<void> => {
    const pool = await app.pool();
    try {
      take(await pool.signIn(email.value, password.value));
    } catch (error) {
      if (!(error instanceof AccountError)) throw error;
      if (error.problem === "not-confirmed") {
        await pool.resendCode(email.value);
        step.value = { kind: "confirm" };
      } else if (error.problem === "password-reset-required") {
        await pool.forgotPassword(email.value);
        step.value = { kind: "reset", problem: error.problem };
      } else {
        throw error;
      }
    }
  };

  const enter = (values: Readonly<Record<string, string>>): void => {
    email.value = values["email"] ?? email.value;
    password.value = values["password"] ?? password.value;
  };

  const back = (
    <button type="button" class="link" onClick={() => (step.value = { kind: "sign-in" })}>
      {words.haveAccount}
    </button>
  );

  switch (step.value.kind) {
    case "sign-in":
      return (
        <AccountForm
          key="sign-in"
          title={title}
          hint={hint}
          fields={[emailField, passwordField]}
          submit={words.signIn}
          problem={problem}
          options={
            <label class="check">
              <input type="checkbox" checked={lasting.value} onChange={() => (lasting.value = !lasting.value)} />
              {words.remember}
            </label>
          }
          onSubmit={async (values) => {
            enter(values);
            await signIn();
          }}
        >
          <div class="links">
            <button type="button" class="link" onClick={() => (step.value = { kind: "forgot" })}>
              {words.forgot}
            </button>
            <button type="button" class="link" onClick={() => (step.value = { kind: "sign-up" })}>
              {words.create}
            </button>
          </div>
        </AccountForm>
      );
    case "new-password": {
      const { challenge } = step.value;
      return (
        <AccountForm
          key="new-password"
          title={words.newPasswordTitle}
          hint={words.newPasswordHint}
          fields={[newPasswordField]}
          submit={words.savePassword}
          onSubmit={async (values) => {
            enter(values);
            take(await (await app.pool()).answerNewPassword(email.value, password.value, challenge));
          }}
        >
          {back}
        </AccountForm>
      );
    }
    case "sign-up":
      return (
        <AccountForm
          key="sign-up"
          title={words.createTitle}
          hint={words.createHint}
          fields={[emailField, { ...newPasswordField, label: words.password }]}
          submit={words.create}
          onSubmit={async (values) => {
            enter(values);
            const answer = await (await app.pool()).signUp(email.value, password.value);
            if (answer === "confirmed") await signIn();
            else step.value = { kind: "confirm" };
          }}
        >
          {back}
        </AccountForm>
      );
    case "confirm":
      return (
        <AccountForm
          key="confirm"
          title={words.confirmTitle}
          hint={words.codeSent(email.value)}
          fields={[codeField]}
          submit={words.confirm}
          onSubmit={async (values) => {
            await (await app.pool()).confirmSignUp(email.value, values["code"] ?? "");
            await signIn();
          }}
        >
          <Resend onResend={async () => (await app.pool()).resendCode(email.value)} />
          {back}
        </AccountForm>
      );
    case "forgot":
      return (
        <AccountForm
          key="forgot"
          title={words.forgotTitle}
          fields={[emailField]}
          submit={words.sendCode}
          onSubmit={async (values) => {
            enter(values);
            await (await app.pool()).forgotPassword(email.value);
            step.value = { kind: "reset" };
          }}
        >
          {back}
        </AccountForm>
      );
    case "reset":
      return (
        <AccountForm
          key="reset"
          title={words.forgotTitle}
          hint={words.codeSent(email.value)}
          problem={step.value.problem}
          fields={[codeField, newPasswordField]}
          submit={words.savePassword}
          onSubmit={async (values) => {
            enter(values);
            await (await app.pool()).confirmForgotPassword(email.value, values["code"] ?? "", password.value);
            await signIn();
          }}
        >
          <Resend onResend={async () => (await app.pool()).forgotPassword(email.value)} />
          {back}
        </AccountForm>
      );
  }
}

function Resend({ onResend }: { onResend: () => Promise<void> }) {
  const message = useSignal("");
  const resend = async (): Promise<void> => {
    message.value = "";
    try {
      await onResend();
      message.value = texts.account.resent;
    } catch (error) {
      message.value = texts.account.problems[error instanceof AccountError ? error.problem : "unexpected"];
    }
  };
  return (
    <div>
      <button type="button" class="link" onClick={() => void resend()}>
        {texts.account.resend}
      </button>
      <p role="status" class="soft">
        {message.value}
      </p>
    </div>
  );
}

import { AccountError, type AccountProblem } from "@babelcast/shared/cognito/account";
import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { texts } from "../texts.js";

/** What one field asks for. */
export interface FieldPlan {
  readonly name: string;
  readonly label: string;
  readonly kind: "email" | "password" | "code";
  /** As browsers and password stores understand it. */
  readonly autocomplete: string;
  readonly hint?: string;
  readonly value?: string;
}

interface Props {
  title: string;
  hint?: string | undefined;
  fields: readonly FieldPlan[];
  submit: string;
  /** Rejects with `AccountError`. */
  onSubmit: (values: Readonly<Record<string, string>>) => Promise<void>;
  /** Shown before anything has been entered. */
  problem?: AccountProblem | undefined;
  /** Between the fields and the button. */
  options?: ComponentChildren;
  /** Below the button. */
  children?: ComponentChildren;
}

/** A heading, fields, one button; says in words what is wrong, and puts the focus there. */
export function AccountForm({ title, hint, fields, submit, onSubmit, problem, options, children }: Props) {
  const busy = useSignal(false);
  const shownProblem = useSignal<AccountProblem | undefined>(problem);
  const wrong = useSignal<Readonly<Record<string, string>>>({});
  const form = useRef<HTMLFormElement>(null);

  useEffect(() => {
    const inputs = [...(form.current?.querySelectorAll("input.input") ?? [])] as HTMLInputElement[];
    (inputs.find((input) => input.value === "") ?? inputs[0])?.focus();
  }, []);

  const send = async (): Promise<void> => {
    if (form.current === null || busy.value) return;
    const data = new FormData(form.current);
    const values = Object.fromEntries(fields.map(({ name, kind }) => [name, readField(data.get(name), kind)]));
    wrong.value = findWrong(fields, values);
    const first = Object.keys(wrong.value)[0];
    if (first !== undefined) {
      focusField(form.current, first);
      return;
    }
    busy.value = true;
    shownProblem.value = undefined;
    try {
      await onSubmit(values);
    } catch (error) {
      shownProblem.value = error instanceof AccountError ? error.problem : "unexpected";
    } finally {
      busy.value = false;
    }
  };

  return (
    <form
      ref={form}
      class="account-form"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      <div class="heading">
        <h1>{title}</h1>
        {hint !== undefined && <p class="soft">{hint}</p>}
      </div>
      {shownProblem.value !== undefined && (
        <p class="notice bad" role="alert" data-problem={shownProblem.value}>
          {texts.account.problems[shownProblem.value]}
        </p>
      )}
      {fields.map((field) => (
        <Field key={field.name} plan={field} error={wrong.value[field.name]} />
      ))}
      {options}
      <button type="submit" class="button primary wide" aria-disabled={busy.value}>
        {busy.value ? texts.account.working : submit}
      </button>
      {children}
    </form>
  );
}

function Field({ plan, error }: { plan: FieldPlan; error: string | undefined }) {
  const isShown = useSignal(false);
  const id = `account-${plan.name}`;
  const described = [plan.hint === undefined ? "" : `${id}-hint`, error === undefined ? "" : `${id}-error`];
  const common = {
    id,
    name: plan.name,
    class: "input",
    autocomplete: plan.autocomplete as AutoFill,
    autocapitalize: "none" as const,
    spellcheck: false,
    defaultValue: plan.value ?? "",
    "aria-invalid": error !== undefined,
    "aria-describedby": described.join(" ").trim() || undefined,
  };
  return (
    <div class="field">
      <label for={id}>{plan.label}</label>
      {plan.kind === "email" ? (
        <input type="email" {...common} />
      ) : plan.kind === "password" && !isShown.value ? (
        <input type="password" {...common} />
      ) : (
        <input type="text" inputMode={plan.kind === "code" ? "numeric" : "text"} {...common} />
      )}
      {plan.hint !== undefined && (
        <p id={`${id}-hint`} class="hint">
          {plan.hint}
        </p>
      )}
      {error !== undefined && (
        <p id={`${id}-error`} class="error">
          {error}
        </p>
      )}
      {plan.kind === "password" && (
        <label class="check">
          <input type="checkbox" checked={isShown.value} onChange={() => (isShown.value = !isShown.value)} />
          {texts.account.showPassword}
        </label>
      )}
    </div>
  );
}

/** Passwords are taken as they are; spaces around anything else come from copying. */
function readField(value: FormDataEntryValue | null, kind: FieldPlan["kind"]): string {
  const text = typeof value === "string" ? value : "";
  return kind === "password" ? text : text.trim();
}

function findWrong(
  fields: readonly FieldPlan[],
  values: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const wrong: Record<string, string> = {};
  for (const { name, kind } of fields) {
    const value = values[name] ?? "";
    if (value === "") wrong[name] = texts.account.missing;
    else if (kind === "email" && !/^\S+@\S+\.\S+$/.test(value)) wrong[name] = texts.account.notAnEmail;
  }
  return wrong;
}

function focusField(form: HTMLFormElement, name: string): void {
  form.querySelector<HTMLInputElement>(`input[name="${name}"]`)?.focus();
}

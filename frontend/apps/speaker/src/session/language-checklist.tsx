import type { Language } from "@babelcast/shared/protocol/http-api";
import { type Signal, useSignal } from "@preact/signals";
import { texts } from "../texts.js";
import { findLanguages } from "./languages.js";

interface Props {
  languages: readonly Language[];
  /** Codes. */
  chosen: Signal<ReadonlySet<string>>;
}

/** Languages to tick, with a search where there are many. */
export function LanguageChecklist({ languages, chosen }: Props) {
  const typed = useSignal("");
  const shown = findLanguages(languages, typed.value);
  const toggle = (code: string): void => {
    const next = new Set(chosen.value);
    if (!next.delete(code)) next.add(code);
    chosen.value = next;
  };
  const count = languages.filter(({ code }) => chosen.value.has(code)).length;
  return (
    <div class="language-checklist">
      {languages.length > 8 && (
        <input
          type="search"
          class="input"
          aria-label={texts.start.find}
          placeholder={texts.start.find}
          autocomplete="off"
          value={typed.value}
          onInput={(event) => (typed.value = event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === "Enter") event.preventDefault();
          }}
        />
      )}
      <ul>
        {shown.map(({ code, nativeName, name, spoken }) => (
          <li key={code}>
            <label class="check" title={name}>
              <input type="checkbox" value={code} checked={chosen.value.has(code)} onChange={() => toggle(code)} />
              <span>
                <bdi lang={code}>{nativeName}</bdi>
                {!spoken && <span class="hint">{texts.start.textOnly}</span>}
              </span>
            </label>
          </li>
        ))}
      </ul>
      <p class="hint" role="status">
        {shown.length === 0 ? texts.start.noMatch : texts.start.chosen(count)}
      </p>
    </div>
  );
}

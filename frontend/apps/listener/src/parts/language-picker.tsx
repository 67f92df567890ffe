import type { Language } from "@babelcast/shared/protocol/http-api";
import { useId, useState } from "preact/hooks";
import { isMeant } from "../session/offer";
import { t } from "../t";
import { CheckIcon } from "./icons";

interface Props {
  /** In the order of the list. */
  languages: readonly Language[];
  selected: string | undefined;
  onSelect: (code: string) => void;
  /** A touch or click has selected: nothing further needs to be confirmed, unlike with the arrow keys. */
  onPick?: (code: string) => void;
}

/** So many languages are seen at a glance; more get a field to find one by its name. */
const AT_A_GLANCE = 10;

/** Languages by their own names. */
export function LanguagePicker({ languages, selected, onSelect, onPick }: Props) {
  const [typed, setTyped] = useState("");
  const name = useId();
  const shown = languages.filter((language) => isMeant(language, typed));
  return (
    <div class="language-picker">
      {languages.length > AT_A_GLANCE && (
        <input
          class="input"
          type="search"
          value={typed}
          placeholder={t.findLanguage}
          aria-label={t.findLanguage}
          autocomplete="off"
          onInput={(event) => setTyped(event.currentTarget.value)}
        />
      )}
      <div class="languages" role="radiogroup" aria-label={t.chooseLanguage}>
        {shown.map((language) => (
          <label key={language.code} class="language">
            <input
              type="radio"
              name={name}
              value={language.code}
              checked={language.code === selected}
              onChange={() => onSelect(language.code)}
              onClick={(event) => {
                // The clicks that browsers make of arrow keys count no presses.
                if (event.detail > 0) onPick?.(language.code);
              }}
            />
            <span class="names">
              <bdi lang={language.code} class="native-name">
                {language.nativeName}
              </bdi>
              <OtherName language={language} />
            </span>
            {!language.spoken && <span class="badge">{t.captionsOnlyLanguage}</span>}
            <CheckIcon />
          </label>
        ))}
      </div>
    </div>
  );
}

/** The English name, for those who help others to find theirs; left out where it says the same. */
function OtherName({ language }: { language: Language }) {
  if (language.name === language.nativeName) return null;
  return (
    <span class="other-name" lang="en">
      {language.name}
    </span>
  );
}

import type { Language } from "@babelcast/shared/protocol/http-api";
import { useState } from "preact/hooks";
import { t } from "../t";
import { Dialog } from "./dialog";
import { LanguagePicker } from "./language-picker";

interface Props {
  languages: readonly Language[];
  current: string;
  onChoose: (code: string) => void;
  onClose: () => void;
}

/** Changes the language without leaving. */
export function LanguageDialog({ languages, current, onChoose, onClose }: Props) {
  const [selected, setSelected] = useState(current);
  const choose = (code: string): void => {
    onChoose(code);
    onClose();
  };
  return (
    <Dialog title={t.language} onClose={onClose}>
      <form
        class="dialog-form"
        onSubmit={(event) => {
          event.preventDefault();
          choose(selected);
        }}
      >
        <LanguagePicker languages={languages} selected={selected} onSelect={setSelected} onPick={choose} />
        <button type="submit" class="button primary">
          {t.changeLanguageTo}
        </button>
      </form>
    </Dialog>
  );
}

import { useModalDialog } from "@babelcast/shared/modal-dialog";
import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";
import { t } from "../t";
import { CloseIcon } from "./icons";

interface Props {
  title: string;
  onClose: () => void;
  children: ComponentChildren;
}

/** A modal dialog: holds the focus, closes with Escape, the cross and a touch outside. */
export function Dialog({ title, onClose, children }: Props) {
  const dialog = useModalDialog();
  const titleId = useId();
  return (
    <dialog
      ref={dialog}
      aria-labelledby={titleId}
      onClose={onClose}
      onClick={(event) => {
        if (event.target === dialog.current) onClose();
      }}
    >
      <div class="dialog-body">
        <header class="dialog-head">
          <h2 id={titleId}>{title}</h2>
          <button type="button" class="button quiet icon" aria-label={t.close} onClick={onClose}>
            <CloseIcon />
          </button>
        </header>
        {children}
      </div>
    </dialog>
  );
}

import { useModalDialog } from "@babelcast/shared/modal-dialog";
import type { ComponentChildren } from "preact";
import { texts } from "../texts.js";
import { Icon } from "./icons.js";

interface Props {
  title: string;
  onClose: () => void;
  class?: string;
  children: ComponentChildren;
}

/** A dialog over the page as long as it is rendered; Escape, its button and a tap beside it close it. */
export function Modal({ title, onClose, class: name = "", children }: Props) {
  const dialog = useModalDialog();
  return (
    <dialog
      ref={dialog}
      class={`modal ${name}`}
      aria-labelledby="modal-title"
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClick={(event) => {
        if (event.target === dialog.current) onClose();
      }}
    >
      <div class="modal-body">
        <header class="modal-head">
          <h2 id="modal-title">{title}</h2>
          <button type="button" class="button quiet icon" aria-label={texts.keyboard.close} onClick={onClose}>
            <Icon name="close" />
          </button>
        </header>
        {children}
      </div>
    </dialog>
  );
}

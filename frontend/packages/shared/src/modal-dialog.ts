import type { RefObject } from "preact";
import { useEffect, useRef } from "preact/hooks";

/**
 * For a `<dialog>` that is modal as long as it is rendered. The focus goes back to where it was: browsers give it back
 * only when a dialog is closed before it is taken out of the page.
 */
export function useModalDialog(): RefObject<HTMLDialogElement | null> {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const { current } = dialog;
    const opener = document.activeElement;
    current?.showModal();
    return () => {
      current?.close();
      if (opener instanceof HTMLElement) opener.focus();
    };
  }, []);
  return dialog;
}

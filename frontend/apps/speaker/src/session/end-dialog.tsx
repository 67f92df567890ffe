import { useEffect, useRef } from "preact/hooks";
import { Modal } from "../interface/modal.js";
import { texts } from "../texts.js";

interface Props {
  onEnd: () => void;
  onLeave: () => void;
  onClose: () => void;
}

/** Asked before a session is over for everybody. */
export function EndDialog({ onEnd, onLeave, onClose }: Props) {
  const goOn = useRef<HTMLButtonElement>(null);
  // After the dialog has opened: a hasty key does no harm.
  useEffect(() => goOn.current?.focus(), []);
  return (
    <Modal title={texts.end.title} onClose={onClose}>
      <p>{texts.end.hint}</p>
      <div class="stack">
        <button type="button" class="button danger" data-action="confirm-end" onClick={onEnd}>
          {texts.end.end}
        </button>
        <button type="button" class="button" onClick={onLeave} aria-describedby="leave-hint">
          {texts.end.leave}
        </button>
        <p id="leave-hint" class="hint">
          {texts.end.leaveHint}
        </p>
        <button ref={goOn} type="button" class="button primary" onClick={onClose}>
          {texts.end.cancel}
        </button>
      </div>
    </Modal>
  );
}

import { useEffect, useRef, useState } from "preact/hooks";
import type { Listening } from "../session/listening";
import { t } from "../t";

const SHOWN_MS = 7_000;
/** Several jumps in a row are told as one, and read out once. */
const SETTLE_MS = 250;

/** Says honestly how much was left out. */
export function SkippedToast({ listening }: { listening: Listening }) {
  const [seconds, setSeconds] = useState(0);
  const toldS = useRef(0);
  const skippedS = listening.skippedS.value;
  useEffect(() => {
    if (skippedS === toldS.current) return undefined;
    const show = setTimeout(() => setSeconds(skippedS - toldS.current), SETTLE_MS);
    const hide = setTimeout(() => {
      toldS.current = skippedS;
      setSeconds(0);
    }, SHOWN_MS);
    return () => {
      clearTimeout(show);
      clearTimeout(hide);
    };
  }, [skippedS]);
  return (
    <div class="toast" role="status">
      {seconds >= 1 && <p>{t.skipped(Math.round(seconds))}</p>}
    </div>
  );
}

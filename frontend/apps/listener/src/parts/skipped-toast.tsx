import { useEffect, useState } from "preact/hooks";
import type { Listening } from "../session/listening";
import { t } from "../t";

const SHOWN_MS = 7_000;

/** Says honestly what was left out to catch up; several jumps in a row are added up. */
export function SkippedToast({ listening }: { listening: Listening }) {
  const [seconds, setSeconds] = useState(0);
  const skipped = listening.skipped.value;
  useEffect(() => {
    if (skipped === undefined) return undefined;
    setSeconds((before) => before + skipped.seconds);
    const timer = setTimeout(() => setSeconds(0), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [skipped]);
  return (
    <div class="toast" role="status">
      {seconds >= 1 && <p>{t.skipped(Math.round(seconds))}</p>}
    </div>
  );
}

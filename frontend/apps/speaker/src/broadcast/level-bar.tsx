import { MeterBallistics } from "@babelcast/shared/audio/level";
import { useEffect, useRef } from "preact/hooks";
import type { Microphone } from "../capture/microphone.js";
import { texts } from "../texts.js";

/** Values told to assistive technology at most this often. */
const TELL_EVERY_MS = 1_000;

/** How loud the microphone is; drawn past the components, twenty times a second. */
export function LevelBar({ microphone }: { microphone: Microphone }) {
  const bar = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const ballistics = new MeterBallistics();
    let toldAtMs = 0;
    return microphone.level.subscribe((level) => {
      const { current } = bar;
      if (current === null) return;
      const nowMs = performance.now();
      const reading = ballistics.show(level, nowMs);
      current.style.setProperty("--level", reading.level.toFixed(3));
      current.style.setProperty("--peak", reading.peak.toFixed(3));
      current.dataset["clipped"] = String(level.clipped);
      if (nowMs - toldAtMs < TELL_EVERY_MS) return;
      toldAtMs = nowMs;
      current.setAttribute("aria-valuenow", String(Math.round(100 * reading.level)));
    });
  }, [microphone]);
  return (
    <div
      ref={bar}
      class="level-bar"
      role="meter"
      aria-label={texts.sound.level}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={0}
    >
      <div class="level-fill" />
      <div class="level-peak" />
    </div>
  );
}

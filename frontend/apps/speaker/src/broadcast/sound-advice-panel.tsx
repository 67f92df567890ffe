import { Icon } from "../interface/icons.js";
import type { LiveSession } from "../session/live-session.js";
import { texts } from "../texts.js";
import type { KnownIssue, ShownIssue } from "./sound-issues.js";

/** What is wrong with the sound and what helps, while the microphone is on air. */
export function SoundAdvice({ live }: { live: LiveSession }) {
  const { microphone, broadcast } = live;
  if (broadcast.wanted.value !== "live") return null;
  // Then a notice says why there is no sound.
  const isExplained = microphone.state.value.kind !== "on" || microphone.switchedOff.value;
  const issues = broadcast.soundIssues.shown.value.filter(({ issue }) => issue !== "silence" || !isExplained);
  return <SoundAdvicePanel issues={issues} onDismiss={(issue) => broadcast.soundIssues.dismiss(issue)} />;
}

interface PanelProps {
  issues: readonly ShownIssue[];
  onDismiss: (issue: string) => void;
}

/** Room for one issue is always kept, so that nothing moves when it comes or goes. */
export function SoundAdvicePanel({ issues, onDismiss }: PanelProps) {
  return (
    <section class="sound-advice" aria-label={texts.sound.advice} tabIndex={-1}>
      {issues.length === 0 && <p class="hint">{texts.sound.noAdvice}</p>}
      <ul aria-live="polite" aria-relevant="additions text">
        {issues.map((shown) => (
          <Line key={shown.issue} shown={shown} onDismiss={onDismiss} />
        ))}
      </ul>
    </section>
  );
}

/** Undefined for what only newer servers know. */
function wordsFor(issue: string) {
  const issues: Partial<Record<string, (typeof texts.sound.issues)[KnownIssue]>> = texts.sound.issues;
  return issues[issue];
}

/** Whatever takes the button away, the keyboard stays in the panel. */
function keepFocus(button: HTMLButtonElement | null) {
  return () => {
    if (button !== null && document.activeElement === button) button.closest("section")?.focus();
  };
}

interface LineProps {
  shown: ShownIssue;
  onDismiss: (issue: string) => void;
}

function Line({ shown: { issue, advice, isBetter }, onDismiss }: LineProps) {
  const words = wordsFor(issue);
  const id = `sound-issue-${issue}`;
  if (isBetter) {
    return (
      <li class="notice good" data-issue={issue} data-better="true">
        <Icon name="check" />
        <p id={id}>{words?.better ?? texts.sound.better}</p>
      </li>
    );
  }
  return (
    <li class="notice warn" data-issue={issue}>
      <Icon name="info" />
      <p id={id}>
        {words === undefined ? (
          advice
        ) : (
          <>
            <strong>{words.problem}</strong> {words.help}
          </>
        )}
      </p>
      <button
        ref={keepFocus}
        type="button"
        class="button quiet icon"
        aria-label={texts.sound.dismiss}
        aria-describedby={id}
        onClick={() => onDismiss(issue)}
      >
        <Icon name="close" />
      </button>
    </li>
  );
}

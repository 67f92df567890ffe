/** What is wrong with the speaker's sound: what this page hears and what the server says, in one list. */
import type { QualityWarning } from "@babelcast/shared/protocol/messages";
import { signal } from "@preact/signals";
import type { HeardIssue } from "../capture/sound-advice.js";

/** Those that the server knows, by their names on the wire; a newer one may know more. */
export type KnownIssue = HeardIssue | "low_snr" | "echo" | "hum" | "dropouts";

/** One line of the list. */
export interface ShownIssue {
  /** As in `qualityWarning`. */
  readonly issue: string;
  /** The server's words; undefined while only the page has heard it. */
  readonly advice: string | undefined;
  /** It is over, and that is told for a moment. */
  readonly isBetter: boolean;
}

/** What the page has heard counts for so long: speech is now too loud and now not, a dead microphone is dead. */
const HEARD_LASTS_MS: Readonly<Record<HeardIssue, number>> = { clipping: 8_000, too_quiet: 8_000, silence: 1_500 };
/** The server says it every 30 s while it lasts, of which one may get lost, as may that it is over. */
const TOLD_LASTS_MS = 70_000;
/** Nobody reads faster, whatever becomes of the issue meanwhile. */
const READING_MS = 3_000;
const BETTER_MS = 4_000;

interface Issue {
  advice: string | undefined;
  heardUntilMs: number;
  /** Undefined while the server has not said so, or has taken it back. */
  toldUntilMs: number | undefined;
  sinceMs: number;
  betterSinceMs: number | undefined;
  isDismissed: boolean;
}

/**
 * An issue is shown until neither the page nor the server finds it any more, then for a moment that it is better. Times
 * are milliseconds of any clock.
 */
export class SoundIssues {
  /** The oldest first, so that no line moves while it is read. */
  readonly shown = signal<readonly ShownIssue[]>([]);
  readonly #issues = new Map<string, Issue>();

  /** @param issue - What the page hears now, or undefined for nothing. */
  hear(issue: HeardIssue | undefined, nowMs: number): void {
    if (issue !== undefined) this.#find(issue, nowMs).heardUntilMs = nowMs + HEARD_LASTS_MS[issue];
    this.look(nowMs);
  }

  /** What the server says; to say it again changes nothing. */
  tell({ issue, advice, resolved }: QualityWarning, nowMs: number): void {
    const found = resolved ? this.#issues.get(issue) : this.#find(issue, nowMs);
    if (found !== undefined) found.toldUntilMs = resolved ? undefined : nowMs + TOLD_LASTS_MS;
    if (found !== undefined && !resolved) found.advice = advice;
    this.look(nowMs);
  }

  /** Time has passed. */
  look(nowMs: number): void {
    for (const [name, issue] of this.#issues) {
      const isToldNoMore = issue.toldUntilMs !== undefined && nowMs >= issue.toldUntilMs;
      if (nowMs < issue.heardUntilMs || (issue.toldUntilMs !== undefined && !isToldNoMore)) {
        if (issue.betterSinceMs !== undefined) issue.sinceMs = nowMs;
        issue.betterSinceMs = undefined;
      } else if (issue.isDismissed || isToldNoMore) {
        this.#issues.delete(name);
      } else if (issue.betterSinceMs === undefined) {
        if (nowMs - issue.sinceMs >= READING_MS) issue.betterSinceMs = nowMs;
      } else if (nowMs - issue.betterSinceMs >= BETTER_MS) {
        this.#issues.delete(name);
      }
    }
    this.#show();
  }

  /** Another microphone, or none: what the page has heard says nothing about what comes. The server will say. */
  forgetHeard(): void {
    for (const [name, issue] of this.#issues) {
      issue.heardUntilMs = Number.NEGATIVE_INFINITY;
      if (issue.toldUntilMs === undefined && issue.betterSinceMs === undefined) this.#issues.delete(name);
    }
    this.#show();
  }

  /** A pause: nothing is heard, and what is wrong afterwards is told then. */
  clear(): void {
    this.#issues.clear();
    this.#show();
  }

  /** It has been read, and is not shown again as long as it lasts. */
  dismiss(name: string): void {
    const issue = this.#issues.get(name);
    if (issue !== undefined) issue.isDismissed = true;
    this.#show();
  }

  #find(name: string, nowMs: number): Issue {
    const known = this.#issues.get(name);
    if (known !== undefined) return known;
    const issue: Issue = {
      advice: undefined,
      heardUntilMs: Number.NEGATIVE_INFINITY,
      toldUntilMs: undefined,
      sinceMs: nowMs,
      betterSinceMs: undefined,
      isDismissed: false,
    };
    this.#issues.set(name, issue);
    return issue;
  }

  /** Of a sound that is not there nothing else can be said. */
  #show(): void {
    const silence = this.#issues.get("silence");
    const isSilent = silence !== undefined && silence.betterSinceMs === undefined;
    const shown = [...this.#issues]
      .filter(([name, { isDismissed }]) => !isDismissed && (!isSilent || name === "silence"))
      .map(([issue, { advice, betterSinceMs }]) => ({ issue, advice, isBetter: betterSinceMs !== undefined }));
    if (!areSame(shown, this.shown.peek())) this.shown.value = shown;
  }
}

function areSame(some: readonly ShownIssue[], others: readonly ShownIssue[]): boolean {
  return (
    some.length === others.length &&
    some.every(({ issue, advice, isBetter }, index) => {
      const other = others[index];
      return issue === other?.issue && advice === other.advice && isBetter === other.isBetter;
    })
  );
}

/** What a tab remembers of the session it is in, so that loading the page again leaves no hole. No speech is stored. */
import { Fields } from "@babelcast/shared/protocol/fields";

export interface SessionMemory {
  readonly sessionId: string;
  readonly language: string;
  readonly joinKey: string | undefined;
  /** Whether the listener has turned the sound on. */
  readonly withSound: boolean;
  readonly paused: boolean;
  /** First segment that this listener was given. */
  readonly first: number;
  /** Highest number up to which nothing was missing. */
  readonly lastContiguous: number;
  /** Segment that is to be heard next, and where in its clip, in seconds. */
  readonly playNumber: number;
  readonly playOffsetS: number;
}

/** After loading the page again, so many captions before the last are fetched again; the server sends up to 200. */
const RESTORED_CAPTIONS = 150;
const KEY = "babelcast.session";

export function remember(memory: SessionMemory): void {
  try {
    sessionStorage.setItem(KEY, JSON.stringify(memory));
  } catch {
    // Without storage a page that is loaded again begins anew.
  }
}

export function forget(): void {
  try {
    sessionStorage.removeItem(KEY);
  } catch {
    // There was nothing to forget.
  }
}

/** The number behind which a page that was loaded again asks for everything. */
export function askAfter(memory: SessionMemory): number {
  return Math.max(memory.first - 1, memory.lastContiguous - RESTORED_CAPTIONS);
}

/** What is remembered of a session; undefined when the tab was not in it. */
export function recall(sessionId: string): SessionMemory | undefined {
  try {
    const fields = new Fields(JSON.parse(sessionStorage.getItem(KEY) ?? "null"));
    if (fields.text("sessionId") !== sessionId) return undefined;
    return {
      sessionId,
      language: fields.text("language"),
      joinKey: fields.textOrNull("joinKey") ?? undefined,
      withSound: fields.truth("withSound"),
      paused: fields.truth("paused"),
      first: fields.integer("first"),
      lastContiguous: fields.integer("lastContiguous"),
      playNumber: fields.integer("playNumber"),
      playOffsetS: fields.number("playOffsetS"),
    };
  } catch {
    return undefined;
  }
}

/** A listener's own seat: connections come and go, and whoever knows its secret gets it back even in a full room. */
import { Fields } from "@babelcast/shared/protocol/fields";

const KEY = "babelcast.seat";
const SECRET_BYTES = 16;

export interface OwnSeat {
  readonly secret: string;
  /** Ends what keeps the secret for when the page is loaded again. */
  readonly stop: () => void;
}

/**
 * This tab's seat in a session, the same after the page is loaded again.
 *
 * Its secret is stored only while the page is hidden or goes: a tab that is duplicated begins with a copy of what is
 * stored, and two that know one secret would take the seat from each other.
 *
 * @param remembers - False for a page that leaves no trace: its seat is its own until it is loaded again.
 */
export function ownSeat(sessionId: string, remembers: boolean): OwnSeat {
  if (!remembers) return { secret: newSecret(), stop: () => undefined };
  const secret = recall(sessionId) ?? newSecret();
  const store = (): void => remember(sessionId, secret);
  const onVisibility = (): void => (document.hidden ? store() : forget());
  forget();
  addEventListener("pagehide", store);
  addEventListener("pageshow", forget);
  document.addEventListener("visibilitychange", onVisibility);
  const stop = (): void => {
    removeEventListener("pagehide", store);
    removeEventListener("pageshow", forget);
    document.removeEventListener("visibilitychange", onVisibility);
  };
  return { secret, stop };
}

function newSecret(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(SECRET_BYTES));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function remember(sessionId: string, secret: string): void {
  try {
    sessionStorage.setItem(KEY, JSON.stringify({ sessionId, seat: secret }));
  } catch {
    // Without storage a page that is loaded again needs another seat.
  }
}

function recall(sessionId: string): string | undefined {
  try {
    const fields = new Fields(JSON.parse(sessionStorage.getItem(KEY) ?? "null"));
    return fields.text("sessionId") === sessionId ? fields.text("seat") : undefined;
  } catch {
    return undefined;
  }
}

function forget(): void {
  try {
    sessionStorage.removeItem(KEY);
  } catch {
    // There was nothing to forget.
  }
}

/**
 * What an address asks for. The id of a session may stand in the query or behind the `#`:
 *
 * ```
 * https://listen.example/?session=joyful-hope-911                 as the HTTP API gives it
 * https://listen.example/?session=joyful-hope-911#key=sesame      with its join key, which no server gets to see
 * https://listen.example/#joyful-hope-911
 * https://listen.example/#/projector?session=joyful-hope-911&languages=es,fr
 * ```
 */
import { readSessionId } from "@babelcast/shared/session-id";

export type Route =
  | { readonly page: "join"; readonly sessionId: string | undefined; readonly joinKey: string | undefined }
  | {
      readonly page: "projector";
      readonly sessionId: string | undefined;
      readonly joinKey: string | undefined;
      /** At most two codes; empty when the address names none. */
      readonly languages: readonly string[];
    };

const PROJECTOR = "/projector";
const MAX_PROJECTED = 2;

/** @param address - The page's whole address, as `location.href`. */
export function readRoute(address: string): Route {
  const url = new URL(address);
  const hash = decode(url.hash.slice(1));
  const [path, inner] = hash.includes("?") ? split(hash) : hash.includes("=") ? ["", hash] : [hash, ""];
  const parameters = [new URLSearchParams(inner), url.searchParams];
  const parameter = (name: string): string | undefined =>
    parameters.map((each) => each.get(name)).find((value) => value !== null && value !== "") ?? undefined;
  const joinKey = parameter("key");
  const named = parameter("session");
  if (path === PROJECTOR) {
    const codes = (parameter("languages") ?? "").split(",").map((code) => code.trim());
    const languages = [...new Set(codes)].filter((code) => code !== "").slice(0, MAX_PROJECTED);
    return { page: "projector", sessionId: readSessionId(named ?? ""), joinKey, languages };
  }
  return { page: "join", sessionId: readSessionId(named ?? path), joinKey };
}

/** The address of a session's page; the key stays behind the `#`. */
export function sessionAddress(address: string, sessionId: string): string {
  const url = new URL(address);
  url.search = `?session=${sessionId}`;
  url.hash = "";
  return url.href;
}

/** The address of the projector view. */
export function projectorAddress(
  address: string,
  options: { sessionId: string; joinKey: string | undefined; languages: readonly string[] },
): string {
  const url = new URL(address);
  url.search = "";
  const parameters = new URLSearchParams({ session: options.sessionId });
  if (options.joinKey !== undefined) parameters.set("key", options.joinKey);
  url.hash = `${PROJECTOR}?${parameters.toString()}&languages=${options.languages.join(",")}`;
  return url.href;
}

function split(hash: string): [string, string] {
  const at = hash.indexOf("?");
  return [hash.slice(0, at), hash.slice(at + 1)];
}

function decode(text: string): string {
  // The parameters behind a path decode themselves.
  if (text.includes("?") || text.includes("=")) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

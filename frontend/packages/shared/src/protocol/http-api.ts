/** The HTTP API of docs/protocol.md. Speakers' calls carry a Cognito access token; listeners' carry nothing. */
import { Fields, MalformedError } from "./fields.js";
import { SESSION_STATES, type SessionState } from "./messages.js";

/** What anyone may know about a session. */
export interface SessionFacts {
  sessionId: string;
  state: SessionState;
  sourceLanguage: string;
  targetLanguages: readonly string[];
  /** Descriptions of its source and its targets. */
  languages: readonly Language[];
  joinKeyRequired: boolean;
}

/** What its speaker gets to know about a new session. */
export interface CreatedSession extends SessionFacts {
  webSocketUrl: string;
  /** Page for the listeners of this session. */
  listenerUrl: string;
  /** Epoch milliseconds. */
  expiresAt: number;
}

export interface Language {
  /** As the protocol names it: `es`, `zh-TW`; valid in a `lang` attribute. */
  code: string;
  /** In English. */
  name: string;
  nativeName: string;
  /** False when it is text only. */
  spoken: boolean;
  rightToLeft: boolean;
}

export interface Languages {
  sourceLanguages: readonly Language[];
  targetLanguages: readonly Language[];
}

export interface NewSession {
  sourceLanguage: string;
  /** All that the stage enables when left out. */
  targetLanguages?: readonly string[];
  /** 4–64 characters. */
  joinKey?: string;
  /** Whether the voices follow how loud, fast and high the speaker speaks; they do when left out. */
  expressive?: boolean;
}

/**
 * The API refused a request, or could not be asked.
 *
 * `code` is one of docs/protocol.md, or `UNREACHABLE` when there was no answer of the API's own.
 */
export class HttpApiError extends Error {
  override name = "HttpApiError";
  readonly code: string;
  readonly retryable: boolean;
  readonly status: number;

  constructor(code: string, message: string, options: { retryable: boolean; status: number }) {
    super(message);
    this.code = code;
    this.retryable = options.retryable;
    this.status = options.status;
  }
}

const TIMEOUT_MS = 20_000;

/**
 * Shows a session; a join key is checked on the way, with `NOT_ALLOWED` for one that does not fit.
 *
 * @throws {@link HttpApiError} with `SESSION_NOT_FOUND` for an id that nobody has; likewise all below.
 */
export async function showSession(httpApiUrl: string, sessionId: string, joinKey?: string): Promise<SessionFacts> {
  const options = joinKey === undefined ? {} : { headers: { "join-key": encodeURIComponent(joinKey) } };
  return call(httpApiUrl, "GET", `/sessions/${encodeURIComponent(sessionId)}`, options, readFacts);
}

export async function listLanguages(httpApiUrl: string): Promise<Languages> {
  return call(httpApiUrl, "GET", "/languages", { cache: "default" }, (fields) => ({
    sourceLanguages: fields.list("sourceLanguages").map(readLanguage),
    targetLanguages: fields.list("targetLanguages").map(readLanguage),
  }));
}

export async function createSession(httpApiUrl: string, token: string, wanted: NewSession): Promise<CreatedSession> {
  return call(httpApiUrl, "POST", "/sessions", { token, body: wanted }, (fields) => ({
    ...readFacts(fields),
    webSocketUrl: fields.text("webSocketUrl"),
    listenerUrl: fields.text("listenerUrl"),
    expiresAt: fields.integer("expiresAt"),
  }));
}

/** Ends a session, also when its speaker is not connected. */
export async function endSession(httpApiUrl: string, token: string, sessionId: string): Promise<void> {
  return call(httpApiUrl, "DELETE", `/sessions/${encodeURIComponent(sessionId)}`, { token }, () => undefined);
}

async function call<T>(
  httpApiUrl: string,
  method: string,
  path: string,
  options: { token?: string; body?: object; headers?: Record<string, string>; cache?: RequestCache },
  readAnswer: (fields: Fields) => T,
): Promise<T> {
  const headers: Record<string, string> = { ...options.headers };
  if (options.token !== undefined) headers["authorization"] = `Bearer ${options.token}`;
  if (options.body !== undefined) headers["content-type"] = "application/json";
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), TIMEOUT_MS);
  const request: RequestInit = { method, headers, cache: options.cache ?? "no-store", signal: controller.signal };
  if (options.body !== undefined) request.body = JSON.stringify(options.body);
  let response: Response;
  let text: string;
  try {
    response = await fetch(httpApiUrl + path, request);
    text = await response.text();
  } catch {
    throw unreachable("no answer", 0);
  } finally {
    clearTimeout(timer);
  }
  if (!response.ok) throw readError(response.status, text);
  try {
    return readAnswer(new Fields(text === "" ? {} : JSON.parse(text)));
  } catch (error) {
    if (error instanceof MalformedError || error instanceof SyntaxError) {
      throw unreachable("an answer of another form", response.status);
    }
    throw error;
  }
}

function readError(status: number, text: string): HttpApiError {
  try {
    const fields = new Fields(JSON.parse(text));
    if (fields.has("code")) {
      const retryable = fields.truth("retryable", status >= 500);
      return new HttpApiError(fields.text("code"), fields.text("message"), { retryable, status });
    }
  } catch {
    // Not of the API's own making; the status tells all there is.
  }
  if (status === 401) return new HttpApiError("NOT_AUTHENTICATED", "sign in first", { retryable: false, status });
  if (status === 429) return new HttpApiError("RATE_LIMITED", "too many requests", { retryable: true, status });
  return unreachable("an answer of another form", status);
}

function unreachable(message: string, status: number): HttpApiError {
  return new HttpApiError("UNREACHABLE", message, { retryable: true, status });
}

function readFacts(fields: Fields): SessionFacts {
  return {
    sessionId: fields.text("sessionId"),
    state: fields.oneOf("state", SESSION_STATES),
    sourceLanguage: fields.text("sourceLanguage"),
    targetLanguages: fields.texts("targetLanguages"),
    // An app is deployed before the API that it calls.
    languages: fields.has("languages") ? fields.list("languages").map(readLanguage) : [],
    joinKeyRequired: fields.truth("joinKeyRequired"),
  };
}

function readLanguage(value: unknown): Language {
  const fields = new Fields(value);
  return {
    code: fields.text("code"),
    name: fields.text("name"),
    nativeName: fields.text("nativeName"),
    spoken: fields.truth("spoken"),
    rightToLeft: fields.truth("rightToLeft"),
  };
}

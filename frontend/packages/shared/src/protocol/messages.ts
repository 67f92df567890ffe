/**
 * What goes over the WebSocket, as docs/protocol.md has it: names and units are those of the wire.
 *
 * Times are integer milliseconds since the epoch (`…Ms`: since the session's first sample), audio positions samples at
 * 16 000 Hz since the session's first sample; `duration` is in seconds.
 */
import { Fields, MalformedError } from "./fields.js";

export const SESSION_STATES = ["live", "paused", "muted", "ended"] as const;

/** Where a broadcast stands. */
export type SessionState = (typeof SESSION_STATES)[number];

export type Role = "speaker" | "listener";

/** How one segment's clip fared at a listener; times by the listener's clock. At most 200 in a report. */
export interface ClipReport {
  sequenceNumber: number;
  receivedAt: number;
  playedAt?: number;
  downloadMs?: number;
  /** From `spokenAt` to the clip's first sound. */
  delayMs?: number;
  failed: boolean;
  skipped: boolean;
}

/** Anything a client may say. */
export type ClientMessage =
  /** `seat`: a listener's secret, 16–64 letters, digits, `-` or `_`; the same for all connections of theirs. */
  | { action: "joinSession"; lastSequenceNumber?: number | undefined; seat?: string }
  | {
      action: "audioChunk";
      sessionId: string;
      chunkIndex: number;
      sampleOffset: number;
      audioData: string;
      format: "pcm_s16le";
      sampleRate: 16_000;
      timestamp: number;
    }
  | { action: "pauseBroadcast" | "resumeBroadcast" | "muteBroadcast" | "unmuteBroadcast" | "endSession" }
  | { action: "setVolume"; volume: number }
  | { action: "getSessionStatus" | "heartbeat" }
  | { action: "changeLanguage"; targetLanguage: string }
  | { action: "pausePlayback" | "resumePlayback" }
  | { action: "resume"; lastSequenceNumber: number }
  | { action: "playbackReport"; clips: readonly ClipReport[] };

export interface SessionJoined {
  type: "sessionJoined";
  sessionId: string;
  role: Role;
  sourceLanguage: string;
  /** Null for the speaker. */
  targetLanguage: string | null;
  state: SessionState;
  /** Gain that the listeners apply, 0.0–1.0. */
  volume: number;
  nextSequenceNumber: number;
  /** For a speaker's app that does not know its own position, as after a reload; null for listeners. */
  nextSampleOffset: number | null;
  /** False before the speaker's app has joined, and while it is lost. */
  speakerConnected: boolean;
  connectionExpiresAt: number;
  serverTime: number;
}

/** The chunk of this index is in the stream; it says nothing about those before it. */
export interface AudioAck {
  type: "audioAck";
  chunkIndex: number;
}

/** A caption in the source language; partials and the final of a segment have one `resultId`. */
export interface Transcription {
  type: "transcription";
  text: string;
  isFinal: boolean;
  language: string;
  timestamp: number;
  resultId: string;
  /** The segment's number; null until it is final. */
  sequenceNumber: number | null;
}

/** A segment in the listener's language. */
export interface TranslatedAudio {
  type: "translatedAudio";
  targetLanguage: string;
  sequenceNumber: number;
  /** Where the clip is for ten minutes; null for text only. */
  url: string | null;
  duration: number;
  timestamp: number;
  /** When its last audio had reached the server; absent where that is not told. */
  spokenAt?: number;
  text: string;
  sourceText: string;
  spokenStartMs: number;
  spokenEndMs: number;
  /** False when `text` is the source text. */
  translated: boolean;
  replayed: boolean;
  /** Why there is no clip although the language has a voice: `AT_CAPACITY`, `SYNTHESIS_UNAVAILABLE`. */
  unspoken: string | null;
}

/** More was missed than is sent again: of what was asked for, these segments do not come. */
export interface SegmentsLeftOut {
  type: "segmentsLeftOut";
  firstSequenceNumber: number;
  lastSequenceNumber: number;
  /** Where the speech that is left out begins. */
  spokenStartMs: number;
  /** Where the speech that comes again begins. */
  spokenEndMs: number;
}

export interface BroadcastState {
  type: "broadcastState";
  state: SessionState;
  volume: number;
  speakerConnected: boolean;
}

export interface SessionStatus {
  type: "sessionStatus";
  listenerCount: number;
  listenersByLanguage: Readonly<Record<string, number>>;
  durationMs: number;
  state: SessionState;
  /** How late the listeners hear, in the median of their reports; absent before one. */
  delayMs?: number;
}

/** Something is wrong with the speaker's sound, or is not any more. */
export interface QualityWarning {
  type: "qualityWarning";
  /** `silence`, `too_quiet`, `clipping`, `low_snr`, `echo`, `hum`, `dropouts` or newer. */
  issue: string;
  /** Its unit is the issue's; see docs/protocol.md. */
  value: number;
  /** In English. */
  advice: string;
  /** It is over. */
  resolved: boolean;
}

export interface ConnectionRefreshRequired {
  type: "connectionRefreshRequired";
  expiresAt: number;
}

export interface SessionEnded {
  type: "sessionEnded";
  reason: string;
}

/** A request was refused. API Gateway's own failures read `INTERNAL`, retryable, without an action. */
export interface ServerError {
  type: "error";
  code: string;
  message: string;
  retryable: boolean;
  action: string | null;
}

/** Anything the server may say. */
export type ServerMessage =
  | SessionJoined
  | AudioAck
  | Transcription
  | TranslatedAudio
  | SegmentsLeftOut
  | BroadcastState
  | SessionStatus
  | QualityWarning
  | ConnectionRefreshRequired
  | SessionEnded
  | ServerError;

/** A client's message as text. */
export function writeMessage(message: ClientMessage): string {
  return JSON.stringify(message);
}

/**
 * Reads a message of the server.
 *
 * @returns undefined for what is not JSON, of an unknown type, or lacks a field that is used; unknown fields are ignored.
 */
export function parseServerMessage(text: string): ServerMessage | undefined {
  try {
    return read(new Fields(JSON.parse(text)));
  } catch (error) {
    if (error instanceof MalformedError || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function read(fields: Fields): ServerMessage | undefined {
  if (!fields.has("type")) return readGatewayFailure(fields);
  switch (fields.text("type")) {
    case "sessionJoined":
      return {
        type: "sessionJoined",
        sessionId: fields.text("sessionId"),
        role: fields.oneOf("role", ["speaker", "listener"]),
        sourceLanguage: fields.text("sourceLanguage"),
        targetLanguage: fields.textOrNull("targetLanguage"),
        state: fields.oneOf("state", SESSION_STATES),
        volume: fields.number("volume"),
        nextSequenceNumber: fields.integer("nextSequenceNumber"),
        nextSampleOffset: fields.integerOrNull("nextSampleOffset"),
        speakerConnected: fields.truth("speakerConnected", true),
        connectionExpiresAt: fields.integer("connectionExpiresAt"),
        serverTime: fields.integer("serverTime"),
      };
    case "audioAck":
      return { type: "audioAck", chunkIndex: fields.integer("chunkIndex") };
    case "transcription":
      return {
        type: "transcription",
        text: fields.text("text"),
        isFinal: fields.truth("isFinal"),
        language: fields.text("language"),
        timestamp: fields.integer("timestamp"),
        resultId: fields.text("resultId"),
        sequenceNumber: fields.integerOrNull("sequenceNumber"),
      };
    case "translatedAudio":
      return {
        type: "translatedAudio",
        targetLanguage: fields.text("targetLanguage"),
        sequenceNumber: fields.integer("sequenceNumber"),
        url: fields.textOrNull("url"),
        duration: fields.number("duration"),
        timestamp: fields.integer("timestamp"),
        ...(fields.has("spokenAt") ? { spokenAt: fields.integer("spokenAt") } : {}),
        text: fields.text("text"),
        sourceText: fields.text("sourceText"),
        spokenStartMs: fields.integer("spokenStartMs"),
        spokenEndMs: fields.integer("spokenEndMs"),
        translated: fields.truth("translated", true),
        replayed: fields.truth("replayed", false),
        unspoken: fields.textOrNull("unspoken"),
      };
    case "segmentsLeftOut":
      return {
        type: "segmentsLeftOut",
        firstSequenceNumber: fields.integer("firstSequenceNumber"),
        lastSequenceNumber: fields.integer("lastSequenceNumber"),
        spokenStartMs: fields.integer("spokenStartMs"),
        spokenEndMs: fields.integer("spokenEndMs"),
      };
    case "broadcastState":
      return {
        type: "broadcastState",
        state: fields.oneOf("state", SESSION_STATES),
        volume: fields.number("volume"),
        speakerConnected: fields.truth("speakerConnected", true),
      };
    case "sessionStatus":
      return {
        type: "sessionStatus",
        listenerCount: fields.integer("listenerCount"),
        listenersByLanguage: fields.counts("listenersByLanguage"),
        durationMs: fields.integer("durationMs"),
        state: fields.oneOf("state", SESSION_STATES),
        ...(fields.has("delayMs") ? { delayMs: fields.integer("delayMs") } : {}),
      };
    case "qualityWarning":
      return {
        type: "qualityWarning",
        issue: fields.text("issue"),
        value: fields.number("value"),
        advice: fields.text("advice"),
        resolved: fields.truth("resolved", false),
      };
    case "connectionRefreshRequired":
      return { type: "connectionRefreshRequired", expiresAt: fields.integer("expiresAt") };
    case "sessionEnded":
      return { type: "sessionEnded", reason: fields.text("reason") };
    case "error":
      return {
        type: "error",
        code: fields.text("code"),
        message: fields.text("message"),
        retryable: fields.truth("retryable"),
        action: fields.textOrNull("action"),
      };
    default:
      return undefined;
  }
}

/** API Gateway's own words when a function fails: `{message, connectionId, requestId}`. */
function readGatewayFailure(fields: Fields): ServerError | undefined {
  if (!fields.has("message") || !fields.has("requestId")) return undefined;
  return { type: "error", code: "INTERNAL", message: fields.text("message"), retryable: true, action: null };
}

/** One speaker's broadcast: what the speaker wants is brought about at the server, whatever the network does meanwhile. */
import {
  type CaptionList,
  NO_CAPTIONS,
  withoutPartial,
  withTranscription,
} from "@babelcast/shared/captions/caption-list";
import { Connection, type ConnectionStatus, type Diagnosis } from "@babelcast/shared/connection/connection";
import type { WebSocketLike } from "@babelcast/shared/connection/joined-socket";
import type {
  BroadcastState,
  ServerError,
  ServerMessage,
  SessionJoined,
  SessionState,
  SessionStatus,
} from "@babelcast/shared/protocol/messages";
import { Timers } from "@babelcast/shared/timers";
import { signal } from "@preact/signals";
import { AudioSender } from "./audio-sender.js";
import { type BroadcastCommand, finishesSentence, nextCommand, type Wanted } from "./broadcast-plan.js";
import { SoundIssues } from "./sound-issues.js";

/** Where the sound comes from. */
export interface SoundSource {
  startChunks(): void;
  /** Resolves when the last chunk has been given. */
  stopChunks(): Promise<void>;
}

export interface BroadcastOptions {
  readonly sessionId: string;
  /** Address with its query, made anew for each attempt. A rejection is a failed attempt. */
  readonly url: () => Promise<string>;
  /** Asked after a handshake that failed. */
  readonly diagnose: () => Promise<Diagnosis>;
  readonly source: SoundSource;
  /** Where this browser has been in the session before, in samples; 0 if never. */
  readonly rememberedOffset: number;
  /** The page was on air before it was loaded again, and will be; one that is not has a break when it comes back. */
  readonly goesOnByItself?: boolean;
  readonly openWebSocket?: (url: string) => WebSocketLike;
  /** As `Math.random`. */
  readonly random?: () => number;
}

/** The server has given up on something, for now or for good. */
export type ServerTrouble = Pick<ServerError, "code" | "action" | "retryable">;

const LOOK_AFTER_MS = 1_000;
/** So long without an acknowledgement, the connection is asked for a sign of life, and again after as long. */
const SILENCE_MS = 5_000;
/** A command that has not been carried out is given again. */
const COMMAND_TIMEOUT_MS = 5_000;
/** Words are waited for before a sentence is finished, but not for ever. */
const DRAIN_TIMEOUT_MS = 10_000;
const VOLUME_DEBOUNCE_MS = 150;
/** While audio flows, the server tells by itself what changes; otherwise nobody but the speaker asks. */
const STATUS_EVERY_MS = 10_000;
/** After so long without `sessionEnded` the last words are taken as delivered. */
const END_TIMEOUT_MS = 90_000;

export class Broadcast {
  readonly connection = signal<ConnectionStatus>("connecting");
  readonly wanted = signal<Wanted>("standby");
  /** What the server says; undefined before it has said anything. */
  readonly known = signal<SessionState | undefined>(undefined);
  /** Gain that the listeners apply, 0.0–1.0. */
  readonly volume = signal(1);
  readonly audience = signal<SessionStatus | undefined>(undefined);
  /** The speaker's own words, as they were understood. */
  readonly captions = signal<CaptionList>(NO_CAPTIONS);
  /** What is wrong with the sound while it is on air. */
  readonly soundIssues = new SoundIssues();
  readonly trouble = signal<ServerTrouble | undefined>(undefined);
  /** Why the broadcast is over, or undefined while it is not. */
  readonly endReason = signal<string | undefined>(undefined);
  readonly sender: AudioSender;

  readonly #options: BroadcastOptions;
  readonly #connection: Connection;
  readonly #timers = new Timers();
  /** The connection is new, and has not told yet where the broadcast stands. */
  #isFresh = false;
  /** Something had been said before this page joined. */
  #hasBegun = false;
  #isCutting = false;
  #inFlight: BroadcastCommand | undefined;
  #isDrainOver = false;
  #isVolumeOurs = false;
  #probedAtMs = 0;
  /** When the audience was last told or asked for. */
  #statusAtMs = 0;

  /** Nothing is opened before {@link start}. */
  constructor(options: BroadcastOptions) {
    this.#options = options;
    const { random, openWebSocket } = options;
    this.#connection = new Connection({
      url: options.url,
      diagnose: options.diagnose,
      join: () => ({ action: "joinSession", lastSequenceNumber: this.captions.peek().captions.at(-1)?.number ?? -1 }),
      onMessage: (message) => this.#onMessage(message),
      onStatus: (status) => this.#onStatus(status),
      onRefused: (reason) => this.#finish(reason),
      ...(random === undefined ? {} : { random }),
      ...(openWebSocket === undefined ? {} : { openWebSocket }),
    });
    this.sender = new AudioSender({
      sessionId: options.sessionId,
      send: (message) => this.#connection.send(message),
      rememberedOffset: options.rememberedOffset,
      onProgress: () => this.#reconcile(),
      ...(random === undefined ? {} : { random }),
    });
  }

  /** Connects, and keeps connected. */
  start(): void {
    this.#connection.start();
    this.#timers.every("look after", LOOK_AFTER_MS, () => {
      this.#lookAfterConnection();
      this.#lookAfterAudience();
      this.soundIssues.look(performance.now());
    });
  }

  /** The network or the page is back. */
  wake(): void {
    this.#connection.wake();
  }

  /** The browser says that there is no network. */
  doubt(): void {
    this.#connection.doubt();
  }

  /** On air: begins, or goes on after a pause or a mute. Sound is captured from this moment on. */
  goLive(): void {
    if (!this.#want("live")) return;
    this.#options.source.startChunks();
    this.#reconcile();
  }

  /** A break: nothing is captured, and listeners see so. */
  pause(): void {
    if (this.#want("paused")) void this.#stopCapturing();
  }

  /** Nothing is captured for a moment. */
  mute(): void {
    if (this.#want("muted")) void this.#stopCapturing();
  }

  /** Ends the session for everybody, when the last words have been delivered. */
  end(): void {
    if (!this.#want("ended")) return;
    this.#timers.after("end", END_TIMEOUT_MS, () => this.#finish("ended"));
    void this.#stopCapturing();
  }

  /** @param volume - 0.0–1.0. */
  setVolume(volume: number): void {
    this.volume.value = volume;
    this.#isVolumeOurs = true;
    this.#sendVolumeAfter(VOLUME_DEBOUNCE_MS);
  }

  /** Leaves; the session goes on at the server. */
  close(): void {
    this.#timers.cancelAll();
    this.sender.stop();
    this.#connection.close();
  }

  #want(wanted: Wanted): boolean {
    const current = this.wanted.value;
    if (current === wanted || current === "ended" || this.endReason.value !== undefined) return false;
    this.wanted.value = wanted;
    this.soundIssues.forgetHeard();
    this.#isDrainOver = false;
    this.#timers.cancel("drain");
    return true;
  }

  async #stopCapturing(): Promise<void> {
    this.#isCutting = true;
    await this.#options.source.stopChunks();
    this.#isCutting = false;
    this.#reconcile();
  }

  /** Gives the next command, when its time has come. */
  #reconcile(): void {
    const known = this.known.value;
    if (known === undefined || this.endReason.value !== undefined) return;
    const isJoined = this.connection.value === "joined" && !this.#isFresh;
    const wanted = this.wanted.value;
    // What is said after a pause follows when the server knows that the pause is over.
    this.sender.setOpen(isJoined && known !== "ended" && (wanted !== "live" || known === "live"));
    if (!isJoined || this.#isCutting || this.#inFlight !== undefined) return;
    const command = nextCommand(known, wanted, this.#hasBegun);
    if (command === undefined) return;
    if (finishesSentence(command) && !this.sender.isDrained && !this.#isDrainOver) {
      this.#expectDrain();
      return;
    }
    this.#give(command);
  }

  #give(command: BroadcastCommand): void {
    this.#inFlight = command;
    this.#connection.send({ action: command });
    this.#timers.after("command", COMMAND_TIMEOUT_MS, () => {
      this.#inFlight = undefined;
      this.#reconcile();
    });
  }

  #expectDrain(): void {
    if (this.#timers.has("drain")) return;
    this.#timers.after("drain", DRAIN_TIMEOUT_MS, () => {
      this.#isDrainOver = true;
      this.#reconcile();
    });
  }

  #onStatus(status: ConnectionStatus): void {
    this.connection.value = status;
    if (status === "joined") this.#isFresh = true;
    else this.captions.value = withoutPartial(this.captions.value);
    this.#timers.cancel("drain");
    this.#settleCommand();
    this.#reconcile();
  }

  #settleCommand(): void {
    this.#inFlight = undefined;
    this.#timers.cancel("command");
  }

  #onMessage(message: ServerMessage): void {
    switch (message.type) {
      case "sessionJoined":
        this.#onJoined(message);
        break;
      case "audioAck":
        this.sender.acknowledge(message.chunkIndex);
        this.#forgive((trouble) => trouble.action === "audioChunk");
        break;
      case "broadcastState":
        this.#onState(message);
        break;
      case "sessionStatus":
        this.audience.value = message;
        this.#statusAtMs = performance.now();
        break;
      case "transcription":
        this.captions.value = withTranscription(this.captions.value, message);
        this.#forgive((trouble) => trouble.code === "TRANSCRIPTION_UNAVAILABLE");
        break;
      case "qualityWarning":
        // What is said of the words before a pause comes too late.
        if (this.known.value === "live") this.soundIssues.tell(message, performance.now());
        break;
      case "sessionEnded":
        this.#finish(message.reason);
        break;
      case "error":
        this.#onError(message);
        break;
      case "translatedAudio":
      case "segmentsLeftOut":
      case "connectionRefreshRequired":
        break;
    }
  }

  /** At a pause the server forgets what it has told of the sound; one that it does not learn of changes nothing. */
  #learn(state: SessionState): void {
    if (state !== "live") this.soundIssues.clear();
    this.known.value = state;
  }

  #onJoined(message: SessionJoined): void {
    this.#learn(message.state);
    this.#settleCommand();
    if (!this.#isVolumeOurs) this.volume.value = message.volume;
    if (message.nextSequenceNumber > 0 && this.#options.goesOnByItself !== true) this.#hasBegun = true;
    if (this.#isFresh) {
      this.#isFresh = false;
      this.sender.join(message.nextSampleOffset ?? 0);
      this.#askForStatus();
      if (this.#isVolumeOurs) this.#sendVolumeAfter(0);
    }
    this.#reconcile();
  }

  #onState(message: BroadcastState): void {
    this.#learn(message.state);
    if (!this.#isVolumeOurs) {
      this.volume.value = message.volume;
    } else if (message.volume === this.volume.value) {
      this.#isVolumeOurs = false;
      this.#timers.cancel("volume");
    }
    this.#settleCommand();
    this.#reconcile();
  }

  #onError(error: ServerError): void {
    if (error.code === "SESSION_ENDED") {
      this.#finish("ended");
    } else if (error.code === "SESSION_NOT_FOUND") {
      this.#finish("expired");
    } else if (error.code === "RATE_LIMITED" && error.action === "audioChunk") {
      this.sender.slowDown();
    } else if (error.retryable && (error.action === "audioChunk" || error.code === "INTERNAL")) {
      this.sender.sendAgainSoon();
    } else if (error.code === "NOT_ALLOWED" && error.action === this.#inFlight) {
      // The broadcast stands elsewhere than was thought; joining tells where.
      this.#connection.send({ action: "joinSession" });
    } else if (!error.retryable || error.code === "TRANSCRIPTION_UNAVAILABLE") {
      this.trouble.value = error;
    }
  }

  #forgive(isOver: (trouble: ServerTrouble) => boolean): void {
    if (this.trouble.value !== undefined && isOver(this.trouble.value)) this.trouble.value = undefined;
  }

  #sendVolumeAfter(delayMs: number): void {
    this.#timers.after("volume", delayMs, () => {
      this.#connection.send({ action: "setVolume", volume: this.volume.value });
      this.#sendVolumeAfter(COMMAND_TIMEOUT_MS);
    });
  }

  #askForStatus(): void {
    this.#statusAtMs = performance.now();
    this.#connection.send({ action: "getSessionStatus" });
  }

  #lookAfterAudience(): void {
    if (performance.now() - this.#statusAtMs >= STATUS_EVERY_MS) this.#askForStatus();
  }

  #lookAfterConnection(): void {
    const silentSinceMs = this.sender.silentSinceMs;
    const nowMs = performance.now();
    if (silentSinceMs === undefined || this.connection.value !== "joined") return;
    if (nowMs - Math.max(silentSinceMs, this.#probedAtMs) < SILENCE_MS) return;
    this.#probedAtMs = nowMs;
    this.#connection.wake();
  }

  #finish(reason: string): void {
    if (this.endReason.value !== undefined) return;
    this.endReason.value = reason;
    this.soundIssues.clear();
    void this.#options.source.stopChunks();
    this.close();
  }
}

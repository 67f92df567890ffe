import {
  type Caption,
  type CaptionList,
  NO_CAPTIONS,
  type LeftOut,
  leftOutSeconds,
  type PartialCaption,
  withLeftOut,
  withoutPartial,
  withTranscription,
  withTranslation,
} from "@babelcast/shared/captions/caption-list";
import type { Config } from "@babelcast/shared/config";
import { Connection, type ConnectionStatus, wakeWithBrowser } from "@babelcast/shared/connection/connection";
import { SegmentInbox } from "@babelcast/shared/playback/segment-inbox";
import type {
  SegmentsLeftOut,
  ServerError,
  ServerMessage,
  SessionJoined,
  SessionState,
  Transcription,
  TranslatedAudio,
} from "@babelcast/shared/protocol/messages";
import { batch, computed, type ReadonlySignal, signal } from "@preact/signals";
import { FreshSegments } from "./fresh-segments";
import { type ListeningOptions, webSocketAddress } from "./listening-options";
import { askAfter, remember } from "./memory";
import { ownSeat } from "./own-seat";
import { RefusalCheck } from "./refusal";
import { seconds, ServerClock } from "./server-clock";
import { type ShownState, showState } from "./shown-state";
import { Sound } from "./sound";

/** How many captions a late listener reads of what the room has just heard. */
const LATE_CAPTIONS = 3;
const LOOK_AFTER_MS = 500;
const REPORT_MS = 10_000;
const REMEMBER_MS = 3_000;
/** Holes are asked for so long after the end. */
const LINGER_MS = 15_000;

/** One listener in one session: connection, captions, sound. The page reads the signals and calls the verbs. */
export class Listening {
  readonly sessionId: string;
  readonly joinKey: string | undefined;
  readonly connection = signal<ConnectionStatus>("connecting");
  readonly language = signal("");
  readonly captions = signal<readonly Caption[]>([]);
  readonly leftOut = signal<readonly LeftOut[]>([]);
  readonly partial = signal<PartialCaption | undefined>(undefined);
  readonly paused = signal(false);
  readonly ended = signal(false);
  /** Whether it takes long to come in because too many from here have tried. */
  readonly isTooOften: ReadonlySignal<boolean>;
  /** Code of the reason why the server lets nobody in here; see docs/protocol.md. */
  readonly refusal = signal<string | undefined>(undefined);
  /** Whether what is spoken is heard, as far as the page knows. */
  readonly isAudible = computed(() => this.sound.state.value === "running" && this.#volume.value > 0);
  /** Seconds of speech that were left out until now. */
  readonly skippedS = signal(0);
  readonly sound: Sound;
  readonly state = computed<ShownState>(() =>
    showState({
      connection: this.connection.value,
      isFull: this.#isFull.value,
      broadcast: this.#broadcast.value.state,
      speakerConnected: this.#speakerConnected.value,
      hasBegun: this.#hasBegun.value,
      hasEnded: this.ended.value,
    }),
  );

  readonly #options: ListeningOptions;
  readonly #connection: Connection;
  readonly #inbox = new SegmentInbox();
  readonly #broadcast = signal<{ state: SessionState; volume: number }>({ state: "live", volume: 1 });
  readonly #speakerConnected = signal(true);
  readonly #hasBegun = signal(false);
  readonly #isFull = signal(false);
  readonly #volume = signal(1);
  readonly #clock = new ServerClock();
  readonly #stops: (() => void)[] = [];
  readonly #early: (TranslatedAudio | Transcription | SegmentsLeftOut)[] = [];
  readonly #fresh = new FreshSegments();
  #list: CaptionList = NO_CAPTIONS;
  #sourceLanguage = "";
  #newestKnown = -1;
  #hasReported = false;
  #playFrom = 0;

  constructor(config: Config, options: ListeningOptions) {
    this.#options = options;
    this.sessionId = options.sessionId;
    this.joinKey = options.joinKey;
    this.language.value = options.language;
    this.paused.value = options.memory?.paused ?? false;
    this.sound = new Sound({
      skipped: (leftOutS) => (this.skippedS.value += leftOutS),
      refused: (number) => this.#connection.send({ action: "resume", lastSequenceNumber: number - 1 }),
      playPressed: () => this.resume(),
      pausePressed: () => this.pause(),
    });
    const seat = ownSeat(this.sessionId, options.remembers !== false);
    this.#stops.push(seat.stop);
    const check = new RefusalCheck(config.httpApiUrl);
    this.isTooOften = check.isTooOften;
    this.#connection = new Connection({
      url: () => webSocketAddress(config, { ...options, language: this.language.value }),
      join: () => {
        this.#clock.ask(Date.now());
        return { action: "joinSession", lastSequenceNumber: this.#lastSequenceNumber(), seat: seat.secret };
      },
      onMessage: (message) => this.#handle(message),
      onStatus: (status) => {
        this.connection.value = status;
        if (status === "reconnecting") this.#showList(withoutPartial(this.#list));
      },
      diagnose: () => {
        const wasThere = this.#lastSequenceNumber() !== undefined;
        return check.ask({ ...options, language: this.language.value, wasThere });
      },
      onRefused: (reason) => this.#takeRefusal(reason),
      ...options.connection,
    });
  }

  /** Connects, and keeps connected until {@link close}. */
  start(): void {
    this.#connection.start();
    this.#stops.push(wakeWithBrowser(this.#connection));
    this.#every(LOOK_AFTER_MS, () => this.#lookAfter());
    this.#every(REPORT_MS, () => this.#report());
    if (this.#options.remembers === false) return;
    const save = (): void => this.#remember();
    this.#every(REMEMBER_MS, save);
    addEventListener("pagehide", save);
    this.#stops.push(() => removeEventListener("pagehide", save));
  }

  close(): void {
    for (const stop of this.#stops) stop();
    this.#report();
    this.#connection.close();
    this.sound.close();
  }

  /** Turns the sound on; to be called from a touch, click or key press. */
  startSound(artist: string): void {
    if (this.sound.state.value !== "off") {
      void this.sound.unlock();
      return;
    }
    this.sound.start(this.sessionId, artist);
    this.sound.setGain(this.#volume.peek() * this.#broadcast.value.volume);
    if (this.paused.value) this.sound.pause();
    if (this.#inbox.first === undefined) return;
    const fresh = this.#fresh.list((serverTime) => this.#clock.local(serverTime));
    this.#playFrom = fresh[0]?.sequenceNumber ?? this.#inbox.lastContiguous + 1;
    this.sound.begin(this.#playFrom);
    for (const message of fresh) this.#play(message);
  }

  /** @param volume - The listener's own, 0–1; the speaker's comes on top. */
  setVolume(volume: number): void {
    this.#volume.value = volume;
    this.sound.setGain(volume * this.#broadcast.value.volume);
  }

  /** Holds the sound; the server sends nothing to this listener meanwhile, and after a minute makes nothing for them. */
  pause(): void {
    if (this.paused.value) return;
    this.paused.value = true;
    this.sound.pause();
    this.#connection.send({ action: "pausePlayback" });
  }

  resume(): void {
    if (!this.paused.value) return;
    this.paused.value = false;
    this.#connection.send({ action: "resumePlayback" });
    this.#inbox.announceNext(this.#newestKnown + 1, seconds(), 0);
    this.#lookAfter();
    this.sound.resume();
  }

  jumpToLive(): void {
    this.sound.jumpToLive();
  }

  /** What is said from now on comes in another language; what is on its way is still heard in the old one. */
  changeLanguage(code: string): void {
    if (code === this.language.value) return;
    this.language.value = code;
    this.#connection.send({ action: "changeLanguage", targetLanguage: code });
    this.#remember();
  }

  #lastSequenceNumber(): number | undefined {
    if (this.#inbox.first !== undefined) return this.#inbox.lastContiguous;
    return this.#options.memory && askAfter(this.#options.memory);
  }

  #takeRefusal(reason: string): void {
    if (this.#inbox.first !== undefined && reason !== "UNSUPPORTED_LANGUAGE") this.#end();
    else this.refusal.value = reason;
  }

  #handle(message: ServerMessage): void {
    switch (message.type) {
      case "sessionJoined":
        this.#takeJoin(message);
        break;
      case "translatedAudio":
      case "transcription":
      case "segmentsLeftOut":
        if (this.#inbox.first === undefined) this.#early.push(message);
        else if (message.type === "segmentsLeftOut") this.#takeLeftOut(message);
        else if (message.type === "transcription") this.#takeTranscription(message);
        else this.#takeSegment(message);
        break;
      case "broadcastState":
        batch(() => {
          this.#broadcast.value = message;
          this.#speakerConnected.value = message.speakerConnected;
        });
        this.setVolume(this.#volume.peek());
        if (message.state !== "live" || !message.speakerConnected) this.#showList(withoutPartial(this.#list));
        break;
      case "sessionEnded":
        this.#end();
        break;
      case "error":
        this.#takeError(message);
        break;
      default:
        break;
    }
  }

  #takeJoin(message: SessionJoined): void {
    this.#clock.answer(message.serverTime, Date.now());
    this.#sourceLanguage = message.sourceLanguage;
    const next = message.nextSequenceNumber;
    batch(() => {
      this.#broadcast.value = message;
      this.#speakerConnected.value = message.speakerConnected;
      this.#isFull.value = false;
      if (next > 0) this.#hasBegun.value = true;
    });
    this.setVolume(this.#volume.peek());
    this.#newestKnown = Math.max(this.#newestKnown, next - 1);
    if (this.#inbox.first === undefined) this.#begin(next);
    if (message.state === "ended") this.#end();
    if (this.paused.value) this.#connection.send({ action: "pausePlayback" });
    else this.#inbox.announceNext(next, seconds());
    const asked = this.language.value;
    if (message.targetLanguage !== null && message.targetLanguage !== asked) {
      this.#connection.send({ action: "changeLanguage", targetLanguage: asked });
    }
    for (const early of this.#early.splice(0)) this.#handle(early);
  }

  #begin(next: number): void {
    const memory = this.#options.memory;
    const last = this.#lastSequenceNumber();
    this.#inbox.begin(last === undefined ? next : Math.min(last + 1, next));
    this.#playFrom = memory?.playNumber ?? next;
    this.sound.begin(this.#playFrom, memory?.playOffsetS);
    if (memory === undefined && next > 0) {
      this.#connection.send({ action: "resume", lastSequenceNumber: Math.max(-1, next - 1 - LATE_CAPTIONS) });
    }
  }

  #takeSegment(message: TranslatedAudio): void {
    const number = message.sequenceNumber;
    this.#newestKnown = Math.max(this.#newestKnown, number);
    this.#hasBegun.value = true;
    const arrival = this.#inbox.accept(number, seconds());
    this.#showList(withTranslation(this.#list, message, this.#sourceLanguage));
    if (arrival === "new") {
      this.#fresh.add(message);
      this.#play(message);
      if (this.#wasMadeForNobody(message)) this.skippedS.value += (message.spokenEndMs - message.spokenStartMs) / 1_000;
    } else if (message.url !== null) {
      this.sound.readdress(number, message.url);
    }
  }

  #takeLeftOut(message: SegmentsLeftOut): void {
    const { firstSequenceNumber: first, lastSequenceNumber: last } = message;
    const missing = this.#inbox.leaveOut(first, last);
    if (missing.length === 0) return;
    this.#showList(withLeftOut(this.#list, message, missing));
    this.sound.leaveOut(first, last);
    if (this.sound.state.value !== "off" && last >= this.#playFrom)
      this.skippedS.value += leftOutSeconds(message, missing.length);
  }

  #takeTranscription(message: Transcription): void {
    batch(() => {
      this.#hasBegun.value = true;
      // What is being said is said now; a final caption may be one that a late listener is shown.
      if (!message.isFinal) this.#speakerConnected.value = true;
    });
    this.#showList(withTranscription(this.#list, message));
    if (message.sequenceNumber === null) return;
    this.#newestKnown = Math.max(this.#newestKnown, message.sequenceNumber);
    // A paused listener's translations are not made; they are asked for afterwards.
    if (!this.paused.value) this.#inbox.announce(message.sequenceNumber, seconds());
  }

  #takeError(error: ServerError): void {
    const isOver = error.code === "SESSION_ENDED" || error.code === "SESSION_NOT_FOUND";
    if (isOver && error.action === "joinSession") this.#end();
    // A connection that is to replace this one can wait for its seat unseen.
    if (error.code === "AT_CAPACITY" && this.connection.value !== "joined") this.#isFull.value = true;
  }

  #play(message: TranslatedAudio): void {
    if (message.sequenceNumber < this.#playFrom) return;
    this.sound.add({
      number: message.sequenceNumber,
      url: message.url,
      durationS: message.duration,
      committedAt: this.#clock.local(message.timestamp),
      spokenAt: message.spokenAt === undefined ? undefined : this.#clock.local(message.spokenAt),
    });
  }

  /** Said while this listener was away for so long that no speech was made of it: text is all there is. */
  #wasMadeForNobody(message: TranslatedAudio): boolean {
    const isToBeHeard = this.sound.state.value !== "off" && message.sequenceNumber >= this.#playFrom;
    return isToBeHeard && message.replayed && !message.translated && message.url === null;
  }

  #end(): void {
    if (this.ended.value) return;
    this.ended.value = true;
    this.#showList(withoutPartial(this.#list));
    const timer = setTimeout(() => {
      this.#report();
      this.#connection.close();
    }, LINGER_MS);
    this.#stops.push(() => clearTimeout(timer));
  }

  #lookAfter(): void {
    if (this.connection.value !== "joined" || this.paused.value) return;
    // The speaker learns soon how late the first words are heard.
    if (!this.#hasReported) this.#report();
    const last = this.#inbox.resumeAfter(seconds());
    if (last !== undefined) this.#connection.send({ action: "resume", lastSequenceNumber: last });
  }

  #report(): void {
    if (this.connection.value !== "joined") return;
    const clips = this.sound.takeReports();
    if (clips.length === 0) return;
    this.#hasReported = true;
    this.#connection.send({ action: "playbackReport", clips });
  }

  #remember(): void {
    const first = this.#inbox.first;
    if (first === undefined || this.#options.remembers === false) return;
    const position = this.sound.position;
    remember({
      sessionId: this.sessionId,
      language: this.language.value,
      joinKey: this.joinKey,
      withSound: this.sound.state.value !== "off",
      paused: this.paused.value,
      first: Math.min(first, this.#options.memory?.first ?? first),
      lastContiguous: this.#inbox.lastContiguous,
      playNumber: position?.number ?? this.#inbox.lastContiguous + 1,
      playOffsetS: position?.offsetS ?? 0,
    });
  }

  #showList(list: CaptionList): void {
    this.#list = list;
    batch(() => {
      this.captions.value = list.captions;
      this.leftOut.value = list.leftOut;
      this.partial.value = list.partial;
    });
  }

  #every(intervalMs: number, action: () => void): void {
    const timer = setInterval(action, intervalMs);
    this.#stops.push(() => clearInterval(timer));
  }
}

import type { ClipReport } from "../protocol/messages.js";
import { ClipLoader, ClipRefusedError } from "./clip-loader.js";
import { ClipQueue, type Decision } from "./clip-queue.js";
import type { ClipSink, PreparedClip } from "./clip-sink.js";

/** A segment that may be heard; times are epoch milliseconds by this browser's clock. */
export interface Segment {
  readonly number: number;
  /** Null for text only. */
  readonly url: string | null;
  readonly durationS: number;
  readonly committedAt: number;
  /** When its last audio had reached the server; undefined when that is not known. */
  readonly spokenAt: number | undefined;
}

/** Where the listener is: for the page, and to go on there after it was loaded again. */
export interface PlayPosition {
  /** Segment that sounds, or whose turn is next. */
  readonly number: number;
  /** How much of it has been heard, in seconds at tempo 1. */
  readonly offsetS: number;
  readonly isSounding: boolean;
}

export interface PlayerEvents {
  /** Something that the page may show has changed: position, delay, what waits, the sink's state. */
  changed(): void;
  /** Speech of so many seconds was left out to catch up. */
  skipped(seconds: number): void;
  /** Storage refuses the clip's address; {@link Player.readdress} may bring another one. */
  refused(number: number): void;
}

/**
 * Seconds from the end of a clause in the speaker's mouth until its last audio has reached the server, which no clock of
 * this browser sees. Its last word waits for its chunk of 250 ms to be full (125 ms in the mean), and the chunk travels
 * over the speaker's network, through the gateway and into the stream (80 ms within a region, and as much again over a
 * phone's network).
 */
const BEFORE_SERVER_S = 0.3;
/** A fresh address is waited for. */
const READDRESS_MS = 5_000;
/**
 * What was missed in a pause up to this is caught up with; after a longer one, the rest of a sentence makes no sense.
 * The server makes speech for a listener who has paused for 60 s.
 */
const LONG_PAUSE_MS = 45_000;
/** Longer delays are not reported. */
const MAX_DELAY_MS = 3_600_000;
const TICK_MS = 150;
/** Clips are kept in the books so long that no late duplicate is taken for news. */
const REMEMBERED = 500;

interface Track {
  segment: Segment;
  receivedAt: number;
  clip?: PreparedClip;
  downloadMs?: number;
  /** Lies in the future while the clip waits behind another one. */
  playedAt?: number;
  delayMs?: number;
  reported: boolean;
  wakeReaddressed?: (url: string) => void;
}

/** Downloads segments' clips ahead and plays them in order, as {@link ClipQueue} decides. */
export class Player {
  readonly #sink: ClipSink;
  readonly #events: PlayerEvents;
  readonly #loader: ClipLoader;
  readonly #queue: ClipQueue;
  readonly #tracks = new Map<number, Track>();
  readonly #timer: ReturnType<typeof setInterval>;
  #offset: { number: number; seconds: number } | undefined;
  #delayS: number | undefined;
  #shownNumber: number | undefined;
  #pausedAt: number | undefined;

  constructor(sink: ClipSink, events: PlayerEvents, parts: { loader?: ClipLoader; queue?: ClipQueue } = {}) {
    this.#sink = sink;
    this.#events = events;
    this.#loader = parts.loader ?? new ClipLoader();
    this.#queue = parts.queue ?? new ClipQueue();
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
    sink.onChange = () => {
      this.#tick();
      events.changed();
    };
  }

  /** Seconds from the speaker's mouth to the listener's ear, at the last clip; undefined while it is not known. */
  get delayS(): number | undefined {
    return this.#delayS;
  }

  /** Seconds of speech that wait to be heard. */
  get waitingS(): number {
    return this.#queue.waitingS;
  }

  get position(): PlayPosition {
    const sounding = this.#sink.sounding();
    for (const [number, track] of this.#tracks) {
      if (sounding !== undefined && track.clip === sounding.clip) {
        return { number, offsetS: sounding.offsetS, isSounding: true };
      }
    }
    return { number: this.#queue.next, offsetS: 0, isSounding: false };
  }

  /** The first segment to hear, and where in its clip. */
  begin(number: number, offsetS = 0): void {
    this.#queue.begin(number);
    if (offsetS > 0) this.#offset = { number, seconds: offsetS };
  }

  /** A segment was delivered; one that is known already changes nothing. */
  add(segment: Segment): void {
    const { number, url, durationS, committedAt } = segment;
    const now = Date.now();
    const wanted = this.#queue.announce({
      number,
      durationS: url === null ? null : durationS,
      committedAt: committedAt / 1_000,
      receivedAt: now / 1_000,
    });
    if (!this.#tracks.has(number)) this.#tracks.set(number, { segment, receivedAt: now, reported: false });
    if (wanted && url !== null) void this.#load(number, url);
    this.#forget();
    this.#tick();
  }

  /** A segment was delivered again with a fresh address. */
  readdress(number: number, url: string): void {
    this.#tracks.get(number)?.wakeReaddressed?.(url);
  }

  /** These segments do not come: what follows them is not kept waiting. */
  leaveOut(first: number, last: number): void {
    this.#queue.leaveOut(first, last);
    this.#tick();
  }

  /** Holds what sounds where it is. */
  pause(): void {
    this.#pausedAt ??= Date.now();
    this.#sink.pause();
  }

  /** Goes on where it was held; after a long pause without the rest of what was held. */
  resume(): void {
    if (this.#pausedAt === undefined) return;
    const pausedMs = Date.now() - this.#pausedAt;
    if (pausedMs > LONG_PAUSE_MS) {
      const cutS = this.#cut();
      this.#delayS = undefined;
      if (cutS > 0) this.#events.skipped(cutS);
    } else {
      this.#postpone(pausedMs);
    }
    this.#pausedAt = undefined;
    this.#queue.interrupted();
    this.#sink.resume();
    this.#tick();
  }

  /** Leaves out what waits but the newest, and what sounds. */
  jumpToLive(): void {
    const decision = this.#queue.jumpToLive();
    if (decision === undefined) return;
    this.#events.skipped(decision.seconds + this.#cut());
    this.#tick();
  }

  /** How the clips whose fate was decided since the last call fared; at most 200. */
  takeReports(): ClipReport[] {
    const reports: ClipReport[] = [];
    const unheard = new Set(this.#unheard().map(([number]) => number));
    for (const [sequenceNumber, track] of this.#tracks) {
      if (reports.length === 200) break;
      const fate = this.#queue.fate(sequenceNumber);
      const isDecided = fate === "failed" || fate === "skipped" || track.playedAt !== undefined;
      if (track.reported || !isDecided || unheard.has(sequenceNumber) || track.segment.url === null) continue;
      track.reported = true;
      reports.push({
        sequenceNumber,
        receivedAt: track.receivedAt,
        ...(track.playedAt === undefined ? {} : { playedAt: track.playedAt }),
        ...(track.downloadMs === undefined ? {} : { downloadMs: track.downloadMs }),
        ...(track.delayMs === undefined ? {} : { delayMs: track.delayMs }),
        failed: fate === "failed",
        skipped: fate === "skipped",
      });
    }
    return reports;
  }

  /** Whether nothing sounds and nothing waits to. */
  get isIdle(): boolean {
    return this.#sink.busyS() === 0 && this.#queue.waitingS === 0;
  }

  close(): void {
    clearInterval(this.#timer);
    this.#loader.stop();
    this.#sink.close();
    for (const track of this.#tracks.values()) track.clip?.release();
  }

  async #load(number: number, url: string): Promise<void> {
    const track = this.#tracks.get(number);
    if (track === undefined) return;
    try {
      const bytes = await this.#download(number, url);
      track.downloadMs = Math.min(Date.now() - track.receivedAt, 3_600_000);
      track.clip = await this.#sink.prepare(bytes, track.segment.durationS);
      this.#queue.ready(number, Date.now() / 1_000);
    } catch {
      this.#queue.failed(number);
    }
    this.#tick();
    this.#events.changed();
  }

  /** An address that storage refuses is replaced once by a fresh one. */
  async #download(number: number, url: string): Promise<ArrayBuffer> {
    try {
      return await this.#loader.load(url);
    } catch (error) {
      if (!(error instanceof ClipRefusedError)) throw error;
      return await this.#loader.load(await this.#freshUrl(number, error));
    }
  }

  #freshUrl(number: number, refusal: ClipRefusedError): Promise<string> {
    const track = this.#tracks.get(number);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(refusal), READDRESS_MS);
      if (track !== undefined) {
        track.wakeReaddressed = (url) => {
          clearTimeout(timer);
          resolve(url);
        };
      }
      this.#events.refused(number);
    });
  }

  #tick(): void {
    if (this.#sink.state === "running") {
      while (this.#sink.busyS() <= this.#sink.leadS) {
        const decision = this.#queue.take(Date.now() / 1_000 + this.#sink.busyS());
        if (decision === undefined) break;
        this.#carryOut(decision);
      }
    }
    const { number, isSounding } = this.position;
    const shown = isSounding ? number : undefined;
    if (shown !== this.#shownNumber) {
      this.#shownNumber = shown;
      this.#events.changed();
    }
  }

  #carryOut(decision: Decision): void {
    if (decision.kind === "skip") {
      this.#events.skipped(decision.seconds);
      return;
    }
    const track = this.#tracks.get(decision.number);
    if (track?.clip === undefined) return;
    const playedAt = Date.now() + this.#sink.busyS() * 1_000;
    const offsetS = this.#offset?.number === decision.number ? this.#offset.seconds : 0;
    track.playedAt = Math.round(playedAt);
    // A clip that goes on in its middle is as late as if it had been heard from its beginning.
    this.#noteDelay(track, playedAt - offsetS * 1_000);
    this.#sink.play(track.clip, decision.tempo, offsetS);
    this.#events.changed();
  }

  #noteDelay(track: Track, startedAt: number): void {
    const { spokenAt } = track.segment;
    const delayMs = spokenAt === undefined ? undefined : Math.max(0, Math.round(startedAt - spokenAt));
    this.#delayS = delayMs === undefined ? undefined : delayMs / 1_000 + BEFORE_SERVER_S;
    if (delayMs !== undefined && delayMs <= MAX_DELAY_MS) track.delayMs = delayMs;
  }

  /** Clips that were handed over and have not begun to sound. */
  #unheard(): [number, Track][] {
    const now = this.#pausedAt ?? Date.now();
    return [...this.#tracks].filter(([, track]) => track.playedAt !== undefined && track.playedAt > now);
  }

  /** What was handed over sounds so much later. */
  #postpone(byMs: number): void {
    if (this.#delayS !== undefined) this.#delayS += byMs / 1_000;
    for (const [, track] of this.#unheard()) {
      if (track.playedAt !== undefined) track.playedAt += byMs;
      if (track.delayMs !== undefined) track.delayMs += byMs;
    }
  }

  /**
   * Ends what sounds, and leaves out what was handed over.
   *
   * @returns Seconds that are not heard.
   */
  #cut(): number {
    const cutS = this.#sink.busyS();
    for (const [number, track] of this.#unheard()) {
      delete track.playedAt;
      delete track.delayMs;
      this.#queue.cut(number);
    }
    this.#sink.cut();
    return cutS;
  }

  /** Frees the clips that were heard long ago. */
  #forget(): void {
    const before = this.position.number;
    for (const [number, track] of this.#tracks) {
      if (number >= before) continue;
      track.clip?.release();
      delete track.clip;
      if (number < before - REMEMBERED && track.reported) this.#tracks.delete(number);
    }
    this.#queue.forgetBefore(before - REMEMBERED);
  }
}

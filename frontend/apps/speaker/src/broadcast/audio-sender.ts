/** From captured chunks to acknowledged ones: numbers them, sends them, and sends them again. */
import { encodeBase64 } from "@babelcast/shared/audio/base64";
import { type AudioChunk, ChunkNumbering } from "@babelcast/shared/audio/chunker";
import { SPEECH_RATE_HZ } from "@babelcast/shared/audio/resampler";
import type { ClientMessage } from "@babelcast/shared/protocol/messages";
import { signal } from "@preact/signals";
import { OutgoingChunks, type OutgoingLimits } from "./outgoing-chunks.js";

export interface AudioSenderOptions {
  readonly sessionId: string;
  /** False when it could not be sent. */
  readonly send: (message: ClientMessage) => boolean;
  /** Where this browser has been in the session before, in samples; 0 if never. */
  readonly rememberedOffset: number;
  /** The server has stored a chunk. */
  readonly onProgress: () => void;
  readonly limits?: Partial<OutgoingLimits>;
  /** As `Math.random`. */
  readonly random?: () => number;
}

/** Shortest wait between two looks at what is due, so that a refusing connection is not run against. */
const LOOK_AGAIN_MS = 50;

interface Unnumbered {
  readonly pcm: Uint8Array;
  readonly capturedAtMs: number;
}

/** Times are milliseconds of `performance.now()`. */
export class AudioSender {
  /** Seconds of sound that the server has not acknowledged. */
  readonly waitingS = signal(0);
  /** Seconds of sound that had to be given up, because the connection was away for too long; since it was last read. */
  readonly lostS = signal(0);

  readonly #options: AudioSenderOptions;
  readonly #outgoing: OutgoingChunks;
  readonly #random: () => number;
  #numbering: ChunkNumbering | undefined;
  /** Captured before the session's position was known. */
  #unnumbered: Unnumbered[] = [];
  #isOpen = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #progressAtMs = 0;
  /** Lost chunks that the speaker knows of. */
  #toldLost = 0;

  constructor(options: AudioSenderOptions) {
    this.#options = options;
    this.#outgoing = new OutgoingChunks(options.limits);
    this.#random = options.random ?? Math.random;
  }

  /** Whether every chunk is acknowledged. */
  get isDrained(): boolean {
    return this.#outgoing.size === 0 && this.#unnumbered.length === 0;
  }

  /** Where the next chunk begins, in samples; undefined before {@link join}. */
  get nextSampleOffset(): number | undefined {
    return this.#numbering?.nextSampleOffset;
  }

  /** Since when the server has acknowledged nothing although something is on its way; undefined when all is well. */
  get silentSinceMs(): number | undefined {
    return this.#isOpen && this.#outgoing.size > 0 ? this.#progressAtMs : undefined;
  }

  /** Take a chunk from the microphone. */
  add(pcm: Uint8Array, capturedAtMs: number): void {
    if (this.#outgoing.size === 0) this.#progressAtMs = performance.now();
    if (this.#numbering === undefined) this.#unnumbered.push({ pcm, capturedAtMs });
    else this.#outgoing.add(this.#numbering.number(pcm, capturedAtMs));
    this.#show();
    this.#sendDue();
  }

  /**
   * A new connection has joined.
   *
   * @param serverOffset - Where the session stands by the server's knowledge, in samples.
   */
  join(serverOffset: number): void {
    if (this.#numbering === undefined) {
      // What was captured meanwhile was spoken before the server looked at its clock.
      const captured = this.#unnumbered.reduce((sum, chunk) => sum + chunk.pcm.length / 2, 0);
      const numbering = new ChunkNumbering(Math.max(this.#options.rememberedOffset, serverOffset - captured, 0));
      for (const { pcm, capturedAtMs } of this.#unnumbered) this.#outgoing.add(numbering.number(pcm, capturedAtMs));
      this.#unnumbered = [];
      this.#numbering = numbering;
    }
    this.#outgoing.sendAllAgain();
    this.#progressAtMs = performance.now();
    this.#sendDue();
  }

  /** Whether chunks may go out: the connection is joined, and the broadcast not paused. */
  setOpen(isOpen: boolean): void {
    if (isOpen && !this.#isOpen) this.#progressAtMs = performance.now();
    this.#isOpen = isOpen;
    this.#sendDue();
  }

  /** The server has this chunk. */
  acknowledge(index: number): void {
    this.#progressAtMs = performance.now();
    if (!this.#outgoing.acknowledge(index)) return;
    this.#show();
    this.#sendDue();
    this.#options.onProgress();
  }

  /** A chunk was refused for now; the refusal does not say which. */
  sendAgainSoon(): void {
    this.#outgoing.sendAgainAt(performance.now() + 500 + 500 * this.#random());
    this.#sendDue();
  }

  /** Sound came faster than the server takes it, as when minutes are sent again: nothing is lost, all of it waits. */
  slowDown(): void {
    this.#outgoing.holdUntil(performance.now() + 500 + 500 * this.#random());
    this.#sendDue();
  }

  /** The speaker has read what was lost. */
  dismissLoss(): void {
    this.#toldLost = this.#outgoing.givenUp;
    this.#show();
  }

  /** Forgets everything. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#isOpen = false;
    this.#unnumbered = [];
    this.#outgoing.clear();
    this.#show();
  }

  #sendDue(): void {
    clearTimeout(this.#timer);
    if (!this.#isOpen) return;
    const nowMs = performance.now();
    for (const chunk of this.#outgoing.due(nowMs)) {
      if (!this.#options.send(this.#message(chunk))) break;
      this.#outgoing.markSent(chunk.index, nowMs);
    }
    const dueAtMs = this.#outgoing.nextDueAtMs();
    if (dueAtMs === undefined) return;
    this.#timer = setTimeout(() => this.#sendDue(), Math.max(LOOK_AGAIN_MS, dueAtMs - nowMs));
  }

  #message(chunk: AudioChunk): ClientMessage {
    return {
      action: "audioChunk",
      sessionId: this.#options.sessionId,
      chunkIndex: chunk.index,
      sampleOffset: chunk.sampleOffset,
      audioData: encodeBase64(chunk.pcm),
      format: "pcm_s16le",
      sampleRate: SPEECH_RATE_HZ,
      timestamp: chunk.capturedAtMs,
    };
  }

  #show(): void {
    this.waitingS.value = (this.#outgoing.size + this.#unnumbered.length) / 4;
    this.lostS.value = (this.#outgoing.givenUp - this.#toldLost) / 4;
  }
}

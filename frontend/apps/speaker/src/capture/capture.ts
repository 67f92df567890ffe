/** One microphone from its opening to its end: stream, audio context, worklet. */
import type { Level } from "@babelcast/shared/audio/level";
import { SPEECH_RATE_HZ } from "@babelcast/shared/audio/resampler";
import type { CaptureCommand, CaptureReport } from "./capture.worklet.js";
import workletUrl from "./capture.worklet.ts?worker&url";
import { CaptureClock } from "./capture-clock.js";
import type { MicrophoneDevice } from "./device-choice.js";

/** What the browser does to the sound before it is captured. */
export interface SoundProcessing {
  readonly echoCancellation: boolean;
  readonly noiseSuppression: boolean;
  readonly autoGainControl: boolean;
}

/** Called on the page's thread. */
export interface CaptureEvents {
  /** Every 250 ms while open, in order: mono, signed 16-bit little-endian, 16 000 Hz. */
  chunk(pcm: Uint8Array, capturedAtMs: number): void;
  /** Every 50 ms. */
  level(capture: Capture, level: Level): void;
  /** It has been lost, interrupted, switched off, or the contrary. */
  changed(capture: Capture): void;
}

/** A running microphone gives a level every 50 ms; one that has given none for so long has died. */
const STALL_MS = 2_500;
const LOOK_AFTER_MS = 500;

/** Looking this late, the page itself has stood still, and the reports are still in its queue. */
const PAGE_STALL_MS = 1_500;

export class Capture {
  readonly device: MicrophoneDevice;
  readonly #stream: MediaStream;
  readonly #context: AudioContext;
  readonly #node: AudioWorkletNode;
  readonly #events: CaptureEvents;
  readonly #clock = new CaptureClock();
  readonly #removeListeners = new AbortController();
  readonly #timer: ReturnType<typeof setInterval>;
  #isOpen = false;
  #closed: (() => void) | undefined;
  #isInterrupted = false;
  #isSwitchedOff = false;
  #isLost = false;
  #heardAtMs = performance.now();
  #lookedAtMs = performance.now();

  /**
   * Opens a microphone.
   *
   * @param deviceId - Or undefined for the system's choice.
   * @throws DOMException as `getUserMedia` does; another Error when the audio system does not start.
   */
  static async open(
    deviceId: string | undefined,
    processing: SoundProcessing,
    events: CaptureEvents,
  ): Promise<Capture> {
    const chosen = deviceId === undefined ? {} : { deviceId: { exact: deviceId } };
    const audio = { ...processing, ...chosen, channelCount: { ideal: 1 } };
    const stream = await navigator.mediaDevices.getUserMedia({ audio });
    let graph: Graph | undefined;
    try {
      graph = await buildGraph(stream);
      return new Capture(stream, graph, events);
    } catch (error) {
      stopTracks(stream);
      await graph?.context.close();
      // A module that cannot be fetched fails as a microphone does that is in use.
      throw new Error("the audio graph was not built", { cause: error });
    }
  }

  private constructor(stream: MediaStream, graph: Graph, events: CaptureEvents) {
    this.#stream = stream;
    this.#context = graph.context;
    this.#node = graph.node;
    this.#events = events;
    this.device = describe(stream);
    this.#node.port.onmessage = (event: MessageEvent<CaptureReport>) => this.#take(event.data);
    this.#node.onprocessorerror = () => this.#lose();
    this.#listen();
    this.#timer = setInterval(() => this.#lookAfter(), LOOK_AFTER_MS);
    this.#lookAfter();
  }

  /** No sound will come any more: the device is gone, or has died. */
  get isLost(): boolean {
    return this.#isLost;
  }

  /** The system has taken the sound away for a while, as for a telephone call, or wants a tap before it starts. */
  get isInterrupted(): boolean {
    return this.#isInterrupted;
  }

  /** The microphone is switched off at the device or in the system. */
  get isSwitchedOff(): boolean {
    return this.#isSwitchedOff;
  }

  /** From now on sound is cut into chunks. */
  openChunks(): void {
    this.#isOpen = true;
    this.#command("open");
  }

  /** No more sound is cut into chunks. Resolves when the last chunk has been given. */
  async closeChunks(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    const closed = new Promise<void>((resolve) => (this.#closed = resolve));
    this.#command("close");
    // The audio thread of a context that stands still answers nothing.
    await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, 500))]);
  }

  /** The sound goes on if the system lets it; best called from a tap or a key. */
  async wake(): Promise<void> {
    if (this.#context.state !== "running" && this.#context.state !== "closed") {
      try {
        await this.#context.resume();
      } catch {
        // The system still holds the sound back; there will be another attempt.
      }
    }
  }

  /** Lets the microphone go. */
  async stop(): Promise<void> {
    this.#isLost = true;
    clearInterval(this.#timer);
    this.#removeListeners.abort();
    stopTracks(this.#stream);
    this.#node.port.onmessage = null;
    this.#node.disconnect();
    this.#closed?.();
    if (this.#context.state !== "closed") await this.#context.close();
  }

  #listen(): void {
    const { signal } = this.#removeListeners;
    for (const track of this.#stream.getAudioTracks()) {
      track.addEventListener("ended", () => this.#lose(), { signal });
      track.addEventListener("mute", () => this.#switch(true), { signal });
      track.addEventListener("unmute", () => this.#switch(false), { signal });
      this.#isSwitchedOff ||= track.muted;
    }
    this.#context.addEventListener("statechange", () => this.#lookAfter(), { signal });
    for (const gesture of ["pointerdown", "keydown", "touchend"]) {
      addEventListener(gesture, () => void this.wake(), { signal, capture: true, passive: true });
    }
    document.addEventListener("visibilitychange", () => this.#lookAfter(), { signal });
  }

  #take(report: CaptureReport): void {
    this.#heardAtMs = performance.now();
    switch (report.kind) {
      case "level":
        this.#events.level(this, report.level);
        break;
      case "chunk": {
        const durationMs = (1_000 * report.pcm.length) / 2 / SPEECH_RATE_HZ;
        this.#events.chunk(report.pcm, this.#clock.startOf(report.endS, durationMs, Date.now()));
        break;
      }
      case "closed":
        this.#closed?.();
        this.#closed = undefined;
        break;
    }
  }

  /** Notices interruptions and stalls, and wakes the context. */
  #lookAfter(): void {
    if (this.#isLost) return;
    const nowMs = performance.now();
    if (nowMs - this.#lookedAtMs > PAGE_STALL_MS) this.#heardAtMs = nowMs;
    this.#lookedAtMs = nowMs;
    const isInterrupted = this.#context.state !== "running";
    if (isInterrupted !== this.#isInterrupted) {
      this.#isInterrupted = isInterrupted;
      this.#heardAtMs = nowMs;
      this.#events.changed(this);
    }
    if (isInterrupted) void this.wake();
    else if (nowMs - this.#heardAtMs > STALL_MS) this.#lose();
  }

  #switch(isSwitchedOff: boolean): void {
    this.#isSwitchedOff = isSwitchedOff;
    this.#events.changed(this);
  }

  #lose(): void {
    if (this.#isLost) return;
    this.#isLost = true;
    this.#events.changed(this);
  }

  #command(command: CaptureCommand): void {
    this.#node.port.postMessage(command);
  }
}

interface Graph {
  readonly context: AudioContext;
  readonly node: AudioWorkletNode;
}

/** At the device's own rate where the browser tells it and can connect at it, else at the browser's. */
async function buildGraph(stream: MediaStream): Promise<Graph> {
  const rate = stream.getAudioTracks()[0]?.getSettings().sampleRate;
  if (rate !== undefined) {
    try {
      return await buildGraphAt(stream, { sampleRate: rate });
    } catch {
      // Firefox connects a microphone only to a context of the browser's own rate.
    }
  }
  return buildGraphAt(stream, {});
}

async function buildGraphAt(stream: MediaStream, options: AudioContextOptions): Promise<Graph> {
  const context = new AudioContext({ latencyHint: "interactive", ...options });
  try {
    await context.audioWorklet.addModule(workletUrl);
    const node = new AudioWorkletNode(context, "babelcast-capture", {
      numberOfInputs: 1,
      numberOfOutputs: 1,
      channelCount: 1,
      channelCountMode: "explicit",
      channelInterpretation: "speakers",
    });
    context.createMediaStreamSource(stream).connect(node);
    // Its output is silence; browsers let a node sleep that leads nowhere.
    node.connect(context.destination);
    return { context, node };
  } catch (error) {
    await context.close();
    throw error;
  }
}

function describe(stream: MediaStream): MicrophoneDevice {
  const track = stream.getAudioTracks()[0];
  const { deviceId = "", groupId = "" } = track?.getSettings() ?? {};
  return { deviceId, groupId, label: track?.label ?? "" };
}

function stopTracks(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}

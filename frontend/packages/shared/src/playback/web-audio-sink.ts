import type { ClipSink, PreparedClip, SinkState, Sounding } from "./clip-sink.js";
import { stretch } from "./time-stretch.js";

interface WebAudioClip extends PreparedClip {
  readonly buffer: AudioBuffer;
}

interface Scheduled {
  readonly clip: PreparedClip;
  readonly node: AudioBufferSourceNode;
  /** On the context's clock. */
  readonly startsAt: number;
  readonly endsAt: number;
  readonly tempo: number;
  readonly offsetS: number;
}

/** Gives the audio thread time to be ready for the first clip. */
const FIRST_S = 0.03;
/** Of a change of volume, so that it does not click. */
const SMOOTHING_S = 0.03;

/** Plays clips gaplessly: `AudioBufferSourceNode → GainNode → destination`, each starting where the last ends. */
export class WebAudioSink implements ClipSink {
  readonly controlsVolume = true;
  readonly leadS = 1.5;
  onChange: (() => void) | undefined;
  readonly #context: AudioContext;
  readonly #gain: GainNode;
  #scheduled: Scheduled[] = [];
  #paused = false;

  constructor() {
    this.#context = new AudioContext({ latencyHint: "playback" });
    this.#gain = this.#context.createGain();
    this.#gain.connect(this.#context.destination);
    this.#context.onstatechange = () => this.onChange?.();
  }

  get state(): SinkState {
    if (this.#paused) return "paused";
    return this.#context.state === "running" ? "running" : "waiting";
  }

  async unlock(): Promise<void> {
    if (!this.#paused) await this.#context.resume().catch(() => undefined);
  }

  async prepare(bytes: ArrayBuffer): Promise<PreparedClip> {
    const buffer = await this.#context.decodeAudioData(bytes);
    const clip: WebAudioClip = { buffer, durationS: buffer.duration, release: () => undefined };
    return clip;
  }

  busyS(): number {
    const endsAt = this.#scheduled.at(-1)?.endsAt ?? 0;
    return Math.max(0, endsAt - this.#context.currentTime);
  }

  play(clip: PreparedClip, tempo: number, offsetS: number): void {
    const node = this.#context.createBufferSource();
    const { buffer, ratio } = this.#stretched((clip as WebAudioClip).buffer, tempo);
    node.buffer = buffer;
    node.connect(this.#gain);
    const startsAt = this.#context.currentTime + Math.max(FIRST_S, this.busyS());
    const offset = Math.min(offsetS / ratio, buffer.duration);
    node.start(startsAt, offset);
    const endsAt = startsAt + buffer.duration - offset;
    const scheduled: Scheduled = { clip, node, startsAt, endsAt, tempo: ratio, offsetS };
    this.#scheduled.push(scheduled);
    node.onended = () => {
      node.disconnect();
      this.#scheduled = this.#scheduled.filter((each) => each !== scheduled);
      this.onChange?.();
    };
  }

  sounding(): Sounding | undefined {
    const now = this.#context.currentTime;
    const current = this.#scheduled.find((each) => each.startsAt <= now && now < each.endsAt);
    if (current === undefined) return undefined;
    return { clip: current.clip, offsetS: current.offsetS + (now - current.startsAt) * current.tempo };
  }

  setGain(gain: number): void {
    this.#gain.gain.setTargetAtTime(gain, this.#context.currentTime, SMOOTHING_S);
  }

  pause(): void {
    this.#paused = true;
    void this.#context.suspend().catch(() => undefined);
    this.onChange?.();
  }

  resume(): void {
    this.#paused = false;
    void this.#context.resume().catch(() => undefined);
    this.onChange?.();
  }

  cut(): void {
    const scheduled = this.#scheduled;
    this.#scheduled = [];
    for (const { node } of scheduled) {
      node.onended = null;
      node.stop();
      node.disconnect();
    }
    this.onChange?.();
  }

  close(): void {
    this.onChange = undefined;
    this.cut();
    this.#context.onstatechange = null;
    void this.#context.close().catch(() => undefined);
  }

  /** Clips are mono; of others the first channel is heard. */
  #stretched(buffer: AudioBuffer, tempo: number): { buffer: AudioBuffer; ratio: number } {
    const samples = buffer.getChannelData(0);
    const stretched = stretch(samples, buffer.sampleRate, tempo);
    if (stretched === samples) return { buffer, ratio: 1 };
    const shorter = this.#context.createBuffer(1, stretched.length, buffer.sampleRate);
    shorter.copyToChannel(stretched as Float32Array<ArrayBuffer>, 0);
    return { buffer: shorter, ratio: samples.length / stretched.length };
  }
}

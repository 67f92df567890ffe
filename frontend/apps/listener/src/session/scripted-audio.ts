/**
 * An audio graph on a test's clock. A clip is its address, such as `clip/7/2.5`: segment 7, 2.5 s long; its samples all
 * have its number, so that what is heard can be told even at another tempo.
 */
import { vi } from "vitest";

const RATE_HZ = 8_000;

/** A clip that sounded, or part of it. */
export interface Heard {
  readonly number: number;
  /** When its first sample sounded, epoch milliseconds. */
  readonly at: number;
  /** How long it sounded, at the tempo it had, in seconds. */
  seconds: number;
}

class Sound {
  readonly #samples: Float32Array;
  readonly duration: number;
  readonly sampleRate = RATE_HZ;

  constructor(samples: Float32Array) {
    this.#samples = samples;
    this.duration = samples.length / RATE_HZ;
  }

  getChannelData(): Float32Array {
    return this.#samples;
  }

  copyToChannel(samples: Float32Array): void {
    this.#samples.set(samples);
  }
}

/** Takes the place of the browser's audio while it is installed. */
export class ScriptedAudio {
  readonly heard: Heard[] = [];

  constructor() {
    const { heard } = this;
    vi.stubGlobal("navigator", { userAgent: "", maxTouchPoints: 0 });
    vi.stubGlobal(
      "Audio",
      class {
        play(): Promise<void> {
          return Promise.resolve();
        }
        pause(): void {
          // It is silent anyway.
        }
        removeAttribute(): void {
          // Nothing is loaded.
        }
      },
    );
    vi.stubGlobal(
      "AudioContext",
      class extends FakeAudioContext {
        constructor() {
          super(heard);
        }
      },
    );
  }

  /** Segments in the order in which they began to sound. */
  get numbers(): number[] {
    return this.heard.map(({ number }) => number);
  }

  get seconds(): number {
    return this.heard.reduce((sum, { seconds }) => sum + seconds, 0);
  }
}

class FakeAudioContext {
  readonly destination = {};
  state: "running" | "suspended" | "closed" = "running";
  onstatechange: (() => void) | null = null;
  readonly #heard: Heard[];
  readonly #sources = new Set<Source>();
  #ranMs = 0;
  #runsSince = Date.now();

  constructor(heard: Heard[]) {
    this.#heard = heard;
  }

  get currentTime(): number {
    return (this.#ranMs + (this.state === "running" ? Date.now() - this.#runsSince : 0)) / 1_000;
  }

  createGain(): object {
    return { connect: () => undefined, gain: { setTargetAtTime: () => undefined } };
  }

  createBuffer(_channels: number, length: number): Sound {
    return new Sound(new Float32Array(length));
  }

  createBufferSource(): Source {
    const source = new Source(this, this.#heard);
    this.#sources.add(source);
    return source;
  }

  decodeAudioData(bytes: ArrayBuffer): Promise<Sound> {
    const [, number, seconds] = new TextDecoder().decode(bytes).split("/").map(Number);
    if (number === undefined || seconds === undefined) return Promise.reject(new Error("no sound"));
    return Promise.resolve(new Sound(new Float32Array(Math.round(seconds * RATE_HZ)).fill(number)));
  }

  suspend(): Promise<void> {
    this.#ranMs = 1_000 * this.currentTime;
    return this.#become("suspended");
  }

  resume(): Promise<void> {
    if (this.state !== "running") this.#runsSince = Date.now();
    return this.#become("running");
  }

  close(): Promise<void> {
    return this.#become("closed");
  }

  #become(state: "running" | "suspended" | "closed"): Promise<void> {
    this.state = state;
    for (const source of this.#sources) source.plan();
    this.onstatechange?.();
    return Promise.resolve();
  }
}

class Source {
  buffer: Sound = new Sound(new Float32Array());
  onended: (() => void) | null = null;
  readonly #context: FakeAudioContext;
  readonly #heard: Heard[];
  #startsAt = Infinity;
  #endsAt = Infinity;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #sounding: Heard | undefined;

  constructor(context: FakeAudioContext, heard: Heard[]) {
    this.#context = context;
    this.#heard = heard;
  }

  connect(): void {
    // There is one way.
  }

  disconnect(): void {
    clearTimeout(this.#timer);
  }

  start(at: number, offsetS: number): void {
    this.#startsAt = at;
    this.#endsAt = at + this.buffer.duration - offsetS;
    this.plan();
  }

  stop(): void {
    clearTimeout(this.#timer);
    if (this.#sounding !== undefined) this.#sounding.seconds = this.#context.currentTime - this.#startsAt;
    this.#endsAt = -Infinity;
  }

  /** What comes next: its beginning or its end. */
  plan(): void {
    clearTimeout(this.#timer);
    if (this.#context.state !== "running" || this.#endsAt < this.#context.currentTime) return;
    const isBegun = this.#sounding !== undefined;
    const waitS = (isBegun ? this.#endsAt : this.#startsAt) - this.#context.currentTime;
    this.#timer = setTimeout(() => (isBegun ? this.#end() : this.#begin()), Math.max(0, 1_000 * waitS));
  }

  #begin(): void {
    const samples = this.buffer.getChannelData();
    const number = Math.round(samples[Math.floor(samples.length / 2)] ?? -1);
    this.#sounding = { number, at: Date.now(), seconds: this.#endsAt - this.#startsAt };
    this.#heard.push(this.#sounding);
    this.plan();
  }

  #end(): void {
    this.#endsAt = -Infinity;
    this.onended?.();
  }
}

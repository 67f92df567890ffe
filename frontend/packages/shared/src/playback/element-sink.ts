import type { ClipSink, PreparedClip, SinkState, Sounding } from "./clip-sink.js";
import { silentWav } from "./silence.js";

interface ElementClip extends PreparedClip {
  readonly url: string;
}

/**
 * Plays clips with one audio element, which goes on behind a locked screen where the audio graph is stopped (iOS).
 * Silence fills the time between clips, so that the platform does not put the page to sleep.
 */
export class ElementSink implements ClipSink {
  readonly controlsVolume: boolean;
  readonly leadS = 0;
  onChange: (() => void) | undefined;
  readonly #element: HTMLAudioElement;
  readonly #silence: string;
  #current: ElementClip | undefined;
  #unlocked = false;
  #paused = false;

  constructor() {
    this.#element = new Audio();
    this.#element.preload = "auto";
    // iOS ignores the property and always reads 1.
    this.#element.volume = 0.5;
    this.controlsVolume = this.#element.volume === 0.5;
    this.#element.volume = 1;
    this.#silence = URL.createObjectURL(silentWav(10));
    this.#element.onended = () => this.#end();
    this.#element.onerror = () => this.#end();
    this.#element.onpause = () => this.#interrupt();
  }

  get state(): SinkState {
    if (this.#paused) return "paused";
    return this.#unlocked ? "running" : "waiting";
  }

  async unlock(): Promise<void> {
    if (this.#unlocked || this.#paused) return;
    if (this.#current === undefined) this.#fill();
    await this.#start();
  }

  prepare(bytes: ArrayBuffer, durationS: number): Promise<PreparedClip> {
    // Phones load nothing before it is played, so what is no sound shows only then, and is passed over.
    const url = URL.createObjectURL(new Blob([bytes], { type: "audio/mpeg" }));
    const clip: ElementClip = { url, durationS, release: () => URL.revokeObjectURL(url) };
    return Promise.resolve(clip);
  }

  busyS(): number {
    if (this.#current === undefined) return 0;
    return Math.max(0.01, (this.#current.durationS - this.#element.currentTime) / this.#element.playbackRate);
  }

  play(clip: PreparedClip, tempo: number, offsetS: number): void {
    this.#current = clip as ElementClip;
    const element = this.#element;
    element.loop = false;
    element.src = this.#current.url;
    element.preservesPitch = true;
    element.playbackRate = element.defaultPlaybackRate = tempo;
    if (offsetS > 0) element.currentTime = offsetS;
    void this.#start();
  }

  sounding(): Sounding | undefined {
    return this.#current && { clip: this.#current, offsetS: this.#element.currentTime };
  }

  setGain(gain: number): void {
    this.#element.volume = gain;
    this.#element.muted = gain === 0;
  }

  pause(): void {
    this.#paused = true;
    this.#element.pause();
    this.onChange?.();
  }

  resume(): void {
    this.#paused = false;
    if (this.#current === undefined) this.#fill();
    void this.#start();
    this.onChange?.();
  }

  cut(): void {
    this.#current = undefined;
    if (this.#unlocked) this.#fill();
    if (!this.#paused) void this.#start();
    this.onChange?.();
  }

  close(): void {
    this.onChange = undefined;
    this.#element.onended = this.#element.onerror = this.#element.onpause = null;
    this.#element.pause();
    this.#element.removeAttribute("src");
    URL.revokeObjectURL(this.#silence);
  }

  async #start(): Promise<void> {
    try {
      await this.#element.play();
      this.#allow(true);
    } catch (error) {
      // Another clip was put in before this one began: nothing has been refused.
      if ((error as DOMException).name !== "AbortError") this.#allow(false);
    }
  }

  #allow(unlocked: boolean): void {
    if (this.#unlocked === unlocked) return;
    this.#unlocked = unlocked;
    this.onChange?.();
  }

  #end(): void {
    if (this.#current === undefined) return;
    this.#current = undefined;
    this.onChange?.();
    // The listener of changes may have put in the next clip.
    if ((this.#current as ElementClip | undefined) === undefined && !this.#paused) {
      this.#fill();
      void this.#start();
    }
  }

  /** Something else has taken the sound, such as a call. */
  #interrupt(): void {
    if (!this.#paused && !this.#element.ended) this.#allow(false);
  }

  #fill(): void {
    this.#element.loop = true;
    this.#element.src = this.#silence;
    this.#element.playbackRate = this.#element.defaultPlaybackRate = 1;
  }
}

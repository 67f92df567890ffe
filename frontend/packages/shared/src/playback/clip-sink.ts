/** Something that makes clips heard: the audio graph, or one audio element where that is all a platform allows. */

/** A clip that can be played. */
export interface PreparedClip {
  /** At tempo 1. */
  readonly durationS: number;
  /** Frees what it holds. */
  release(): void;
}

export interface Sounding {
  readonly clip: PreparedClip;
  /** How much of the clip has been heard, at tempo 1. */
  readonly offsetS: number;
}

/** `waiting`: the browser does not let it sound before the listener touches the page (again). */
export type SinkState = "waiting" | "running" | "paused";

/** Plays one clip after another. */
export interface ClipSink {
  /** False where only the device's own buttons change the volume. */
  readonly controlsVolume: boolean;
  /** A clip may be handed over so long before the one before it ends; 0 when only afterwards. */
  readonly leadS: number;
  readonly state: SinkState;
  /** Called when `state` changes, and when the last clip has ended. */
  onChange: (() => void) | undefined;
  /** To be called from a touch, click or key press; resolves once it sounds, or cannot. */
  unlock(): Promise<void>;
  /**
   * Rejects when the bytes are seen not to be sound.
   *
   * @param durationS - As the server says.
   */
  prepare(bytes: ArrayBuffer, durationS: number): Promise<PreparedClip>;
  /** Seconds until everything handed over has been heard; 0 when it is silent. */
  busyS(): number;
  /**
   * Plays a clip behind what was handed over before.
   *
   * @param offsetS - Where in the clip to begin, at tempo 1.
   */
  play(clip: PreparedClip, tempo: number, offsetS: number): void;
  sounding(): Sounding | undefined;
  /** 0–1. */
  setGain(gain: number): void;
  /** Holds what sounds where it is. */
  pause(): void;
  resume(): void;
  /** Ends what sounds and forgets what was handed over. */
  cut(): void;
  /** Cuts and frees everything; it cannot be used again. */
  close(): void;
}

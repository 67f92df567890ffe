import { ElementSink } from "@babelcast/shared/playback/element-sink";
import type { ClipSink, SinkState } from "@babelcast/shared/playback/clip-sink";
import { playSilence, setMediaSessionPlaying, showMediaSession } from "@babelcast/shared/playback/media-session";
import { Player, type PlayPosition, type Segment } from "@babelcast/shared/playback/player";
import { WebAudioSink } from "@babelcast/shared/playback/web-audio-sink";
import type { ClipReport } from "@babelcast/shared/protocol/messages";
import { batch, signal } from "@preact/signals";

/** `off` until the listener turns it on; `waiting` while the browser wants another touch before anything sounds. */
export type SoundState = "off" | SinkState;

export interface SoundEvents {
  /** See {@link Player}. */
  skipped(seconds: number): void;
  refused(number: number): void;
  /** Buttons outside of the page: lock screen, headphones. */
  playPressed(): void;
  pausePressed(): void;
}

/** iOS stops the audio graph behind a locked screen and under the silent switch; one audio element goes on. */
function needsElement(): boolean {
  const isIPad = navigator.userAgent.includes("Macintosh") && navigator.maxTouchPoints > 1;
  return isIPad || /iPhone|iPad|iPod/.test(navigator.userAgent);
}

/** What a listener hears: nothing until {@link Sound.start}. */
export class Sound {
  readonly state = signal<SoundState>("off");
  /** Seconds from the speaker's mouth to the listener's ear; undefined before the first clip. */
  readonly delayS = signal<number | undefined>(undefined);
  /** Seconds of speech that wait to be heard. */
  readonly waitingS = signal(0);
  /** Segment that sounds. */
  readonly heard = signal<number | undefined>(undefined);
  readonly controlsVolume = signal(true);
  readonly #events: SoundEvents;
  #sink: ClipSink | undefined;
  #player: Player | undefined;
  #stopSilence: (() => void) | undefined;
  #gain = 1;

  constructor(events: SoundEvents) {
    this.#events = events;
  }

  /** Where the listener is; undefined while the sound is off. */
  get position(): PlayPosition | undefined {
    return this.#player?.position;
  }

  get isIdle(): boolean {
    return this.#player?.isIdle ?? true;
  }

  /**
   * Begins to play. Sounds at once when called from a touch, click or key press.
   *
   * @param title - For the lock screen.
   */
  start(title: string, artist: string): void {
    if (this.#sink !== undefined) return;
    const element = needsElement();
    const sink: ClipSink = element ? new ElementSink() : new WebAudioSink();
    this.#sink = sink;
    this.#player = new Player(sink, {
      changed: () => this.#show(),
      skipped: (seconds) => this.#events.skipped(seconds),
      refused: (number) => this.#events.refused(number),
    });
    this.controlsVolume.value = sink.controlsVolume;
    sink.setGain(this.#gain);
    void sink.unlock().then(() => this.#show());
    if (!element) this.#stopSilence = playSilence();
    showMediaSession({
      title,
      artist,
      play: () => this.#events.playPressed(),
      pause: () => this.#events.pausePressed(),
    });
    setMediaSessionPlaying(true);
    this.#show();
  }

  /** To be called from a touch, click or key press when the state is `waiting`. */
  async unlock(): Promise<void> {
    if (this.#sink === undefined || this.#sink instanceof ElementSink) {
      await this.#sink?.unlock();
    } else {
      this.#stopSilence?.();
      this.#stopSilence = playSilence();
      await this.#sink.unlock();
    }
    this.#show();
  }

  begin(number: number, offsetS = 0): void {
    this.#player?.begin(number, offsetS);
  }

  add(segment: Segment): void {
    this.#player?.add(segment);
    this.#show();
  }

  leaveOut(first: number, last: number): void {
    this.#player?.leaveOut(first, last);
  }

  readdress(number: number, url: string): void {
    this.#player?.readdress(number, url);
  }

  /** @param gain - 0–1, the speaker's volume times the listener's. */
  setGain(gain: number): void {
    this.#gain = gain;
    this.#sink?.setGain(gain);
  }

  pause(): void {
    if (this.#player === undefined) return;
    this.#player.pause();
    setMediaSessionPlaying(false);
    this.#show();
  }

  resume(): void {
    if (this.#player === undefined) return;
    this.#player.resume();
    setMediaSessionPlaying(true);
    this.#show();
  }

  jumpToLive(): void {
    this.#player?.jumpToLive();
    this.#show();
  }

  takeReports(): ClipReport[] {
    return this.#player?.takeReports() ?? [];
  }

  close(): void {
    this.#stopSilence?.();
    this.#player?.close();
    this.#player = this.#sink = undefined;
    this.state.value = "off";
  }

  #show(): void {
    const [sink, player] = [this.#sink, this.#player];
    if (sink === undefined || player === undefined) return;
    batch(() => {
      const { number, isSounding } = player.position;
      this.state.value = sink.state;
      this.heard.value = isSounding ? number : undefined;
      this.delayS.value = player.delayS;
      this.waitingS.value = player.waitingS;
    });
  }
}

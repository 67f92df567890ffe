/** One session on one page: the broadcast, the microphone, and what is remembered of both. */
import type { Level } from "@babelcast/shared/audio/level";
import type { Config } from "@babelcast/shared/config";
import { AccountError, type SpeakerAccount } from "@babelcast/shared/cognito/account";
import { type Diagnosis, wakeWithBrowser } from "@babelcast/shared/connection/connection";
import { HttpApiError, showSession } from "@babelcast/shared/protocol/http-api";
import type { Settings } from "@babelcast/shared/settings";
import { keepScreenOn } from "@babelcast/shared/wake-lock";
import { computed, effect, signal } from "@preact/signals";
import { Broadcast } from "../broadcast/broadcast.js";
import { showState } from "../broadcast/broadcast-plan.js";
import { Microphone } from "../capture/microphone.js";
import { SoundAdvisor } from "../capture/sound-advice.js";
import { microphoneSettings, type SpeakerSettings } from "../speaker-settings.js";
import type { GoesOn, RememberedSession, SessionMemory } from "./remembered-session.js";

export interface LiveSessionOptions {
  readonly config: Config;
  readonly account: SpeakerAccount;
  readonly settings: Settings<SpeakerSettings>;
  readonly memory: SessionMemory;
  readonly session: RememberedSession;
}

/** Handshakes that failed in a row although the API answers, before the speaker is told. */
const BLOCKED_AFTER = 8;
const REMEMBER_EVERY_MS = 2_000;
const LEAVE_TIMEOUT_MS = 4_000;

export class LiveSession {
  readonly session: RememberedSession;
  readonly broadcast: Broadcast;
  readonly microphone: Microphone;
  readonly settings: Settings<SpeakerSettings>;
  /** When the first word was spoken, epoch milliseconds. */
  readonly startedAt = signal<number | null>(null);
  /** The account is signed out; the session goes on once somebody has signed in. */
  readonly needsSignIn = signal(false);
  /** The API answers, but not the session's own address. */
  readonly isBlocked = signal(false);
  readonly mostListeners = signal(0);
  /** When it was over, epoch milliseconds. */
  endedAt = 0;
  readonly shown = computed(() =>
    showState({
      wanted: this.broadcast.wanted.value,
      connection: this.broadcast.connection.value,
      microphone: this.microphone.state.value.kind,
      hasEnded: this.broadcast.endReason.value !== undefined,
    }),
  );

  readonly #options: LiveSessionOptions;
  readonly #advisor = new SoundAdvisor();
  readonly #cleanUps: (() => void)[] = [];
  readonly #onAirBefore: GoesOn | undefined;
  #failedHandshakes = 0;

  /** Connects at once, and goes on with what the tab was doing before it was loaded again. */
  constructor(options: LiveSessionOptions) {
    this.#options = options;
    this.session = options.session;
    this.settings = options.settings;
    this.startedAt.value = options.session.startedAt;
    this.microphone = new Microphone(microphoneSettings(options.settings.values.value), (pcm, capturedAtMs) =>
      this.broadcast.sender.add(pcm, capturedAtMs),
    );
    this.#onAirBefore = options.memory.onAir(options.session.sessionId);
    this.broadcast = new Broadcast({
      sessionId: options.session.sessionId,
      url: () => this.#address(),
      diagnose: () => this.#diagnose(),
      source: this.microphone,
      rememberedOffset: options.session.nextSampleOffset,
      goesOnByItself: this.#onAirBefore !== undefined,
    });
    this.#watch();
    this.broadcast.start();
    this.#goOn();
  }

  /** On air, as soon as there is a microphone; without one everything stays as it is, and the microphone says why. */
  async goLive(): Promise<void> {
    if (this.broadcast.wanted.value === "standby" && this.microphone.state.value.kind !== "on") {
      await this.microphone.open();
      if (this.microphone.state.value.kind === "failed") return;
    }
    this.#startNow();
  }

  /** Pauses or goes on; does not start. */
  async togglePause(): Promise<void> {
    const wanted = this.broadcast.wanted.value;
    if (wanted === "live" || wanted === "muted") this.broadcast.pause();
    else if (wanted === "paused") await this.goLive();
  }

  /** Does nothing while there is nothing to mute. */
  async toggleMute(): Promise<void> {
    if (this.broadcast.wanted.value === "live") this.broadcast.mute();
    else if (this.broadcast.wanted.value === "muted") await this.goLive();
  }

  /** Changes settings; the microphone follows. */
  async change(changes: Partial<SpeakerSettings>): Promise<void> {
    this.settings.change(changes);
    await this.microphone.change(microphoneSettings(this.settings.values.value));
  }

  /** Somebody has signed in again. */
  resumeConnection(): void {
    this.needsSignIn.value = false;
    this.broadcast.wake();
  }

  /** Pauses, and waits a moment for the server to say so. */
  async pauseForLeaving(): Promise<void> {
    const { broadcast } = this;
    if (broadcast.wanted.value === "standby") return;
    broadcast.pause();
    await new Promise<void>((resolve) => {
      const stop = effect(() => {
        if (broadcast.known.value === "paused") resolve();
      });
      setTimeout(() => {
        stop();
        resolve();
      }, LEAVE_TIMEOUT_MS);
    });
  }

  /** Leaves the page to others; the session stays open. */
  async close(): Promise<void> {
    for (const cleanUp of this.#cleanUps) cleanUp();
    this.#rememberPosition();
    this.broadcast.close();
    await this.microphone.close();
  }

  #startNow(): void {
    this.startedAt.value ??= Date.now();
    this.broadcast.goLive();
  }

  #goOn(): void {
    const wanted = this.#onAirBefore;
    if (wanted === "live") this.#startNow();
    else if (wanted === "paused") this.broadcast.pause();
    else if (wanted === "muted") this.broadcast.mute();
    void this.#openEarly(wanted === "live");
  }

  /** The meter moves before the first word where the browser need not ask. */
  async #openEarly(isNeeded: boolean): Promise<void> {
    if (isNeeded || (await this.microphone.isPermitted())) await this.microphone.open();
  }

  #watch(): void {
    const { broadcast, microphone, session } = this;
    const { memory } = this.#options;
    this.#cleanUps.push(
      wakeWithBrowser(broadcast),
      effect(() => {
        const { value: wanted } = broadcast.wanted;
        if (wanted === "live" || wanted === "paused" || wanted === "muted") {
          memory.setOnAir({ sessionId: session.sessionId, wanted });
        } else {
          memory.setOnAir(null);
        }
      }),
      effect(() => {
        const { value: wanted } = broadcast.wanted;
        if (wanted === "standby" || broadcast.endReason.value !== undefined) return undefined;
        return keepScreenOn();
      }),
      effect(() => this.#listen(microphone.level.value)),
      microphone.device.subscribe(() => this.#listenAnew()),
      microphone.state.subscribe(() => this.#listenAnew()),
      effect(() => {
        this.mostListeners.value = Math.max(this.mostListeners.peek(), broadcast.audience.value?.listenerCount ?? 0);
      }),
      effect(() => memory.update(session.sessionId, { startedAt: this.startedAt.value })),
      effect(() => {
        if (broadcast.connection.value !== "joined") return;
        this.#failedHandshakes = 0;
        this.isBlocked.value = false;
      }),
      effect(() => {
        if (broadcast.endReason.value === undefined) return;
        this.endedAt = Date.now();
        memory.forget();
        void microphone.close();
      }),
      this.#guardUnload(),
    );
    const timer = setInterval(() => this.#rememberPosition(), REMEMBER_EVERY_MS);
    this.#cleanUps.push(() => clearInterval(timer));
  }

  /** Asks before a page on air is closed, and remembers where it was. */
  #guardUnload(): () => void {
    const listeners = new AbortController();
    const { signal: aborted } = listeners;
    addEventListener(
      "beforeunload",
      (event) => {
        const isOnAir = this.broadcast.wanted.value === "live" && this.broadcast.endReason.value === undefined;
        if (isOnAir) event.preventDefault();
      },
      { signal: aborted },
    );
    addEventListener("pagehide", () => this.#rememberPosition(), { signal: aborted });
    return () => listeners.abort();
  }

  #rememberPosition(): void {
    const nextSampleOffset = this.broadcast.sender.nextSampleOffset;
    if (nextSampleOffset !== undefined) this.#options.memory.update(this.session.sessionId, { nextSampleOffset });
  }

  /** Whatever has become of the microphone, it sounds different now. */
  #listenAnew(): void {
    this.#advisor.forget();
    this.broadcast.soundIssues.forgetHeard();
  }

  #listen(level: Level): void {
    const { wanted, soundIssues } = this.broadcast;
    const isHeard = wanted.peek() === "live" && this.microphone.state.peek().kind === "on";
    if (isHeard) soundIssues.hear(this.#advisor.hear(level), performance.now());
    else this.#advisor.forget();
  }

  async #address(): Promise<string> {
    try {
      const token = await this.#options.account.accessToken();
      this.needsSignIn.value = false;
      const query = new URLSearchParams({ sessionId: this.session.sessionId, role: "speaker", token });
      return `${this.#options.config.webSocketUrl}?${query.toString()}`;
    } catch (error) {
      if (error instanceof AccountError && error.problem === "signed-out") this.needsSignIn.value = true;
      throw error;
    }
  }

  /** A handshake failed, and browsers do not tell why: the session's public facts may. */
  async #diagnose(): Promise<Diagnosis> {
    try {
      const facts = await showSession(this.#options.config.httpApiUrl, this.session.sessionId);
      if (facts.state === "ended") return { refused: "ended" };
    } catch (error) {
      if (error instanceof HttpApiError && error.code === "SESSION_NOT_FOUND") return { refused: "expired" };
      return "unreachable";
    }
    this.#failedHandshakes += 1;
    this.isBlocked.value = this.#failedHandshakes >= BLOCKED_AFTER;
    // The token may have been refused: the next one is a new one.
    this.#options.account.discardAccessToken();
    return "unreachable";
  }
}

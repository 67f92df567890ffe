/** The speaker's microphone over a whole session: opened, changed, lost and found again. */
import { type Level, SILENCE } from "@babelcast/shared/audio/level";
import { signal } from "@preact/signals";
import { Capture, type SoundProcessing } from "./capture.js";
import {
  type DevicePreference,
  findPreferred,
  listPhysical,
  type MicrophoneDevice,
  shouldSwitch,
} from "./device-choice.js";
import { findObstacle, type MicrophoneProblem, readMicrophoneProblem } from "./microphone-problem.js";

/** Where a microphone stands. */
export type MicrophoneState =
  | { readonly kind: "off" }
  | { readonly kind: "opening" }
  | { readonly kind: "on" }
  /** The system holds the sound back; it goes on by itself or with the next tap. */
  | { readonly kind: "interrupted" }
  /** Tried again every few seconds, unless it was denied. */
  | { readonly kind: "failed"; readonly problem: MicrophoneProblem };

/** What is to be opened, and how. */
export interface MicrophoneSettings extends SoundProcessing {
  readonly preference: DevicePreference;
}

/** Called every 250 ms while chunks are wanted, in order: mono, signed 16-bit little-endian, 16 000 Hz. */
export type ChunkReceiver = (pcm: Uint8Array, capturedAtMs: number) => void;

/** Between attempts to get sound again. */
const RETRY_MS = 2_000;

/**
 * One microphone at a time. What happens to it shows in the signals; chunks come as long as they are wanted and there is
 * sound, from whatever device.
 */
export class Microphone {
  readonly state = signal<MicrophoneState>({ kind: "off" });
  readonly level = signal<Level>(SILENCE);
  /** The device in use, or undefined. */
  readonly device = signal<MicrophoneDevice | undefined>(undefined);
  /** Every device there is; without names until microphones may be used. */
  readonly devices = signal<readonly MicrophoneDevice[]>([]);
  /** Switched off by a button on the device or in the system: it gives silence. */
  readonly switchedOff = signal(false);
  /** Counts the times another device had to take over. */
  readonly changes = signal(0);

  readonly #receive: ChunkReceiver;
  #settings: MicrophoneSettings;
  #capture: Capture | undefined;
  #isWanted = false;
  #areChunksWanted = false;
  #opening: Promise<void> | undefined;
  #isStale = false;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;
  readonly #removeListeners = new AbortController();

  constructor(settings: MicrophoneSettings, receive: ChunkReceiver) {
    this.#settings = settings;
    this.#receive = receive;
    if (findObstacle(window) === undefined) {
      const { signal: aborted } = this.#removeListeners;
      navigator.mediaDevices.addEventListener("devicechange", () => void this.#onDevicesChanged(), { signal: aborted });
      void this.#watchPermission();
    }
  }

  /** Whether the microphone can be opened without a question to the user. */
  async isPermitted(): Promise<boolean> {
    return (await queryPermission())?.state === "granted";
  }

  /** Opens the microphone; best called from a tap or a key. Never rejects: what went wrong is the state. */
  async open(): Promise<void> {
    if (this.#isWanted && this.#opening !== undefined) {
      await this.#opening;
      return;
    }
    this.#isWanted = true;
    await this.#reopen();
  }

  /** Changes device or processing; an open microphone goes over to it. */
  async change(settings: MicrophoneSettings): Promise<void> {
    this.#settings = settings;
    if (this.#isWanted) await this.#reopen();
  }

  /** From now on chunks are given, as soon as there is sound. */
  startChunks(): void {
    this.#areChunksWanted = true;
    this.#capture?.openChunks();
  }

  /** No more chunks. Resolves when the last one has been given. */
  async stopChunks(): Promise<void> {
    this.#areChunksWanted = false;
    await this.#capture?.closeChunks();
  }

  /** Lets the microphone go, for good. */
  async close(): Promise<void> {
    this.#isWanted = false;
    this.#areChunksWanted = false;
    this.#removeListeners.abort();
    clearTimeout(this.#retryTimer);
    await this.#opening;
    await this.#drop();
    this.state.value = { kind: "off" };
  }

  /** One opening at a time; what changes meanwhile makes for another one. */
  async #reopen(): Promise<void> {
    clearTimeout(this.#retryTimer);
    if (this.#opening !== undefined) {
      this.#isStale = true;
      await this.#opening;
      return;
    }
    this.#opening = this.#openUntilSettled();
    try {
      await this.#opening;
    } finally {
      this.#opening = undefined;
    }
  }

  async #openUntilSettled(): Promise<void> {
    this.#isStale = true;
    while (this.#isStale && this.#isWanted) {
      this.#isStale = false;
      await this.#openOnce();
    }
  }

  /** The new one is opened before the old one is closed, so that hardly a word falls between them. */
  async #openOnce(): Promise<void> {
    const obstacle = findObstacle(window);
    if (obstacle !== undefined) {
      this.state.value = { kind: "failed", problem: obstacle };
      return;
    }
    if (this.#capture === undefined && this.state.value.kind !== "failed") this.state.value = { kind: "opening" };
    try {
      const capture = await this.#openPreferred();
      if (!this.#isWanted) {
        await capture.stop();
        return;
      }
      await this.#takeOver(capture);
    } catch (error) {
      if (this.#isWanted) await this.#fail(readMicrophoneProblem(error));
    }
  }

  async #openPreferred(): Promise<Capture> {
    await this.#list();
    const preferred = findPreferred(this.devices.value, this.#settings.preference);
    if (preferred !== undefined) {
      try {
        return await this.#openDevice(preferred.deviceId);
      } catch (error) {
        if (readMicrophoneProblem(error) === "denied") throw error;
        // Another one is better than none.
      }
    }
    return this.#openDevice(undefined);
  }

  async #openDevice(deviceId: string | undefined): Promise<Capture> {
    return Capture.open(deviceId, this.#settings, {
      // An old microphone still gives its last chunk when the new one is already there.
      chunk: (pcm, capturedAtMs) => this.#receive(pcm, capturedAtMs),
      level: (capture, level) => {
        if (capture === this.#capture) this.level.value = level;
      },
      changed: (capture) => {
        if (capture === this.#capture) this.#show(capture);
      },
    });
  }

  #show(capture: Capture): void {
    if (capture.isLost) {
      void this.#recover();
      return;
    }
    this.state.value = { kind: capture.isInterrupted ? "interrupted" : "on" };
    this.switchedOff.value = capture.isSwitchedOff;
  }

  async #takeOver(capture: Capture): Promise<void> {
    const old = this.#capture;
    await old?.closeChunks();
    this.#capture = capture;
    if (this.#areChunksWanted) capture.openChunks();
    if (this.device.value !== undefined && this.device.value.deviceId !== capture.device.deviceId) this.changes.value++;
    this.device.value = capture.device;
    await old?.stop();
    await this.#list();
    this.#show(capture);
  }

  async #fail(problem: MicrophoneProblem): Promise<void> {
    await this.#drop();
    this.state.value = { kind: "failed", problem };
    if (problem !== "denied") this.#retryTimer = setTimeout(() => void this.#reopen(), RETRY_MS);
  }

  async #recover(): Promise<void> {
    await this.#drop();
    this.state.value = { kind: "opening" };
    if (this.#isWanted) await this.#reopen();
  }

  async #drop(): Promise<void> {
    const capture = this.#capture;
    this.#capture = undefined;
    this.level.value = SILENCE;
    this.switchedOff.value = false;
    await capture?.stop();
  }

  async #onDevicesChanged(): Promise<void> {
    await this.#list();
    const current = this.#capture?.device;
    if (!this.#isWanted) return;
    if (current === undefined) {
      if (this.state.value.kind === "failed") await this.#reopen();
    } else if (shouldSwitch(this.devices.value, this.#settings.preference, current)) {
      await this.#reopen();
    }
  }

  async #list(): Promise<void> {
    try {
      const all = await navigator.mediaDevices.enumerateDevices();
      const inputs = all.filter((device) => device.kind === "audioinput" && device.deviceId !== "");
      this.devices.value = inputs.map(({ deviceId, label, groupId }) => ({ deviceId, label, groupId }));
    } catch {
      this.devices.value = [];
    }
  }

  /** Physical devices that can be chosen. */
  get choices(): readonly MicrophoneDevice[] {
    return listPhysical(this.devices.value);
  }

  /** Goes on by itself when the user allows in the browser's settings what was denied. */
  async #watchPermission(): Promise<void> {
    const permission = await queryPermission();
    permission?.addEventListener(
      "change",
      () => {
        const { value } = this.state;
        if (permission.state === "granted" && value.kind === "failed" && this.#isWanted) void this.#reopen();
      },
      { signal: this.#removeListeners.signal },
    );
  }
}

/** Undefined where the browser does not tell. */
async function queryPermission(): Promise<PermissionStatus | undefined> {
  try {
    return await navigator.permissions.query({ name: "microphone" });
  } catch {
    return undefined;
  }
}

/**
 * What a listener hears of segments whose messages and clips arrived at known moments: the listeners' own
 * {@link Player} with its queue and drift control, on a clock that runs as fast as it can. Nothing sounds.
 *
 * Reads one {@link Listening} as JSON from standard input and prints one {@link Heard}; all times are milliseconds of
 * one clock. `benchmarks/span` runs it.
 */
import { mock } from "node:test";
import { text } from "node:stream/consumers";
import { ClipLoader, ClipUnavailableError } from "../packages/shared/src/playback/clip-loader.js";
import type { ClipSink, PreparedClip, SinkState, Sounding } from "../packages/shared/src/playback/clip-sink.js";
import { Player } from "../packages/shared/src/playback/player.js";

/** A segment's message and its clip. */
export interface ArrivedClip {
  readonly number: number;
  readonly receivedAt: number;
  /** When the whole clip had been downloaded; null when it could not be had. */
  readonly readyAt: number | null;
  /** At tempo 1. */
  readonly durationS: number;
  readonly committedAt: number;
}

export interface Listening {
  /** Number of the first segment to hear. */
  readonly first: number;
  readonly clips: readonly ArrivedClip[];
}

export interface HeardClip {
  readonly number: number;
  readonly startedAt: number;
  readonly tempo: number;
}

export interface Heard {
  readonly clips: readonly HeardClip[];
  /** Left out to catch up: when, and how much at tempo 1. */
  readonly skips: readonly { readonly at: number; readonly seconds: number }[];
}

/** Of the clock: arrivals are noticed so much later at most. */
const STEP_MS = 10;
/** As the audio graph's sink has them. */
const LEAD_S = 1.5;
const FIRST_S = 0.03;
const LEAST_STRETCH = 0.01;
/** Longer than the player waits for anything before it goes on. */
const REST_MS = 70_000;

interface NumberedClip extends PreparedClip {
  readonly number: number;
}

interface Scheduled {
  readonly clip: NumberedClip;
  readonly startsAt: number;
  readonly endsAt: number;
  readonly tempo: number;
}

/** Schedules clips as the audio graph does. */
class SilentSink implements ClipSink {
  readonly controlsVolume = true;
  readonly leadS = LEAD_S;
  readonly state: SinkState = "running";
  readonly heard: HeardClip[] = [];
  onChange: (() => void) | undefined;
  #scheduled: Scheduled[] = [];

  unlock(): Promise<void> {
    return Promise.resolve();
  }

  prepare(bytes: ArrayBuffer, durationS: number): Promise<PreparedClip> {
    const clip: NumberedClip = { number: new Float64Array(bytes)[0] ?? -1, durationS, release: () => undefined };
    return Promise.resolve(clip);
  }

  busyS(): number {
    return Math.max(0, ((this.#scheduled.at(-1)?.endsAt ?? 0) - Date.now()) / 1_000);
  }

  play(prepared: PreparedClip, wanted: number, offsetS: number): void {
    const clip = prepared as NumberedClip;
    const tempo = Math.abs(wanted - 1) < LEAST_STRETCH ? 1 : wanted;
    const startsAt = Date.now() + Math.max(FIRST_S, this.busyS()) * 1_000;
    const scheduled = { clip, startsAt, endsAt: startsAt + ((clip.durationS - offsetS) * 1_000) / tempo, tempo };
    this.#scheduled.push(scheduled);
    this.heard.push({ number: clip.number, startedAt: startsAt, tempo });
    setTimeout(() => {
      this.#scheduled = this.#scheduled.filter((each) => each !== scheduled);
      this.onChange?.();
    }, scheduled.endsAt - Date.now());
  }

  sounding(): Sounding | undefined {
    const now = Date.now();
    const current = this.#scheduled.find((each) => each.startsAt <= now && now < each.endsAt);
    return current && { clip: current.clip, offsetS: ((now - current.startsAt) / 1_000) * current.tempo };
  }

  setGain(): void {
    // Nothing sounds.
  }

  pause(): void {
    // Nobody touches it.
  }

  resume(): void {
    // Nobody touches it.
  }

  cut(): void {
    this.#scheduled = [];
  }

  close(): void {
    this.cut();
  }
}

/** Has each clip when it was downloaded. */
class RecordedLoader extends ClipLoader {
  readonly #waiting = new Map<string, (clip: ArrivedClip) => void>();

  override load(url: string): Promise<ArrayBuffer> {
    return new Promise((resolve, reject) => {
      this.#waiting.set(url, (clip) => {
        if (clip.readyAt === null) reject(new ClipUnavailableError());
        else resolve(new Float64Array([clip.number]).buffer);
      });
    });
  }

  decide(clip: ArrivedClip): void {
    this.#waiting.get(urlOf(clip))?.(clip);
  }
}

function urlOf(clip: ArrivedClip): string {
  return `clip:${clip.number}`;
}

/** Plays to the end. */
export async function hear(listening: Listening): Promise<Heard> {
  const events = listening.clips
    .flatMap((clip) => [
      { at: clip.receivedAt, clip, arrives: true },
      { at: Math.max(clip.readyAt ?? clip.receivedAt, clip.receivedAt), clip, arrives: false },
    ])
    .sort((one, other) => one.at - other.at);
  const begins = Math.floor(events[0]?.at ?? 0);
  const ends = (events.at(-1)?.at ?? 0) + REST_MS;
  mock.timers.enable({ apis: ["Date", "setInterval", "setTimeout"], now: begins });
  try {
    const sink = new SilentSink();
    const loader = new RecordedLoader();
    const skips: { at: number; seconds: number }[] = [];
    const player = new Player(
      sink,
      {
        changed: () => undefined,
        skipped: (seconds) => skips.push({ at: Date.now(), seconds }),
        refused: () => undefined,
      },
      { loader },
    );
    player.begin(listening.first);
    let next = 0;
    while (Date.now() < ends || !player.isIdle) {
      for (let event = events[next]; event !== undefined && event.at <= Date.now(); event = events[++next]) {
        const { clip } = event;
        if (event.arrives) {
          const { number, durationS, committedAt } = clip;
          player.add({ number, url: urlOf(clip), durationS, committedAt, spokenAt: undefined });
        } else {
          loader.decide(clip);
        }
        // What was promised is carried out before time goes on.
        await new Promise((resolve) => setImmediate(resolve));
      }
      mock.timers.tick(STEP_MS);
    }
    player.close();
    return { clips: sink.heard, skips };
  } finally {
    mock.timers.reset();
  }
}

/** The command. */
export async function main(): Promise<void> {
  const listening = JSON.parse(await text(process.stdin)) as Listening;
  process.stdout.write(JSON.stringify(await hear(listening)));
}

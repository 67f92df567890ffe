/** The audio thread: takes the microphone's samples, gives levels and chunks, decides nothing. */
import type { Level } from "@babelcast/shared/audio/level";
import { SpeechEncoder } from "@babelcast/shared/audio/speech-encoder";

/** To the audio thread. */
export type CaptureCommand = "open" | "close";

/** From the audio thread. */
export type CaptureReport =
  | { readonly kind: "level"; readonly level: Level }
  /** `endS`: when its last sample was captured, by the audio context's clock, within 10 ms. */
  | { readonly kind: "chunk"; readonly pcm: Uint8Array; readonly endS: number }
  /** Every chunk of the stretch that was closed has been reported. */
  | { readonly kind: "closed" };

class CaptureProcessor extends AudioWorkletProcessor {
  readonly #encoder = new SpeechEncoder(sampleRate);

  constructor() {
    super();
    this.port.onmessage = (event: MessageEvent<CaptureCommand>) => {
      if (event.data === "open") {
        this.#encoder.open();
      } else {
        this.#reportChunks(this.#encoder.close(), currentTime);
        this.#report({ kind: "closed" });
      }
    };
  }

  process(inputs: Float32Array[][]): boolean {
    const samples = inputs[0]?.[0];
    if (samples !== undefined) {
      const { levels, chunks } = this.#encoder.process(samples);
      for (const level of levels) this.#report({ kind: "level", level });
      this.#reportChunks(chunks, currentTime + samples.length / sampleRate);
    }
    return true;
  }

  #reportChunks(chunks: readonly Uint8Array[], endS: number): void {
    for (const pcm of chunks) this.#report({ kind: "chunk", pcm, endS }, [pcm.buffer]);
  }

  #report(report: CaptureReport, transfer: Transferable[] = []): void {
    this.port.postMessage(report, transfer);
  }
}

registerProcessor("babelcast-capture", CaptureProcessor);

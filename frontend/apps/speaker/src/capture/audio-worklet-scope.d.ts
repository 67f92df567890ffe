/** What an audio worklet finds in its global scope; TypeScript's DOM library does not have it. */

declare abstract class AudioWorkletProcessor {
  readonly port: MessagePort;
  /** @returns Whether the processor is to be called again. */
  abstract process(inputs: Float32Array[][], outputs: Float32Array[][]): boolean;
}

declare function registerProcessor(name: string, processor: new () => AudioWorkletProcessor): void;

/** Of the audio context, in hertz. */
declare const sampleRate: number;

/** Seconds of the audio context's clock at the first sample of the block that is being processed. */
declare const currentTime: number;

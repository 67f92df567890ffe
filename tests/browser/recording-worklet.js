// Gives what comes in as blocks of mono, signed 16-bit little-endian PCM.
const BLOCK_FRAMES = 4_096;

class Recording extends AudioWorkletProcessor {
  #block = new Int16Array(BLOCK_FRAMES);
  #length = 0;
  #firstFrame = 0;

  process([input]) {
    const channel = input[0] ?? new Float32Array(128);
    if (this.#length === 0) this.#firstFrame = currentFrame;
    for (const sample of channel) this.#block[this.#length++] = Math.max(-1, Math.min(1, sample)) * 32_767;
    if (this.#length >= BLOCK_FRAMES) {
      this.port.postMessage({ firstFrame: this.#firstFrame, pcm: this.#block.buffer }, [this.#block.buffer]);
      this.#block = new Int16Array(BLOCK_FRAMES);
      this.#length = 0;
    }
    return true;
  }
}

registerProcessor("recording", Recording);

import { describe, expect, it } from "vitest";
import { CHUNK_SAMPLES, Chunker, ChunkNumbering, encodePcm16 } from "./chunker.js";

function ramp(length: number): Float32Array {
  return Float32Array.from({ length }, (_, index) => ((index % 65_536) - 32_768) / 32_768);
}

function concatenate(pieces: Uint8Array[]): number[] {
  return pieces.flatMap((piece) => [...piece]);
}

describe("Chunker", () => {
  it("gives chunks of 4 000 samples, whatever pieces come in", () => {
    const samples = ramp(3 * CHUNK_SAMPLES + 1_000);
    for (const size of [1, 43, 128, 4_000, 9_999]) {
      const chunker = new Chunker();
      const chunks: Uint8Array[] = [];
      for (let at = 0; at < samples.length; at += size) {
        chunks.push(...chunker.process(samples.subarray(at, at + size)));
      }
      expect(chunks.map((chunk) => chunk.length)).toEqual([8_000, 8_000, 8_000]);
      const rest = chunker.flush();
      expect(rest).toHaveLength(2_000);
      expect(concatenate([...chunks, rest ?? new Uint8Array()])).toEqual([...encodePcm16(samples)]);
    }
  });

  it("fills a short rest up to 20 ms, and has nothing twice", () => {
    const chunker = new Chunker();
    chunker.process(new Float32Array(CHUNK_SAMPLES).fill(0.5));
    chunker.process(new Float32Array(7).fill(0.25));
    const rest = chunker.flush();
    expect(rest).toHaveLength(640);
    expect([...(rest ?? [])].slice(0, 16)).toEqual([0, 32, 0, 32, 0, 32, 0, 32, 0, 32, 0, 32, 0, 32, 0, 0]);
    expect(chunker.flush()).toBeUndefined();
  });
});

describe("encodePcm16", () => {
  it("writes little-endian samples and never wraps around", () => {
    const bytes = encodePcm16(Float32Array.from([0, 1 / 32_768, -1 / 32_768, 0.5, 1, 1.7, -1, -3]));
    const view = new DataView(bytes.buffer);
    const values = Array.from({ length: bytes.length / 2 }, (_, index) => view.getInt16(2 * index, true));
    expect(values).toEqual([0, 1, -1, 16_384, 32_767, 32_767, -32_768, -32_768]);
  });

  it("gives 16-bit recordings back bit by bit", () => {
    const samples = ramp(65_536);
    const view = new DataView(encodePcm16(samples).buffer);
    for (let index = 0; index < samples.length; index += 97) {
      expect(view.getInt16(2 * index, true)).toBe(index - 32_768);
    }
  });
});

describe("ChunkNumbering", () => {
  it("goes on where the session stands and leaves no gap", () => {
    const numbering = new ChunkNumbering(16_000);
    const sizes = [8_000, 8_000, 640, 8_000];
    const chunks = sizes.map((size, index) => numbering.number(new Uint8Array(size), 1_000 + index));
    expect(chunks.map((chunk) => chunk.index)).toEqual([0, 1, 2, 3]);
    expect(chunks.map((chunk) => chunk.sampleOffset)).toEqual([16_000, 20_000, 24_000, 24_320]);
    expect(chunks.map((chunk) => chunk.capturedAtMs)).toEqual([1_000, 1_001, 1_002, 1_003]);
    expect(numbering.nextSampleOffset).toBe(28_320);
  });
});

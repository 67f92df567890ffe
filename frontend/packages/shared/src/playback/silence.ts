const RATE_HZ = 8_000;
const HEADER_BYTES = 44;

/** A WAV file of silence: mono, unsigned 8 bit, 8 000 Hz. */
export function silentWav(seconds: number): Blob {
  const sampleCount = Math.round(seconds * RATE_HZ);
  const header = new DataView(new ArrayBuffer(HEADER_BYTES));
  const text = (at: number, word: string): void => {
    for (let index = 0; index < word.length; index++) header.setUint8(at + index, word.charCodeAt(index));
  };
  text(0, "RIFF");
  header.setUint32(4, HEADER_BYTES - 8 + sampleCount, true);
  text(8, "WAVEfmt ");
  header.setUint32(16, 16, true);
  header.setUint16(20, 1, true);
  header.setUint16(22, 1, true);
  header.setUint32(24, RATE_HZ, true);
  header.setUint32(28, RATE_HZ, true);
  header.setUint16(32, 1, true);
  header.setUint16(34, 8, true);
  text(36, "data");
  header.setUint32(40, sampleCount, true);
  return new Blob([header, new Uint8Array(sampleCount).fill(128)], { type: "audio/wav" });
}

// Validates recordings, and converts raw samples to a file format that every endpoint accepts.

import { HeddleError } from "../errors.ts";

export interface Recording {
  bytes: Uint8Array<ArrayBuffer>;
  /** "pcm_f32le" (16 kHz, mono), or a file format: "wav", "mp3", "webm", … */
  format: string;
  /** The file's media type. */
  mediaType: string;
}

/** The format of raw samples. */
export const PCM = {
  format: "pcm_f32le",
  sampleRate: 16_000,
  bytesPerSample: 4,
  minSeconds: 0.1,
  maxSeconds: 60,
};

const FORMAT_OF: Record<string, string> = {
  "audio/wave": "wav",
  "audio/vnd.wave": "wav",
  "audio/mpeg": "mp3",
  "audio/mpga": "mp3",
  "audio/mp4": "m4a",
  "application/ogg": "ogg",
  // Browsers and phones use these for recordings without video as well.
  "video/mp4": "mp4",
  "video/webm": "webm",
};

/**
 * Interprets a body by its Content-Type: raw samples for application/octet-stream or none, otherwise a file. Throws
 * "unsupported_media_type", or "bad_request" if the body is empty or does not consist of samples.
 */
export function readRecording(contentType: string | null, bytes: Uint8Array<ArrayBuffer>): Recording {
  const mediaType = contentType?.split(";")[0]?.trim().toLowerCase() ?? "";
  const isRaw = mediaType === "" || mediaType === "application/octet-stream";
  const format = isRaw ? PCM.format : formatOf(mediaType);
  if (format === undefined) {
    throw new HeddleError(
      "unsupported_media_type",
      "Content-Type must be audio/* for a file, or application/octet-stream for float32 samples at 16 kHz, mono.",
    );
  }
  if (bytes.byteLength === 0) throw invalid("The body is empty; send a recording.");
  if (isRaw) checkSamples(bytes);
  return { bytes, format, mediaType: isRaw ? "application/octet-stream" : mediaType };
}

const formatOf = (mediaType: string): string | undefined =>
  FORMAT_OF[mediaType] ?? /^audio\/(?:x-)?([a-z0-9][a-z0-9.+-]*)$/.exec(mediaType)?.[1];

function checkSamples(bytes: Uint8Array<ArrayBuffer>): void {
  if (bytes.byteLength % PCM.bytesPerSample !== 0) {
    throw invalid("Raw samples must be float32, little-endian: their length must be a multiple of 4 bytes.");
  }
  const seconds = bytes.byteLength / PCM.bytesPerSample / PCM.sampleRate;
  if (seconds < PCM.minSeconds || seconds > PCM.maxSeconds) {
    throw invalid(
      `Raw samples must be ${PCM.minSeconds} to ${PCM.maxSeconds} seconds long, at 16,000 per second; got ${seconds.toFixed(2)} seconds.`,
    );
  }
  for (const sample of samplesOf(bytes)) {
    if (!Number.isFinite(sample)) throw invalid("Raw samples must be finite numbers from -1 to 1.");
  }
}

/** Converts a recording to a file. Raw samples become 16-bit WAV, which every endpoint accepts. */
export function fileOf({ bytes, format, mediaType }: Recording): File {
  if (format !== PCM.format) return new File([bytes], `recording.${format}`, { type: mediaType });
  return new File([wavOf(bytes)], "recording.wav", { type: "audio/wav" });
}

const HEADER_BYTES = 44;

/** https://www.mmsp.ece.mcgill.ca/Documents/AudioFormats/WAVE/WAVE.html */
function wavOf(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const dataBytes = bytes.byteLength / 2;
  const wav = new Uint8Array(HEADER_BYTES + dataBytes);
  const view = new DataView(wav.buffer);
  const text = (at: number, word: string) => wav.set(new TextEncoder().encode(word), at);
  text(0, "RIFF");
  view.setUint32(4, wav.byteLength - 8, true);
  text(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true); // integer samples
  view.setUint16(22, 1, true); // one channel
  view.setUint32(24, PCM.sampleRate, true);
  view.setUint32(28, PCM.sampleRate * 2, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  text(36, "data");
  view.setUint32(40, dataBytes, true);
  let at = HEADER_BYTES;
  for (const sample of samplesOf(bytes)) {
    view.setInt16(at, Math.round(Math.max(-1, Math.min(1, sample)) * 32_767), true);
    at += 2;
  }
  return wav;
}

/** Little-endian, the byte order of every machine that Heddle runs on. */
function samplesOf(bytes: Uint8Array<ArrayBuffer>): Float32Array {
  const aligned = bytes.byteOffset % PCM.bytesPerSample === 0 ? bytes : bytes.slice();
  return new Float32Array(aligned.buffer, aligned.byteOffset, bytes.byteLength / PCM.bytesPerSample);
}

const invalid = (message: string) => new HeddleError("bad_request", message, { field: "body" });

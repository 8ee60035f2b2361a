// Recordings that integrations have been sent, as the SDK's `transcribe` passes them on.

import { HeddleError } from "../errors.ts";
import type { Transcribe } from "../sdk/types.ts";
import { readRecording } from "../transcription/audio.ts";
import type { Transcription } from "../transcription/transcription.ts";

const NEVER = new AbortController().signal;

/** Answers null if there is no transcription, since a chat goes on without one. */
export function transcribeFor({ transcribe }: Transcription): Transcribe {
  return async ({ data, mediaType, signal = NEVER }) => {
    const recording = readRecording(mediaType, new Uint8Array(data));
    try {
      return await transcribe(recording, { source: "chat", signal });
    } catch (error) {
      if (error instanceof HeddleError && error.code === "not_supported") return null;
      throw error;
    }
  };
}

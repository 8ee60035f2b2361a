// Transcribes a recording with an integration's hook or, if none answers, with the configured endpoint.

import { HeddleError } from "../errors.ts";
import type { Hooks } from "../hooks/hooks.ts";
import { newId } from "../ids.ts";
import type { Recording } from "./audio.ts";
import type { TranscriptionEndpoint } from "./endpoint.ts";

export interface Transcription {
  /** Throws "not_supported" if no transcription is configured, and whatever the endpoint throws. */
  transcribe(recording: Recording, options: { source: "api" | "chat"; signal: AbortSignal }): Promise<string>;
}

export interface TranscriptionOptions {
  hooks: Pick<Hooks, "override">;
  endpoint: TranscriptionEndpoint | undefined;
}

export function createTranscription({ hooks, endpoint }: TranscriptionOptions): Transcription {
  return {
    async transcribe(recording, { source, signal }) {
      const { bytes, format } = recording;
      const text = await hooks.override("before_transcription", {
        bot_id: null,
        session_id: null,
        channel_id: null,
        client_id: null,
        correlation_id: newId(),
        extra: { audio_format: format, audio_size_bytes: bytes.byteLength, source },
        audio: bytes,
      });
      if (text !== null) return text;
      if (endpoint) return await endpoint(recording, signal);
      throw new HeddleError(
        "not_supported",
        "No transcription is configured: set OPENAI_API_KEY or TRANSCRIPTION_BASE_URL, or install an integration with a before_transcription hook.",
      );
    },
  };
}

// Transcribes recordings with any OpenAI-compatible endpoint.

import { HeddleError } from "../errors.ts";
import { throwIfAborted } from "../llm/abort.ts";
import { openAiClient, toOpenAiFailure } from "../llm/openai-client.ts";
import type { Redact } from "../redact.ts";
import { fileOf, type Recording } from "./audio.ts";

export interface TranscriptionEndpointOptions {
  apiKey: string | undefined;
  /** Including the version. */
  baseUrl: string | undefined;
  model: string;
  /** Applied to the endpoint's error messages. */
  redact: Redact;
}

/**
 * Throws "bad_request" if the endpoint rejects the recording, "upstream" if it fails, "cancelled" if the signal aborts.
 */
export type TranscriptionEndpoint = (recording: Recording, signal: AbortSignal) => Promise<string>;

const TIMEOUT_MS = 120_000;
const RETRIES = 2;
/** Statuses by which an endpoint rejects the recording. */
const REJECTIONS = [400, 413, 415, 422];

export function createTranscriptionEndpoint(options: TranscriptionEndpointOptions): TranscriptionEndpoint {
  const { model, redact, ...connection } = options;
  const client = openAiClient({ ...connection, timeoutMs: TIMEOUT_MS });
  return async (recording, signal) => {
    throwIfAborted(signal);
    const { audio } = await client();
    const answer: { text?: unknown } | string = await audio.transcriptions
      .create({ file: fileOf(recording), model, response_format: "json" }, { signal, maxRetries: RETRIES })
      .catch((cause: unknown) => {
        throwIfAborted(signal);
        throw explain(cause, redact);
      });
    if (typeof answer === "object" && typeof answer?.text === "string") return answer.text;
    throw new HeddleError("upstream", "The transcription endpoint's answer contains no text.");
  };
}

function explain(cause: unknown, redact: Redact): HeddleError {
  const { message, status } = toOpenAiFailure(cause, { hide: redact, now: Date.now() });
  if (status !== undefined && REJECTIONS.includes(status)) {
    return new HeddleError("bad_request", `The transcription endpoint rejected the recording: ${message}`, {
      field: "body",
      cause,
    });
  }
  return new HeddleError("upstream", `The transcription endpoint failed: ${message}`, { cause });
}

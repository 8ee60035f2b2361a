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
  /** Default: the request is made as it is. */
  spend?: SpendTranscription | undefined;
  /** Applied to the endpoint's error messages. */
  redact: Redact;
}

/**
 * Throws "bad_request" if the endpoint rejects the recording, "upstream" if it fails, "cancelled" if the signal aborts.
 */
export type TranscriptionEndpoint = (recording: Recording, signal: AbortSignal) => Promise<string>;

/** What the endpoint says that a recording took, in tokens or, as for Whisper, in seconds of sound; null: it does not say. */
export type TranscriptionUse = { prompt_tokens: number; completion_tokens: number; seconds?: number } | null;

/** Makes the request within the budgets. */
export type SpendTranscription = (
  request: { model: string; bytes: number; signal: AbortSignal },
  make: () => Promise<{ value: string; used: TranscriptionUse }>,
) => Promise<string>;

const TIMEOUT_MS = 120_000;
const RETRIES = 2;
/** Statuses by which an endpoint rejects the recording. */
const REJECTIONS = [400, 413, 415, 422];

export function createTranscriptionEndpoint(options: TranscriptionEndpointOptions): TranscriptionEndpoint {
  const { model, redact, spend = asItIs, ...connection } = options;
  const client = openAiClient({ ...connection, timeoutMs: TIMEOUT_MS });
  return async (recording, signal) => {
    throwIfAborted(signal);
    const { audio } = await client();
    return spend({ model, bytes: recording.bytes.byteLength, signal }, async () => {
      const answer: { text?: unknown } | string = await audio.transcriptions
        .create({ file: fileOf(recording), model, response_format: "json" }, { signal, maxRetries: RETRIES })
        .catch((cause: unknown) => {
          throwIfAborted(signal);
          throw explain(cause, redact);
        });
      if (typeof answer === "object" && typeof answer?.text === "string") {
        return { value: answer.text, used: useIn(answer) };
      }
      throw new HeddleError("upstream", "The transcription endpoint's answer contains no text.");
    });
  };
}

const asItIs: SpendTranscription = async (_, make) => (await make()).value;

function useIn(answer: object): TranscriptionUse {
  const { usage } = answer as { usage?: Record<string, unknown> | null };
  const { type, seconds } = usage ?? {};
  if (type === "duration" && typeof seconds === "number" && Number.isFinite(seconds) && seconds >= 0) {
    return { prompt_tokens: 0, completion_tokens: 0, seconds };
  }
  const [read, written] = [usage?.input_tokens, usage?.output_tokens];
  if (!isCount(read) || !isCount(written)) return null;
  return { prompt_tokens: read, completion_tokens: written };
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

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

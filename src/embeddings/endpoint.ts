// Embeddings of any OpenAI-compatible endpoint.

import { setTimeout as pause } from "node:timers/promises";
import { HeddleError } from "../errors.ts";
import { AttemptFailure } from "../llm/attempt.ts";
import { createBoundedFetch, type Fetch } from "../llm/bounded-fetch.ts";
import { describe, failureIn } from "../llm/failure.ts";
import { isObject } from "../llm/fields.ts";
import { openAiClient, toOpenAiFailure } from "../llm/openai-client.ts";
import type { Redact } from "../redact.ts";
import type { Embedder } from "../search/embedder.ts";
import { searchableText } from "../search/lexemes.ts";

export interface EndpointEmbedderOptions {
  model: string;
  apiKey: string | undefined;
  /** Including the version; undefined: OpenAI's own. */
  baseUrl: string | undefined;
  /** Sent with each request. */
  headers?: Record<string, string>;
  /** Default: to the network. */
  send?: Fetch | undefined;
  /** Default: it says which model it is and where. */
  name?: string;
  /** Asks the model for vectors of this size; undefined: its own. */
  dimensions: number | undefined;
  weakBelow: number;
  /** Makes a request within the budgets. Default: as it is. */
  spend?: SpendEmbedding | undefined;
  /** Applied to the texts, which leave this machine, and to the endpoint's messages. */
  redact: Redact;
  /** Milliseconds before the first retry. */
  retryMs?: number;
}

/** Makes a request for the vectors of these texts; `make` also returns how many tokens they were, null: nobody says. */
export type SpendEmbedding = <Value>(
  request: { model: string; texts: readonly string[]; signal: AbortSignal | undefined },
  make: () => Promise<{ value: Value; tokens: number | null }>,
) => Promise<Value>;

/** OpenAI takes 2048 texts of 300,000 tokens together; smaller servers refuse far fewer. */
const MOST_TEXTS = 96;
const MOST_CHARACTERS = 150_000;
/** What the models of the field take at least: 512 tokens. Shorter texts are not cut further. */
const SHORTEST_CUT = 500;
const LONGEST_TEXT = 8_000;
/** 96 vectors of 4,000 numbers, which are a single line. */
const BOUNDS = { bytes: 32 * 1024 * 1024, lineBytes: 32 * 1024 * 1024, failureBytes: 64 * 1024 };
const TIMEOUT_MS = 60_000;
const RETRY_MS = 500;
const RETRIES = 3;
const LONGEST_RETRY_MS = 20_000;
/** Failures that may pass. */
const PASSING = ["rate_limit", "server", "connection", "timeout", "cut", "garbled"];
/** A text that every endpoint takes, to find out whether one refused a text or refuses everything. */
const PROBE = "test";

/** The name of vectors, which says where they come from: another endpoint's model of the same name may differ. */
const endpointName = ({
  model,
  baseUrl,
  dimensions,
}: Pick<EndpointEmbedderOptions, "model" | "baseUrl" | "dimensions">): string =>
  `${model}${dimensions === undefined ? "" : `/${dimensions}`}${endpointSuffix(baseUrl)}`;

const endpointSuffix = (baseUrl: string | undefined): string => {
  if (baseUrl === undefined) return " at api.openai.com";
  const { host, pathname } = new URL(baseUrl);
  return ` at ${host}${pathname.replace(/\/$/, "")}`;
};

/** Reads back the model of a name, if it is at this endpoint. */
export function modelAt(
  name: string,
  baseUrl: string | undefined,
): { model: string; dimensions: number | undefined } | undefined {
  const suffix = endpointSuffix(baseUrl);
  if (!name.endsWith(suffix)) return undefined;
  const asked = name.slice(0, -suffix.length);
  const found = /^(.{1,200})\/(\d{1,5})$/.exec(asked);
  return found?.[1]
    ? { model: found[1], dimensions: Number(found[2]) }
    : { model: asked, dimensions: undefined };
}

export function createEndpointEmbedder(options: EndpointEmbedderOptions): Embedder {
  const { model, apiKey, baseUrl, headers, send, dimensions, weakBelow, redact } = options;
  const { name = endpointName(options), retryMs = RETRY_MS, spend = asItIs } = options;
  const client = openAiClient(
    { apiKey, baseUrl, ...(headers && { headers }), timeoutMs: TIMEOUT_MS },
    createBoundedFetch({ bounds: BOUNDS, ...(send && { send }) }),
  );
  /** Becomes smaller when the endpoint refuses as many. */
  let mostTexts = MOST_TEXTS;
  /** Voyage refuses the format that all others take. */
  let takesFormat = true;

  async function requestOnce(texts: string[], signal: AbortSignal | undefined): Promise<Float32Array[]> {
    const endpoint = await client();
    return spend({ model, texts, signal }, async () => {
      // Not by `embeddings.create()`, which asks for base64 where no format is given.
      const answer = await endpoint.post<unknown>("/embeddings", {
        body: {
          model,
          input: texts,
          ...(takesFormat && { encoding_format: "float" }),
          ...(dimensions !== undefined && { dimensions }),
        },
        ...(signal && { signal }),
      });
      const failure = failureIn(answer, "");
      if (failure) throw hidden(failure, redact);
      return { value: vectorsIn(answer, texts.length), tokens: tokensIn(answer) };
    });
  }

  /** Retries what may pass; throws an AttemptFailure. */
  async function request(texts: string[], signal: AbortSignal | undefined): Promise<Float32Array[]> {
    for (let retry = 0; ; retry++) {
      try {
        return await requestOnce(texts, signal);
      } catch (error) {
        if (error instanceof HeddleError) throw error;
        signal?.throwIfAborted();
        const failure =
          error instanceof AttemptFailure ? error : toOpenAiFailure(error, { hide: redact, now: Date.now() });
        if (takesFormat && failure.kind === "refused" && failure.message.includes("encoding_format")) {
          takesFormat = false;
          continue;
        }
        const delay = failure.retryAfterMs ?? retryMs * 2 ** retry;
        if (retry === RETRIES || !PASSING.includes(failure.kind) || delay > LONGEST_RETRY_MS) throw failure;
        await pause(delay, undefined, { ...(signal && { signal }) });
      }
    }
  }

  /** Divides what the endpoint refuses, down to single texts, which it cuts. */
  async function embedAll(
    texts: string[],
    signal: AbortSignal | undefined,
  ): Promise<(Float32Array | null)[]> {
    try {
      return await request(texts, signal);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      const [only] = texts;
      if (texts.length > 1) {
        const half = Math.ceil(texts.length / 2);
        mostTexts = Math.max(1, Math.min(mostTexts, half));
        const first = await embedAll(texts.slice(0, half), signal);
        return [...first, ...(await embedAll(texts.slice(half), signal))];
      }
      if (only === PROBE || only === undefined) throw error;
      if (only.length > SHORTEST_CUT) {
        return embedAll([only.slice(0, Math.ceil(only.length / 2)).toWellFormed()], signal);
      }
      // Throws when it is not the text that is refused.
      await request([PROBE], signal);
      return [null];
    }
  }

  return {
    name,
    dimensions,
    isLocal: false,
    weight: 1,
    weakBelow,
    async embed(texts, signal) {
      const vectors: (Float32Array | null)[] = texts.map(() => null);
      // Endpoints refuse empty texts, and a text without words means nothing to any of them.
      const asked = texts.flatMap((text, at) =>
        hasWords(text) ? [{ at, text: redact(text.slice(0, LONGEST_TEXT).toWellFormed()) }] : [],
      );
      try {
        for (let first = 0; first < asked.length; ) {
          const batch = nextBatch(asked, first, mostTexts);
          const found = await embedAll(
            batch.map(({ text }) => text),
            signal,
          );
          batch.forEach(({ at }, index) => {
            vectors[at] = found[index] ?? null;
          });
          first += batch.length;
        }
      } catch (error) {
        throw explain(error, model);
      }
      return vectors;
    },
  };
}

const asItIs: SpendEmbedding = async (_, make) => (await make()).value;

function tokensIn(answer: unknown): number | null {
  const { usage } = (answer ?? {}) as { usage?: { prompt_tokens?: unknown; total_tokens?: unknown } | null };
  const said = usage?.total_tokens ?? usage?.prompt_tokens;
  return Number.isSafeInteger(said) && Number(said) >= 0 ? Number(said) : null;
}

const hasWords = (text: string): boolean => /[\p{L}\p{N}]/u.test(searchableText(text.slice(0, LONGEST_TEXT)));

function nextBatch<Text extends { text: string }>(texts: Text[], first: number, most: number): Text[] {
  let [last, characters] = [first, 0];
  while (last < texts.length && last - first < most) {
    characters += texts[last]?.text.length ?? 0;
    if (characters > MOST_CHARACTERS && last > first) break;
    last++;
  }
  return texts.slice(first, last);
}

const isRefusal = (error: unknown): boolean => {
  const { kind, status } = error as Partial<AttemptFailure>;
  return kind === "too_long" || (kind === "refused" && [400, 413, 422].includes(status ?? 0));
};

function hidden(failure: AttemptFailure, hide: Redact): AttemptFailure {
  failure.message = describe(failure.message, hide);
  return failure;
}

/** OpenAI's form is `data`, Ollama's and Cohere's `embeddings`; others answer with the list itself. */
function listIn(answer: unknown): unknown {
  if (!isObject(answer)) return answer;
  const { data, embeddings: given } = answer;
  return data ?? (isObject(given) ? given.float : given);
}

/** A list of numbers, which some servers send as the base64 of their bytes whatever they are asked for. */
function numbersIn(item: unknown): Float32Array | undefined {
  const given = isObject(item) ? item.embedding : item;
  if (typeof given === "string") {
    const bytes = Buffer.from(given, "base64");
    const numbers = new Float32Array(
      Uint8Array.from(bytes.subarray(0, bytes.length - (bytes.length % 4))).buffer,
    );
    return numbers.length > 0 && numbers.every(Number.isFinite) ? numbers : undefined;
  }
  const isList = Array.isArray(given) && given.length > 0 && given.every(Number.isFinite);
  return isList ? Float32Array.from(given as number[]) : undefined;
}

/** Checks the answer, which may come from anything that calls itself compatible. Zeros mean nothing: null. */
function vectorsIn(answer: unknown, count: number): Float32Array[] {
  const data = listIn(answer);
  if (!Array.isArray(data) || data.length !== count) {
    throw new HeddleError(
      "upstream",
      `The embedding endpoint must answer with ${count} vectors; got ${Array.isArray(data) ? data.length : "none"}.`,
    );
  }
  const vectors = new Array<Float32Array>(count);
  data.forEach((item: unknown, at) => {
    const place = isObject(item) && typeof item.index === "number" ? item.index : at;
    const numbers = numbersIn(item);
    if (!numbers) {
      throw new HeddleError("upstream", "The embedding endpoint's vectors must be lists of numbers.");
    }
    vectors[place] = numbers;
  });
  const [first] = vectors;
  for (let at = 0; at < count; at++) {
    if (!first || vectors[at]?.length !== first.length) {
      throw new HeddleError("upstream", "The embedding endpoint's vectors must be complete and of one size.");
    }
  }
  return vectors;
}

function explain(error: unknown, model: string): unknown {
  if (error instanceof HeddleError || !(error instanceof Error) || error.name === "AbortError") return error;
  return new HeddleError(
    "upstream",
    `The embedding endpoint does not embed with ${model}: ${error.message}`,
    {
      cause: error,
    },
  );
}

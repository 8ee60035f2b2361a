// Talks to models behind any OpenAI-compatible endpoint, using streamed chat completions.

import { setImmediate } from "node:timers/promises";
import type { Logger } from "../../log.ts";
import type { Redact } from "../../redact.ts";
import { idleTimeout } from "../../within.ts";
import { throwIfAborted } from "../abort.ts";
import { type AttemptEvent, AttemptFailure } from "../attempt.ts";
import { createFallback } from "../fallback.ts";
import type { Llm, LlmRequest } from "../llm.ts";
import { type Sleep, sleepUnlessAborted } from "../retry.ts";
import { createAnswer } from "./answer.ts";
import { createOpenAiClient, type OpenAiClientOptions } from "./client.ts";
import { createStreamFetch } from "./event-stream.ts";
import { toFailure } from "./failure.ts";
import { createKnownQuirks, type KnownQuirks } from "./quirks.ts";
import { toRequest } from "./request.ts";

export interface OpenAiOptions {
  /** Undefined for endpoints without authentication; no Authorization header is sent then. */
  apiKey: string | undefined;
  /** Including the version; "https://api.openai.com/v1" if undefined. */
  baseUrl: string | undefined;
  log: Logger;
  /** Applied to the endpoint's error messages. */
  redact?: Redact;
  /** Maximum wait for the response headers and between two chunks. Default: 120 s. */
  timeoutMs?: number;
  /** Used to wait between attempts. */
  sleep?: Sleep;
  /** Clock in milliseconds, for durations and cool-downs. */
  now?: () => number;
  /** Returns 0 to 1, for jitter. */
  random?: () => number;
}

const TIMEOUT_MS = 120_000;
const CHUNKS_PER_TURN = 256;
/** How long to wait for usage and the end of the stream after an answer is complete. */
const AFTER_FINISH_MS = 3_000;

/** Creates the provider "openai": it retries, falls back to other models, and puts failed models into cool-down. */
export function createOpenAiLlm(options: OpenAiOptions): Llm {
  const { apiKey, baseUrl, log, redact = (text) => text, timeoutMs = TIMEOUT_MS, now = Date.now } = options;
  const quirks = createKnownQuirks();
  const fallback = createFallback({
    log,
    now,
    sleep: options.sleep ?? sleepUnlessAborted,
    random: options.random ?? Math.random,
  });
  const endpoint = { client: { apiKey, baseUrl, timeoutMs }, timeoutMs, hide: redact, now };
  return {
    provider: "openai",
    firstModel: fallback.firstModel,
    stream: (request) =>
      fallback.stream(request, (model) => adapting({ ...endpoint, quirks, request, model, log })),
  };
}

interface AttemptOptions {
  client: OpenAiClientOptions;
  quirks: KnownQuirks;
  request: LlmRequest;
  model: string;
  timeoutMs: number;
  hide: Redact;
  now: () => number;
  log: Logger;
}

/** Asks again at once, in another form, when the endpoint refuses the form of the request. */
async function* adapting(options: AttemptOptions): AsyncGenerator<AttemptEvent> {
  const { quirks, model, log } = options;
  for (;;) {
    try {
      yield* attempt(options);
      return;
    } catch (error) {
      if (!(error instanceof AttemptFailure) || !quirks.learn(model, error)) throw error;
      log.info("Model {model} does not take a part of the request; it is left out from now on: {reason}", {
        model,
        reason: error.message,
      });
    }
  }
}

async function* attempt(options: AttemptOptions): AsyncGenerator<AttemptEvent> {
  const { request, model, timeoutMs, hide, now } = options;
  throwIfAborted(request.signal);
  const stall = idleTimeout(timeoutMs);
  const ending = idleTimeout(Math.min(AFTER_FINISH_MS, timeoutMs));
  stall.restart();
  const offered = request.mustAnswer ? [] : request.tools.map(({ name }) => name);
  const answer = createAnswer({ model, offered: new Set(offered) });
  // Bytes count as life, and not only chunks: a local model that reads a long prompt sends comments.
  const onBytes = () => (answer.isFinished() ? undefined : stall.restart());
  const client = createOpenAiClient({ ...options.client, fetch: createStreamFetch(onBytes) });
  try {
    const stream = await client.chat.completions.create(toRequest(request, model, options.quirks.of(model)), {
      signal: AbortSignal.any([request.signal, stall.signal, ending.signal]),
    });
    let chunks = 0;
    for await (const chunk of stream) {
      const text = answer.add(chunk);
      if (text !== "") yield { type: "text", text };
      if (answer.isFinished()) {
        stall.stop();
        ending.restart();
      }
      // Buffered chunks are delivered without yielding to the event loop, so yield to other work now and then.
      if (++chunks % CHUNKS_PER_TURN === 0) await setImmediate();
    }
  } catch (error) {
    throwIfAborted(request.signal);
    // Once `ending` is over, the answer is complete, and the rest of its stream is not worth waiting for.
    if (!ending.signal.aborted) {
      if (stall.signal.aborted) throw stalled(timeoutMs);
      throw error instanceof AttemptFailure ? error : toFailure(error, { hide, now: now() });
    }
  } finally {
    stall.stop();
    ending.stop();
  }
  // The SDK ends an aborted stream as if it were complete.
  throwIfAborted(request.signal);
  if (stall.signal.aborted) throw stalled(timeoutMs);
  yield { type: "done", ...answer.finish() };
}

function stalled(timeoutMs: number): AttemptFailure {
  return new AttemptFailure("timeout", `nothing was received for ${Math.round(timeoutMs / 1000)} s`);
}

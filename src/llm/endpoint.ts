// A model behind an endpoint: each request is tried again where that may help, in another form or with another model.

import { setImmediate } from "node:timers/promises";
import type { Logger } from "../log.ts";
import type { Redact } from "../redact.ts";
import { idleTimeout } from "../within.ts";
import { throwIfAborted } from "./abort.ts";
import type { Adapter } from "./adapter.ts";
import { type AttemptEvent, AttemptFailure } from "./attempt.ts";
import { createStreamFetch } from "./event-stream.ts";
import { describe } from "./failure.ts";
import { createFallback } from "./fallback.ts";
import type { Llm, LlmRequest } from "./llm.ts";
import { createKnownQuirks, type KnownQuirks } from "./quirks.ts";
import { type Sleep, sleepUnlessAborted } from "./retry.ts";

export interface EndpointOptions {
  adapter: Adapter;
  log: Logger;
  /** Applied to the endpoint's error messages. */
  redact?: Redact;
  /** The longest time in which an endpoint may send nothing. */
  timeoutMs: number;
  /** Used to wait between attempts. */
  sleep?: Sleep;
  /** Clock in milliseconds that only goes forward, for durations and cool-downs. */
  now?: () => number;
  /** Returns 0 to 1, for jitter. */
  random?: () => number;
}

const EVENTS_PER_TURN = 256;
/** How long to wait for usage and the end of the stream after an answer is complete. */
const AFTER_FINISH_MS = 3_000;

/** Retries, falls back to other models of the endpoint, and puts failed models into cool-down. */
export function createEndpointLlm(options: EndpointOptions): Llm {
  const { adapter, log, redact = (text) => text, timeoutMs, now = () => performance.now() } = options;
  const quirks = createKnownQuirks();
  const fallback = createFallback({
    log,
    now,
    sleep: options.sleep ?? sleepUnlessAborted,
    random: options.random ?? Math.random,
  });
  const endpoint = { adapter, quirks, timeoutMs, hide: redact, log };
  return {
    provider: adapter.name,
    firstModel: (request) => ({ provider: adapter.name, model: fallback.firstModel(request) }),
    stream: (request) => fallback.stream(request, (model) => adapting({ ...endpoint, request, model })),
  };
}

interface AttemptOptions {
  adapter: Adapter;
  quirks: KnownQuirks;
  request: LlmRequest;
  model: string;
  timeoutMs: number;
  hide: Redact;
  log: Logger;
}

/** Asks again at once, in another form, when the endpoint refuses the form of the request. */
async function* adapting(options: AttemptOptions): AsyncGenerator<AttemptEvent> {
  const { quirks, model, hide, log } = options;
  for (;;) {
    try {
      yield* attempt(options);
      return;
    } catch (error) {
      if (!(error instanceof AttemptFailure)) throw error;
      // Whatever found the failure may have quoted the endpoint.
      error.message = describe(error.message, hide);
      if (!quirks.learn(model, error)) throw error;
      log.warn("Model {model} does not take a part of the request; it is left out from now on: {reason}", {
        model,
        reason: error.message,
      });
    }
  }
}

async function* attempt(options: AttemptOptions): AsyncGenerator<AttemptEvent> {
  const { adapter, request, model, timeoutMs, hide } = options;
  throwIfAborted(request.signal);
  const stall = idleTimeout(timeoutMs);
  const ending = idleTimeout(Math.min(AFTER_FINISH_MS, timeoutMs));
  stall.restart();
  const offered = request.mustAnswer ? [] : request.tools.map(({ name }) => name);
  const answer = adapter.createAnswer({
    model,
    offered: new Set(offered),
    isRepeated: (text) =>
      request.messages.some(({ role, content }) => role !== "assistant" && content.includes(text)),
  });
  // Bytes count as life, and not only events: a local model that reads a long prompt sends comments.
  const onBytes = () => (answer.isFinished() ? undefined : stall.restart());
  try {
    const stream = await adapter.open(request, {
      model,
      quirks: options.quirks.of(model),
      signal: AbortSignal.any([request.signal, stall.signal, ending.signal]),
      fetch: createStreamFetch(onBytes),
    });
    let events = 0;
    for await (const event of stream) {
      const text = answer.add(event);
      if (text !== "") yield { type: "text", text };
      if (answer.isFinished()) {
        stall.stop();
        ending.restart();
      }
      // Buffered events are delivered without yielding to the event loop, so yield to other work now and then.
      if (++events % EVENTS_PER_TURN === 0) await setImmediate();
    }
  } catch (error) {
    throwIfAborted(request.signal);
    // Once `ending` is over, the answer is complete, and the rest of its stream is not worth waiting for.
    if (!ending.signal.aborted) {
      if (stall.signal.aborted) throw stalled(timeoutMs);
      throw error instanceof AttemptFailure ? error : adapter.toFailure(error, { hide, now: Date.now() });
    }
  } finally {
    stall.stop();
    ending.stop();
  }
  // The packages end an aborted stream as if it were complete.
  throwIfAborted(request.signal);
  if (stall.signal.aborted) throw stalled(timeoutMs);
  yield { type: "done", ...answer.finish() };
}

function stalled(timeoutMs: number): AttemptFailure {
  return new AttemptFailure("timeout", `nothing was received for ${Math.round(timeoutMs / 1000)} s`);
}

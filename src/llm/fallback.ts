// Tries a request's models in order. A model that failed is avoided for a while.

import { HeddleError } from "../errors.ts";
import type { Logger } from "../log.ts";
import { type Attempt, AttemptFailure } from "./attempt.ts";
import type { LlmEvent, LlmRequest } from "./llm.ts";
import { type Sleep, streamWithRetries } from "./retry.ts";

export interface FallbackOptions {
  log: Logger;
  now: () => number;
  sleep: Sleep;
  random: () => number;
}

const COOL_DOWN_MS = 300_000;

/** The returned object holds the cool-downs. */
export function createFallback({ log, now, sleep, random }: FallbackOptions) {
  const coolUntil = new Map<string, number>();

  /** Models in cool-down come last, as a last resort. */
  function inOrder(models: string[]): string[] {
    const at = now();
    const cooling = (model: string) => (coolUntil.get(model) ?? 0) > at;
    return [...models.filter((model) => !cooling(model)), ...models.filter(cooling)];
  }

  async function* stream(request: LlmRequest, attempt: Attempt): AsyncGenerator<LlmEvent> {
    const started = now();
    const models = inOrder([...new Set([request.model, ...request.fallbackModels])]);
    const failures: string[] = [];
    let tooLong: AttemptFailure | undefined;
    for (const [index, model] of models.entries()) {
      try {
        const completion = yield* streamWithRetries({
          attempt,
          model,
          signal: request.signal,
          sleep,
          random,
        });
        coolUntil.delete(model);
        yield {
          type: "done",
          ...completion,
          model,
          fallbackUsed: model !== request.model,
          durationMs: Math.round(now() - started),
        };
        return;
      } catch (error) {
        if (!(error instanceof AttemptFailure)) throw error;
        failures.push(describe(model, error));
        if (error.kind === "too_long") tooLong ??= error;
        log.warning("Model {model} failed: {reason}", { model, reason: error.message, kind: error.kind });
        if (coolsDown(error)) coolUntil.set(model, now() + COOL_DOWN_MS);
        const next = models[index + 1];
        if (next !== undefined) yield { type: "retry", reason: error.message, model: next, delayMs: 0 };
      }
    }
    throw new HeddleError(
      tooLong ? "context_length_exceeded" : "model_failed",
      `No model answered. ${failures.join("; ")}`,
      { cause: tooLong },
    );
  }

  return {
    stream,
    /** The model that a request would be sent to first, by what is known now. */
    firstModel: ({ model, fallbackModels }: Pick<LlmRequest, "model" | "fallbackModels">): string =>
      inOrder([model, ...fallbackModels])[0] ?? model,
  };
}

/** A failure caused by the request says nothing about the model. */
function coolsDown(failure: AttemptFailure): boolean {
  if (failure.kind === "empty" || failure.kind === "too_long" || failure.kind === "filtered") return false;
  if (failure.kind !== "refused") return true;
  return failure.status === 401 || failure.status === 403 || failure.status === 404;
}

function describe(model: string, failure: AttemptFailure): string {
  const status = failure.status === undefined ? "" : ` (HTTP ${failure.status})`;
  return `${model}${status}: ${failure.message}`;
}

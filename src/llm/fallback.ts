// Tries a request's models in order, whichever providers they belong to. A model that failed is avoided for a while.

import type { Logger } from "../log.ts";
import { AttemptFailure } from "./attempt.ts";
import type { Endpoint } from "./endpoint.ts";
import type { Llm, LlmEvent, LlmRequest, LlmUsage } from "./llm.ts";
import { createSpent, NoAnswer } from "./no-answer.ts";
import { type Sleep, sleepUnlessAborted, streamWithRetries } from "./retry.ts";

export interface FallbackOptions {
  /** The endpoint of a model, which is named as bots name it. What it throws ends the run. */
  find: (name: string) => FoundModel;
  log: Logger;
  /** Used to wait between attempts. */
  sleep?: Sleep;
  /** Clock in milliseconds that only goes forward, for durations and cool-downs. */
  now?: () => number;
  /** Returns 0 to 1, for jitter. */
  random?: () => number;
}

export interface FoundModel {
  endpoint: Endpoint;
  /** As the endpoint names it. */
  model: string;
  /** Told with a refusal: why the name may mean something else than intended. */
  note?: string;
}

interface Candidate extends FoundModel {
  /** As bots name it. */
  name: string;
}

const COOL_DOWN_MS = 300_000;
const LONGEST_COOL_DOWN_MS = 3_600_000;

export function createFallbackLlm(options: FallbackOptions): Omit<Llm, "provider"> {
  const { find, log } = options;
  const { sleep = sleepUnlessAborted, now = () => performance.now(), random = Math.random } = options;

  /** Models in cool-down come last, as a last resort. */
  function inOrder({ model, fallbackModels }: Pick<LlmRequest, "model" | "fallbackModels">): Candidate[] {
    const at = now();
    const found = [model, ...fallbackModels].map((name) => ({ name, ...find(name) }));
    const distinct = found.filter((one, index) => found.findIndex((other) => isSame(one, other)) === index);
    const cooling = (one: Candidate) => (one.endpoint.coolUntil.get(one.model) ?? 0) > at;
    return [...distinct.filter((one) => !cooling(one)), ...distinct.filter(cooling)];
  }

  async function* stream(request: LlmRequest): AsyncGenerator<LlmEvent> {
    const started = now();
    const wanted = find(request.model);
    const candidates = inOrder(request);
    const failures: string[] = [];
    const spent = createSpent();
    const add = ({ endpoint, model }: Candidate, usage: LlmUsage | null) =>
      spent.add({ usage, costUsd: usage && endpoint.costOf(model, usage) });
    let tooLong: AttemptFailure | undefined;
    for (const [index, candidate] of candidates.entries()) {
      const { endpoint, model, name } = candidate;
      const isLast = index === candidates.length - 1;
      try {
        const completion = yield* streamWithRetries({
          attempt: () => endpoint.attempt(request, model, { isLast }),
          model: name,
          isLast,
          onFailure: ({ usage }) => add(candidate, usage),
          signal: request.signal,
          sleep,
          random,
        });
        endpoint.coolUntil.delete(model);
        add(candidate, completion.usage);
        yield {
          type: "done",
          ...completion,
          provider: endpoint.provider,
          model,
          // With what failed attempts have used before.
          ...spent.sum(),
          fallbackUsed: !isSame(candidate, wanted),
          durationMs: Math.round(now() - started),
        };
        return;
      } catch (error) {
        if (!(error instanceof AttemptFailure)) throw error;
        failures.push(describe(candidate, error));
        if (error.kind === "too_long") tooLong ??= error;
        log.warning("Model {model} failed: {reason}", {
          model: name,
          reason: error.message,
          kind: error.kind,
          provider: endpoint.provider,
        });
        if (coolsDown(error)) endpoint.coolUntil.set(model, now() + coolDown(error));
        const next = candidates[index + 1];
        if (next) yield { type: "retry", reason: error.message, model: next.name, delayMs: 0 };
      }
    }
    throw new NoAnswer(
      tooLong ? "context_length_exceeded" : "model_failed",
      `No model answered. ${failures.join("; ")}`,
      { spent: spent.sum(), durationMs: Math.round(now() - started), cause: tooLong },
    );
  }

  return {
    stream,
    firstModel(request) {
      const { endpoint, model } = inOrder(request)[0] ?? find(request.model);
      return { provider: endpoint.provider, model };
    },
  };
}

const isSame = (one: FoundModel, other: FoundModel): boolean =>
  one.endpoint === other.endpoint && one.model === other.model;

const coolDown = ({ retryAfterMs = 0 }: AttemptFailure): number =>
  Math.min(Math.max(retryAfterMs, COOL_DOWN_MS), LONGEST_COOL_DOWN_MS);

/** A failure caused by the request says nothing about the model. */
function coolsDown(failure: AttemptFailure): boolean {
  if (failure.kind === "empty" || failure.kind === "too_long" || failure.kind === "filtered") return false;
  if (failure.kind !== "refused") return true;
  return failure.status === 401 || failure.status === 403 || failure.status === 404;
}

function describe({ name, note }: Candidate, failure: AttemptFailure): string {
  const status = failure.status === undefined ? "" : ` (HTTP ${failure.status})`;
  const hint = note !== undefined && failure.kind === "refused" ? ` (${note})` : "";
  return `${name}${status}: ${failure.message}${hint}`;
}

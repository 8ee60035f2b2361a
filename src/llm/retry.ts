// Retries one model: failures that may be temporary are followed by more attempts, with growing waits.

import { setTimeout as wait } from "node:timers/promises";
import { throwIfAborted } from "./abort.ts";
import { type Attempt, AttemptFailure, type Completion, type FailureKind } from "./attempt.ts";
import type { LlmEvent } from "./llm.ts";

/** Waits; rejects if the signal is aborted first. */
export type Sleep = (ms: number, signal: AbortSignal) => Promise<void>;

export const sleepUnlessAborted: Sleep = (ms, signal) => wait(ms, undefined, { signal });

export interface RetryOptions {
  attempt: Attempt;
  model: string;
  /** No other model would be asked instead. */
  isLast: boolean;
  /** Told of each attempt that failed. */
  onFailure(failure: AttemptFailure): void;
  signal: AbortSignal;
  sleep: Sleep;
  /** Returns 0 to 1. */
  random: () => number;
}

const EXTRA_ATTEMPTS = 3;
/** The next answer may be a better one, but probably costs as much. */
const EXTRA_ATTEMPTS_AFTER_ODD_ANSWERS = 1;

/**
 * Yields text and retry events and returns the complete answer. Throws the last AttemptFailure if the attempts are used
 * up or the failure is permanent.
 */
export async function* streamWithRetries(options: RetryOptions): AsyncGenerator<LlmEvent, Completion> {
  const { attempt, model, isLast, onFailure, signal, sleep, random } = options;
  for (let failures = 0; ; failures++) {
    let failure: AttemptFailure;
    try {
      for await (const event of attempt(model)) {
        if (event.type === "done") return event;
        yield event;
      }
      failure = new AttemptFailure("cut", "the answer ended early");
    } catch (error) {
      if (!(error instanceof AttemptFailure)) throw error;
      failure = error;
    }
    onFailure(failure);
    if (failures >= extraAttempts(failure, isLast)) throw failure;
    const delayMs = retryDelay(failure, failures, random());
    yield { type: "retry", reason: failure.message, model, delayMs };
    await sleep(delayMs, signal).catch((error) => {
      throwIfAborted(signal);
      throw error;
    });
    throwIfAborted(signal);
  }
}

/** The same request would end the same way. */
const PERMANENT: ReadonlySet<FailureKind> = new Set(["refused", "too_long", "filtered", "exhausted"]);

function extraAttempts(failure: AttemptFailure, isLast: boolean): number {
  if (PERMANENT.has(failure.kind)) return 0;
  // It would be asked again too early, while another model may answer now.
  if (!isLast && (failure.retryAfterMs ?? 0) > MAX_RETRY_AFTER_MS) return 0;
  return failure.kind === "empty" || failure.kind === "endless"
    ? EXTRA_ATTEMPTS_AFTER_ODD_ANSWERS
    : EXTRA_ATTEMPTS;
}

const FIRST_DELAY_MS = 1_000;
const FIRST_RATE_LIMIT_DELAY_MS = 5_000;
const MAX_DELAY_MS = 60_000;
/** Caps a Retry-After: a run blocks its session's queue while it waits. */
const MAX_RETRY_AFTER_MS = 120_000;

/**
 * Returns the milliseconds to wait before the next attempt. `failures` is the number of earlier failures, `random` is 0
 * to 1. A Retry-After is never undercut (but capped); without one the wait doubles each time, half of it being jitter.
 */
export function retryDelay(failure: AttemptFailure, failures: number, random: number): number {
  if (failure.retryAfterMs !== undefined) {
    return Math.min(failure.retryAfterMs, MAX_RETRY_AFTER_MS) + Math.round(random * 250);
  }
  const first = failure.kind === "rate_limit" ? FIRST_RATE_LIMIT_DELAY_MS : FIRST_DELAY_MS;
  const limit = Math.min(first * 2 ** failures, MAX_DELAY_MS);
  return Math.round(limit * (0.5 + random / 2));
}

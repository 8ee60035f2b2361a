// Asks one model until it answers: more attempts after failures that may pass, with growing waits.

import { setTimeout as wait } from "node:timers/promises";
import { throwIfAborted } from "./abort.ts";
import { type Attempt, AttemptFailure, type Completion } from "./attempt.ts";
import type { LlmEvent } from "./llm.ts";

/** Waits, or rejects when the signal is aborted first. */
export type Sleep = (ms: number, signal: AbortSignal) => Promise<void>;

export const sleepUnlessAborted: Sleep = (ms, signal) => wait(ms, undefined, { signal });

export interface RetryOptions {
  attempt: Attempt;
  model: string;
  signal: AbortSignal;
  sleep: Sleep;
  /** 0 to 1. */
  random: () => number;
}

const EXTRA_ATTEMPTS = 3;
const EXTRA_ATTEMPTS_WHEN_EMPTY = 1;

/**
 * Yields text and retry events and returns the whole answer. Throws the last AttemptFailure when the attempts
 * are used up or the failure is one that will not pass.
 */
export async function* streamWithRetries(options: RetryOptions): AsyncGenerator<LlmEvent, Completion> {
  const { attempt, model, signal, sleep, random } = options;
  for (let failures = 0; ; failures++) {
    let failure: AttemptFailure;
    try {
      for await (const event of attempt(model)) {
        if (event.type === "done") return event;
        yield event;
      }
      failure = new AttemptFailure("cut", "the answer broke off before its end");
    } catch (error) {
      if (!(error instanceof AttemptFailure)) throw error;
      failure = error;
    }
    if (failures >= extraAttempts(failure)) throw failure;
    const delayMs = retryDelay(failure, failures, random());
    yield { type: "retry", reason: failure.message, model, delayMs };
    await sleep(delayMs, signal).catch((error) => {
      throwIfAborted(signal);
      throw error;
    });
    throwIfAborted(signal);
  }
}

function extraAttempts(failure: AttemptFailure): number {
  if (failure.kind === "refused" || failure.kind === "too_long") return 0;
  return failure.kind === "empty" ? EXTRA_ATTEMPTS_WHEN_EMPTY : EXTRA_ATTEMPTS;
}

const FIRST_DELAY_MS = 1_000;
const FIRST_RATE_LIMIT_DELAY_MS = 5_000;
const LONGEST_DELAY_MS = 60_000;
/** An endpoint that asks for more is asked again after this all the same: a run holds its session's queue. */
const LONGEST_RETRY_AFTER_MS = 120_000;

/**
 * Milliseconds before the next attempt; `failures` counts the earlier ones, `random` is 0 to 1. A Retry-After is
 * never undercut (but capped); without one the wait doubles, half of it jitter.
 */
export function retryDelay(failure: AttemptFailure, failures: number, random: number): number {
  if (failure.retryAfterMs !== undefined) {
    return Math.min(failure.retryAfterMs, LONGEST_RETRY_AFTER_MS) + Math.round(random * 250);
  }
  const first = failure.kind === "rate_limit" ? FIRST_RATE_LIMIT_DELAY_MS : FIRST_DELAY_MS;
  const longest = Math.min(first * 2 ** failures, LONGEST_DELAY_MS);
  return Math.round(longest * (0.5 + random / 2));
}

// The usage of attempts that gave no answer. Where the endpoint reports it, it is paid for nevertheless.

import { type ErrorCode, HeddleError } from "../errors.ts";
import type { LlmUsage } from "./llm.ts";
import { sumOfUsage } from "./usage.ts";

export interface Spent {
  usage: LlmUsage | null;
  /** US dollars; null: not known. */
  costUsd: number | null;
}

/** No model answered, and what that cost. */
export class NoAnswer extends HeddleError {
  readonly spent: Spent;
  readonly durationMs: number;
  /** What was reserved for the call in budgets. */
  reservationId: string | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    { spent, durationMs, cause }: { spent: Spent; durationMs: number; cause?: unknown },
  ) {
    super(code, message, { cause });
    this.spent = spent;
    this.durationMs = durationMs;
  }
}

/** Adds up the attempts of one call. */
export function createSpent() {
  let spent: Spent = { usage: null, costUsd: null };
  return {
    add({ usage, costUsd }: Spent): void {
      const isKnown = spent.costUsd !== null || costUsd !== null;
      spent = {
        usage: sumOfUsage(spent.usage, usage),
        costUsd: isKnown ? (spent.costUsd ?? 0) + (costUsd ?? 0) : null,
      };
    },
    sum: (): Spent => spent,
  };
}

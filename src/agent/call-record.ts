// How a call of a model is recorded: the columns of what it used and cost.

import type { ModelTarget } from "../llm/llm.ts";
import { NoAnswer } from "../llm/no-answer.ts";
import type { ModelCall } from "./loop.ts";

/** What a call used and cost, in the order of USED. */
export const USED =
  "provider, model, prompt_tokens, cached_input_tokens, cache_write_tokens, completion_tokens, cost_usd, duration_ms, fallback_used, reservation_id";

export const used = ({
  provider,
  model,
  usage,
  costUsd,
  durationMs,
  fallbackUsed,
  reservationId,
}: ModelCall): unknown[] => [
  provider,
  model,
  usage?.prompt_tokens ?? null,
  usage?.cached_input_tokens ?? null,
  usage?.cache_write_tokens ?? null,
  usage?.completion_tokens ?? null,
  // Without an exponent, whatever its size.
  costUsd?.toFixed(10) ?? null,
  durationMs,
  fallbackUsed,
  reservationId ?? null,
];

/** A call that failed may have cost something nevertheless. */
export function failedCall(
  { provider, model, durationMs }: ModelTarget & { durationMs: number },
  error: unknown,
): ModelCall {
  const failed = error instanceof NoAnswer ? error : undefined;
  return {
    ...{ provider, model, durationMs, fallbackUsed: false },
    ...(failed?.spent ?? { usage: null, costUsd: null }),
    reservationId: failed?.reservationId,
  };
}

/** Records the calls that wrote a summary, given as JSON in the parameter of this number. They belong to no iteration: 0. */
export const summaryCalls = (parameter: number): string => `model as (
       insert into llm_calls (id, task_id, correlation_id, bot_id, integration_id, schedule_id, iteration, ${USED})
       select (made ->> 0)::uuid, id, correlation_id, bot_id, integration_id, schedule_id, 0, made ->> 1, made ->> 2, (made ->> 3)::int,
         (made ->> 4)::int, (made ->> 5)::int, (made ->> 6)::int, (made ->> 7)::numeric, (made ->> 8)::int,
         (made ->> 9)::boolean, (made ->> 10)::uuid
       from claim, jsonb_array_elements($${parameter}::text::jsonb) as made
     )`;

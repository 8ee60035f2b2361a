// The models that an endpoint says it has.

import { HeddleError } from "../errors.ts";
import type { Adapter } from "../llm/adapter.ts";
import { AttemptFailure } from "../llm/attempt.ts";
import type { Fetch } from "../llm/bounded-fetch.ts";
import { createBoundedFetch } from "../llm/bounded-fetch.ts";
import { describe } from "../llm/failure.ts";
import { isObject } from "../llm/fields.ts";
import type { Redact } from "../redact.ts";

const MOST_MODELS = 5_000;

export interface ListModelsOptions {
  adapter: Adapter;
  send: Fetch | undefined;
  redact: Redact;
  signal: AbortSignal;
}

/** Ids, sorted. Throws `upstream` if the endpoint does not list any. */
export async function listModels({ adapter, send, redact, signal }: ListModelsOptions): Promise<string[]> {
  const fetch = createBoundedFetch(send ? { send } : {});
  let answer: unknown;
  try {
    answer = await adapter.listModels({ fetch, signal });
  } catch (error) {
    const failure =
      error instanceof AttemptFailure ? error : adapter.toFailure(error, { hide: redact, now: Date.now() });
    const status = failure.status === undefined ? "" : ` (HTTP ${failure.status})`;
    throw new HeddleError(
      "upstream",
      `The models could not be listed${status}: ${describe(failure.message, redact)}`,
      {
        cause: failure,
      },
    );
  }
  // Together answers with a plain list, Ollama's own API under "models".
  const list = isObject(answer) ? (answer.data ?? answer.models) : answer;
  if (!Array.isArray(list))
    throw new HeddleError("upstream", "The endpoint's answer contains no list of models.");
  const ids = list.slice(0, MOST_MODELS).map((one) => (isObject(one) ? (one.id ?? one.name) : one));
  return [
    ...new Set(ids.filter((id) => typeof id === "string" && id !== "" && id.length <= 300)),
  ].sort() as string[];
}

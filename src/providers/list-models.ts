// The models that an endpoint says it has.

import { HeddleError } from "../errors.ts";
import type { Adapter } from "../llm/adapter.ts";
import { AttemptFailure } from "../llm/attempt.ts";
import { type Bounds, createBoundedFetch, type Fetch } from "../llm/bounded-fetch.ts";
import { complaintIn } from "../llm/complaint.ts";
import { describe } from "../llm/failure.ts";
import { type Fields, isObject } from "../llm/fields.ts";
import type { Redact } from "../redact.ts";

/** More than any endpoint lists: OpenRouter has 400 models, gateways to model hubs a few thousand. */
const MOST_MODELS = 20_000;
const MOST_PAGES = 20;
const LONGEST_ID = 300;
/** A list is a single line, in which each model may have a description of some thousand characters. */
const BOUNDS: Bounds = { bytes: 32 * 1024 * 1024, lineBytes: 32 * 1024 * 1024, failureBytes: 64 * 1024 };

export interface ListModelsOptions {
  adapter: Adapter;
  send: Fetch | undefined;
  redact: Redact;
  signal: AbortSignal;
}

/** Ids, sorted. Throws `upstream` if the endpoint does not list any. */
export async function listModels({ adapter, send, redact, signal }: ListModelsOptions): Promise<string[]> {
  const fetch = createBoundedFetch({ bounds: BOUNDS, ...(send && { send }) });
  const ids = new Set<string>();
  let after: string | undefined;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const answer = await adapter
      .listModels({ fetch, signal, ...(after !== undefined && { after }) })
      .then(asJson)
      .catch((error) => {
        throw unlisted(error, { adapter, redact });
      });
    const before = ids.size;
    for (const id of idsIn(answer, redact)) {
      if (ids.size < MOST_MODELS) ids.add(id);
    }
    // An endpoint that does not know pages sends the same one again.
    after = ids.size > before ? nextPage(answer) : undefined;
    if (after === undefined) break;
  }
  return [...ids].sort();
}

function unlisted(error: unknown, { adapter, redact }: Pick<ListModelsOptions, "adapter" | "redact">) {
  const failure =
    error instanceof AttemptFailure ? error : adapter.toFailure(error, { hide: redact, now: Date.now() });
  const status = failure.status === undefined ? "" : ` (HTTP ${failure.status})`;
  const message = `The models could not be listed${status}: ${describe(failure.message, redact)}`;
  return new HeddleError("upstream", message, { cause: failure });
}

/** Some servers send their list as plain text. */
function asJson(answer: unknown): unknown {
  if (typeof answer !== "string") return answer;
  const text = answer.trim();
  try {
    return JSON.parse(text);
  } catch {
    const what = text.startsWith("<") ? "a web page" : "a text";
    throw new AttemptFailure(
      "garbled",
      `the endpoint answered with ${what} instead of a list; check its address, which usually ends with /v1`,
    );
  }
}

/** OpenAI's form is `data`, Ollama's and Cohere's `models`, Cloudflare's `result`; Together answers with the list itself. */
function idsIn(answer: unknown, redact: Redact): string[] {
  const given = isObject(answer) ? (answer.data ?? answer.models ?? answer.result) : answer;
  if (!Array.isArray(given) && !isObject(given)) {
    const said = complaintIn(answer);
    const reason = said === "" ? "" : `; it says: ${describe(said, redact)}`;
    throw new HeddleError("upstream", `The endpoint's answer contains no list of models${reason}.`);
  }
  const found = Array.isArray(given) ? given.map(idOf) : Object.keys(given);
  return found.filter(
    (id) => typeof id === "string" && id.trim() !== "" && id.length <= LONGEST_ID,
  ) as string[];
}

const idOf = (one: unknown): unknown => (isObject(one) ? (one.id ?? one.name ?? one.model) : one);

/** The last model of a page that is not the last one. */
function nextPage(answer: unknown): string | undefined {
  if (!isObject(answer) || answer.has_more !== true) return undefined;
  const { last_id: last, data }: Fields = answer;
  const id = typeof last === "string" ? last : Array.isArray(data) ? idOf(data.at(-1)) : undefined;
  return typeof id === "string" && id !== "" ? id : undefined;
}

// Tries an endpoint with two small requests: what works is shown to whoever sets the provider up.

import { AttemptFailure } from "../llm/attempt.ts";
import type { Endpoint } from "../llm/endpoint.ts";
import type { LlmRequest, LlmUsage } from "../llm/llm.ts";

export interface ProbeResult {
  /** Whether the model answered at all. */
  ok: boolean;
  model: string;
  text: boolean;
  /** Null: not known, because the model answered in one piece. */
  streaming: boolean | null;
  tools: boolean | null;
  usage: LlmUsage | null;
  cost_usd: number | null;
  /** Why it does not work, or a part of it. */
  error: string | null;
  /** What to do about it. */
  hint: string | null;
  duration_ms: number;
}

const CHECK = {
  name: "report_number",
  description: "Reports a number to the person who tests this connection.",
  parameters: {
    type: "object",
    properties: { number: { type: "integer", description: "The number." } },
    required: ["number"],
  },
};

export async function probe(endpoint: Endpoint, model: string, signal: AbortSignal): Promise<ProbeResult> {
  const started = performance.now();
  const took = () => Math.round(performance.now() - started);
  const nothing = { text: false, streaming: null, tools: null, usage: null, cost_usd: null };
  try {
    const spoken = await ask(endpoint, model, "Count from one to twenty in words.", [], signal);
    const { usage } = spoken;
    const called = await askForCall(endpoint, model, signal);
    return {
      ok: true,
      model,
      text: spoken.text.trim() !== "",
      streaming: spoken.pieces > 1 ? true : null,
      tools: called.tools,
      usage,
      cost_usd: usage && endpoint.costOf(model, usage),
      error: called.error,
      hint: null,
      duration_ms: took(),
    };
  } catch (error) {
    const failure = failureOf(error, signal);
    const status = failure.status === undefined ? "" : ` (HTTP ${failure.status})`;
    const hint = hintFor(failure);
    return { ok: false, model, ...nothing, error: `${failure.message}${status}`, hint, duration_ms: took() };
  }
}

/** A model without tools can still answer, so a failure here is only reported. */
async function askForCall(
  endpoint: Endpoint,
  model: string,
  signal: AbortSignal,
): Promise<{ tools: boolean; error: string | null }> {
  try {
    const { calls } = await ask(
      endpoint,
      model,
      "Report the number 7 with the tool report_number.",
      [CHECK],
      signal,
    );
    if (calls.includes(CHECK.name)) return { tools: true, error: null };
    return { tools: false, error: "The model answered in words when it was asked to call a tool." };
  } catch (error) {
    return { tools: false, error: `A request with a tool failed: ${failureOf(error, signal).message}` };
  }
}

function failureOf(error: unknown, signal: AbortSignal): AttemptFailure {
  if (error instanceof AttemptFailure) return error;
  if (signal.aborted) return new AttemptFailure("timeout", "the test was given up because it took too long");
  throw error;
}

async function ask(
  endpoint: Endpoint,
  model: string,
  content: string,
  tools: LlmRequest["tools"],
  signal: AbortSignal,
) {
  const request = { model, fallbackModels: [], tools, signal };
  let pieces = 0;
  const messages: LlmRequest["messages"] = [{ role: "user", content }];
  // Its server may have been told in the meantime how to read calls.
  const choice = tools.length > 0 ? ({ trying: "noTools" } as const) : {};
  for await (const event of endpoint.attempt({ ...request, messages }, model, choice)) {
    if (event.type === "text") pieces += 1;
    else if (event.type === "done")
      return { pieces, text: event.text, usage: event.usage, calls: event.toolCalls.map(({ name }) => name) };
  }
  throw new AttemptFailure("cut", "the answer ended early");
}

function hintFor({ kind, status }: AttemptFailure): string | null {
  if (status === 401 || status === 403)
    return "Check api_key: the endpoint does not accept it, or not for this model.";
  if (status === 404) return "Check the model's name, and base_url, which usually ends with /v1.";
  if (kind === "exhausted") return "Add credit to the account that the key belongs to.";
  if (kind === "rate_limit") return "The key works; wait, or raise the account's limits.";
  if (kind === "connection" || kind === "timeout")
    return "Check base_url, and that the server runs and is reachable from here.";
  if (kind === "garbled" || kind === "cut")
    return "Check base_url and adapter: something else than this protocol answered.";
  return null;
}

// Reads the tokens of a call from what the protocols and vendors report, each in fields of its own.

import { type Fields, firstCount, isObject } from "./fields.ts";
import type { LlmUsage } from "./llm.ts";

/** The most that the column holds. Some servers report the overflow of their own counter. */
const MAX_TOKENS = 2_147_483_647;
/** The most that one call can cost, in US dollars; more is a mistake of the endpoint. */
const MAX_COST = 100_000;

interface Counts {
  prompt: number | undefined;
  completion: number | undefined;
  cached: number | undefined;
  written: number | undefined;
  cost?: unknown;
}

/** Returns null if the endpoint does not report how much it read and wrote. */
function usageOf({ prompt, completion, cached, written, cost }: Counts): LlmUsage | null {
  if (prompt === undefined || completion === undefined) return null;
  const read = Math.min(prompt, MAX_TOKENS);
  // A part cannot be more than the whole, whatever an endpoint says.
  const cachedRead = cached === undefined ? undefined : Math.min(cached, read);
  const isCost = typeof cost === "number" && cost >= 0 && cost <= MAX_COST;
  return {
    prompt_tokens: read,
    completion_tokens: Math.min(completion, MAX_TOKENS),
    ...(cachedRead !== undefined && { cached_input_tokens: cachedRead }),
    ...(written !== undefined && { cache_write_tokens: Math.min(written, read - (cachedRead ?? 0)) }),
    ...(isCost && { cost_usd: cost }),
  };
}

/** The names of each protocol, because gateways mix them, and those of Bedrock, Gemini and Ollama. */
const readIn = (usage: Fields): number | undefined =>
  firstCount(
    usage.prompt_tokens,
    usage.input_tokens,
    usage.promptTokens,
    usage.inputTokens,
    usage.promptTokenCount,
    usage.prompt_eval_count,
  );
const writtenIn = (usage: Fields): number | undefined =>
  firstCount(
    usage.completion_tokens,
    usage.output_tokens,
    usage.completionTokens,
    usage.outputTokens,
    usage.candidatesTokenCount,
    usage.eval_count,
  );

/** Some gateways put the counts one deeper: Cohere's into `tokens`. */
const countsIn = (usage: Fields): Fields =>
  [usage, usage.tokens, usage.usage, usage.token_usage, usage.billed_units].find(
    (one): one is Fields => isObject(one) && (readIn(one) ?? writtenIn(one)) !== undefined,
  ) ?? usage;

/** llama.cpp's own counts: what it took from its cache, what it read besides, and what it wrote. */
export function withTimings(usage: LlmUsage | undefined, timings: Fields): LlmUsage | undefined {
  const [cached, rest] = [firstCount(timings.cache_n), firstCount(timings.prompt_n)];
  if (cached === undefined || usage?.cached_input_tokens !== undefined) return usage;
  const { prompt_tokens: prompt, completion_tokens: completion } = usage ?? {};
  const read = usageOf({
    prompt: prompt ?? (rest === undefined ? undefined : cached + rest),
    completion: completion ?? firstCount(timings.predicted_n),
    cached,
    written: undefined,
  });
  return read ? { ...usage, ...read } : usage;
}

/** Some gateways end with counts of nothing, or send them with each chunk. */
export function laterUsage(before: LlmUsage | null, now: LlmUsage | undefined): LlmUsage | null {
  if (!now || (before && now.prompt_tokens === 0 && now.completion_tokens === 0)) return before;
  return now;
}

export function sumOfUsage(one: LlmUsage | null, other: LlmUsage | null): LlmUsage | null {
  if (!one || !other) return one ?? other;
  const sum = (field: keyof LlmUsage): number | undefined => {
    const counts = [one[field], other[field]].filter((count) => count !== undefined);
    return counts.length === 0
      ? undefined
      : Math.min(
          counts.reduce((all, count) => all + count),
          MAX_TOKENS,
        );
  };
  const [cached, written, cost] = [sum("cached_input_tokens"), sum("cache_write_tokens"), sum("cost_usd")];
  return {
    prompt_tokens: sum("prompt_tokens") ?? 0,
    completion_tokens: sum("completion_tokens") ?? 0,
    ...(cached !== undefined && { cached_input_tokens: cached }),
    ...(written !== undefined && { cache_write_tokens: written }),
    ...(cost !== undefined && { cost_usd: cost }),
  };
}

/**
 * - cached: OpenAI, Azure, Gemini, Groq, Mistral, OpenRouter and vLLM in the details; DeepSeek as cache hits; Moonshot
 *   and LiteLLM beside the total; Bedrock and what passes on Anthropic's counts apart from the input
 * - cost: OpenRouter
 */
export function chatUsage(given: Fields): LlmUsage | null {
  const usage = countsIn(given);
  const details = detailsIn(usage);
  const completion = writtenIn(usage);
  const total = firstCount(usage.total_tokens, usage.totalTokens, usage.totalTokenCount);
  const cached = firstCount(
    details.cached_tokens,
    usage.prompt_cache_hit_tokens,
    usage.cached_tokens,
    usage.cache_read_input_tokens,
    usage.cacheReadInputTokens,
    usage.cachedContentTokenCount,
  );
  const written = firstCount(
    details.cache_write_tokens,
    details.cache_creation_tokens,
    details.cache_creation_input_tokens,
    usage.cache_creation_input_tokens,
    usage.cacheWriteInputTokens,
  );
  const prompt = promptOf(readIn(usage), { cached, written, completion, total });
  return usageOf({
    prompt,
    // Gemini and xAI leave thoughts out of the completion, but not out of the total.
    completion:
      prompt === undefined || total === undefined ? completion : Math.max(completion ?? 0, total - prompt),
    cached,
    written,
    cost: given.cost,
  });
}

/** With what came from the cache or went to it, which some count apart: then it fills the total, or is more than the whole. */
function promptOf(
  read: number | undefined,
  { cached = 0, written = 0, completion = 0, total }: Partial<Counts> & { total: number | undefined },
): number | undefined {
  if (read === undefined || cached + written === 0) return read;
  const all = read + cached + written;
  return all + completion === total || (total === undefined && cached + written > read) ? all : read;
}

export function responsesUsage(given: Fields): LlmUsage | null {
  const usage = countsIn(given);
  const details = detailsIn(usage);
  return usageOf({
    prompt: readIn(usage),
    completion: writtenIn(usage),
    cached: firstCount(details.cached_tokens),
    written: firstCount(details.cache_write_tokens),
    cost: given.cost,
  });
}

const detailsIn = ({ prompt_tokens_details: chat, input_tokens_details: responses }: Fields): Fields =>
  [chat, responses].find(isObject) ?? {};

/** Anthropic counts what was read from the cache and what was written to it apart from the other input. */
export function anthropicUsage(given: Fields): LlmUsage | null {
  const usage = countsIn(given);
  const cached = firstCount(usage.cache_read_input_tokens);
  const written = firstCount(usage.cache_creation_input_tokens);
  return usageOf({
    prompt: (readIn(usage) ?? 0) + (cached ?? 0) + (written ?? 0),
    completion: writtenIn(usage),
    cached,
    written,
  });
}

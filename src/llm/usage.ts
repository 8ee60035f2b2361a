// Reads the tokens of a call from what the protocols and vendors report, each in fields of its own.

import { type Fields, firstCount, isCount, isObject } from "./fields.ts";
import type { LlmUsage } from "./llm.ts";

/** The most that the column holds. Some servers report the overflow of their own counter. */
const MAX_TOKENS = 2_147_483_647;
/** The most that one call can cost, in US dollars; more is a mistake of the endpoint. */
const MAX_COST = 100_000;

interface Counts {
  prompt: unknown;
  completion: unknown;
  cached: number | undefined;
  written: number | undefined;
  cost?: unknown;
}

/** Returns null if the endpoint does not report how much it read and wrote. */
function usageOf({ prompt, completion, cached, written, cost }: Counts): LlmUsage | null {
  if (!isCount(prompt) || !isCount(completion)) return null;
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
 *   and LiteLLM beside the total
 * - cost: OpenRouter
 */
export function chatUsage(usage: Fields): LlmUsage | null {
  const details = isObject(usage.prompt_tokens_details) ? usage.prompt_tokens_details : {};
  const prompt = usage.prompt_tokens ?? usage.input_tokens;
  const completion = usage.completion_tokens ?? usage.output_tokens;
  const { total_tokens: total } = usage;
  return usageOf({
    prompt,
    // Gemini and xAI leave thoughts out of the completion, but not out of the total.
    completion:
      isCount(prompt) && isCount(completion) && isCount(total)
        ? Math.max(completion, total - prompt)
        : completion,
    cached: firstCount(
      details.cached_tokens,
      usage.prompt_cache_hit_tokens,
      usage.cached_tokens,
      usage.cache_read_input_tokens,
    ),
    written: firstCount(
      details.cache_write_tokens,
      details.cache_creation_tokens,
      usage.cache_creation_input_tokens,
    ),
    cost: usage.cost,
  });
}

export function responsesUsage(usage: Fields): LlmUsage | null {
  const details = isObject(usage.input_tokens_details) ? usage.input_tokens_details : {};
  return usageOf({
    prompt: usage.input_tokens,
    completion: usage.output_tokens,
    cached: firstCount(details.cached_tokens),
    written: firstCount(details.cache_write_tokens),
    cost: usage.cost,
  });
}

/** Anthropic counts what was read from the cache and what was written to it apart from the other input. */
export function anthropicUsage(usage: Fields): LlmUsage | null {
  const {
    input_tokens: input,
    cache_read_input_tokens: cached,
    cache_creation_input_tokens: written,
  } = usage;
  return usageOf({
    prompt: [input, cached, written].reduce((sum: number, count) => sum + (isCount(count) ? count : 0), 0),
    completion: usage.output_tokens,
    cached: firstCount(cached),
    written: firstCount(written),
  });
}

// What vendors report as usage, in the fields that their documentation names.

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { usageIn } from "../../src/llm/chat-completions/chunk.ts";
import { anthropicUsage, chatUsage, responsesUsage } from "../../src/llm/usage.ts";

const tokens = { prompt_tokens: 100, completion_tokens: 7, total_tokens: 107 };
const read = { prompt_tokens: 100, completion_tokens: 7 };

describe("chat completions", () => {
  test.each([
    [
      "OpenAI, Azure, Gemini, Groq, vLLM",
      { prompt_tokens_details: { cached_tokens: 64 } },
      { cached_input_tokens: 64 },
    ],
    ["DeepSeek", { prompt_cache_hit_tokens: 64, prompt_cache_miss_tokens: 36 }, { cached_input_tokens: 64 }],
    ["Moonshot", { cached_tokens: 64 }, { cached_input_tokens: 64 }],
    [
      "LiteLLM, for Claude",
      {
        prompt_tokens_details: { cached_tokens: 64 },
        cache_read_input_tokens: 64,
        cache_creation_input_tokens: 20,
      },
      { cached_input_tokens: 64, cache_write_tokens: 20 },
    ],
    [
      "OpenRouter",
      { prompt_tokens_details: { cached_tokens: 0, cache_write_tokens: 90 }, cost: 0.0125 },
      { cached_input_tokens: 0, cache_write_tokens: 90, cost_usd: 0.0125 },
    ],
    [
      "Qwen",
      { prompt_tokens_details: { cached_tokens: 64, cache_creation_input_tokens: 20 } },
      { cached_input_tokens: 64, cache_write_tokens: 20 },
    ],
    ["Ollama, LM Studio", {}, {}],
    ["details that are null", { prompt_tokens_details: null }, {}],
    ["a cost that is an object", { cost: { total_cost: 1 } }, {}],
    [
      "more from the cache than there was",
      { prompt_tokens_details: { cached_tokens: 4e9 } },
      { cached_input_tokens: 100 },
    ],
    ["nothing but nonsense", { cached_tokens: -1, cost: -2, cache_creation_input_tokens: "three" }, {}],
  ])("%s", (_, more, expected) => {
    expect(chatUsage({ ...tokens, ...more })).toEqual({ ...read, ...expected });
  });

  test("what came from the cache is counted apart by Bedrock, and by gateways that pass on Anthropic's counts", () => {
    const whole = { prompt_tokens: 1030, completion_tokens: 5 };
    const parts = { cached_input_tokens: 1000, cache_write_tokens: 20 };
    const bedrock = { cacheReadInputTokens: 1000, cacheWriteInputTokens: 20, totalTokens: 1035 };
    expect(chatUsage({ inputTokens: 10, outputTokens: 5, ...bedrock })).toEqual({ ...whole, ...parts });
    const anthropic = { cache_read_input_tokens: 1000, cache_creation_input_tokens: 20 };
    expect(chatUsage({ input_tokens: 10, output_tokens: 5, ...anthropic })).toEqual({ ...whole, ...parts });
    // What is counted with the input is not counted again.
    expect(
      chatUsage({ prompt_tokens: 1030, completion_tokens: 5, total_tokens: 1035, ...anthropic }),
    ).toEqual({
      ...whole,
      ...parts,
    });
  });

  test("llama.cpp says beside the usage what came from its cache", () => {
    const timings = { cache_n: 64, prompt_n: 36, predicted_n: 7, prompt_ms: 12.5 };
    const expected = { ...read, cached_input_tokens: 64 };
    const choices = [{ index: 0, delta: {}, finish_reason: "stop" }];
    expect(usageIn({ choices, usage: tokens, timings })).toEqual(expected);
    expect(usageIn({ choices: [], usage: tokens, timings })).toEqual(expected);
    expect(usageIn({ choices, timings })).toEqual(expected);
    // Nothing was cached before there was a cache.
    expect(usageIn({ choices, usage: tokens, timings: { cache_n: -1, prompt_n: 100 } })).toEqual(read);
    const told = { ...tokens, prompt_tokens_details: { cached_tokens: 60 } };
    expect(usageIn({ choices, usage: told, timings })).toEqual({ ...read, cached_input_tokens: 60 });
  });

  test("thoughts that only the total counts are output (Gemini, xAI)", () => {
    expect(chatUsage({ prompt_tokens: 100, completion_tokens: 7, total_tokens: 407 })).toEqual({
      prompt_tokens: 100,
      completion_tokens: 307,
    });
  });
});

test("responses", () => {
  const usage = {
    input_tokens: 100,
    output_tokens: 7,
    input_tokens_details: { cached_tokens: 64, cache_write_tokens: 9 },
  };
  expect(responsesUsage(usage)).toEqual({ ...read, cached_input_tokens: 64, cache_write_tokens: 9 });
  expect(responsesUsage({ input_tokens: 100, output_tokens: 7 })).toEqual(read);
});

test("Anthropic counts what the cache gave and took apart from the rest", () => {
  const usage = {
    input_tokens: 6,
    output_tokens: 7,
    cache_read_input_tokens: 64,
    cache_creation_input_tokens: 30,
  };
  expect(anthropicUsage(usage)).toEqual({ ...read, cached_input_tokens: 64, cache_write_tokens: 30 });
});

test("whatever an endpoint reports fits the columns, and no part exceeds the whole", () => {
  const names = [
    "prompt_tokens",
    "completion_tokens",
    "total_tokens",
    "cached_tokens",
    "cost",
    "input_tokens",
    "output_tokens",
  ];
  const more = ["prompt_cache_hit_tokens", "cache_creation_input_tokens", "cache_read_input_tokens"];
  const value = fc.oneof(
    fc.integer(),
    fc.double(),
    fc.constant(null),
    fc.string(),
    fc.constant(1e300),
    fc.nat(5_000_000_000),
  );
  fc.assert(
    fc.property(fc.dictionary(fc.constantFrom(...names, ...more), value), (fields) => {
      for (const usage of [chatUsage(fields), responsesUsage(fields), anthropicUsage(fields)]) {
        if (!usage) continue;
        const { prompt_tokens, completion_tokens, cached_input_tokens = 0, cache_write_tokens = 0 } = usage;
        for (const count of [prompt_tokens, completion_tokens, cached_input_tokens, cache_write_tokens]) {
          expect(Number.isInteger(count) && count >= 0 && count < 2 ** 31).toBe(true);
        }
        expect(cached_input_tokens + cache_write_tokens).toBeLessThanOrEqual(prompt_tokens);
        expect(usage.cost_usd ?? 0).toBeWithin(0, 100_001);
      }
    }),
  );
});

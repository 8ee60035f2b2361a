import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Type as t } from "@sinclair/typebox";
import { ModelFacts } from "../../src/providers/fields.ts";
import { createKnownModels, priceOf } from "../../src/providers/known-models.ts";
import { compileOwnSchema } from "../../src/schema/json-schema.ts";

const text = readFileSync(join(import.meta.dirname, "../../manifests/models.yaml"), "utf8");
const known = createKnownModels(text);

test.each([
  ["gpt-4.1-mini", "api.openai.com", 1_047_576, 0.4],
  ["gpt-4.1-mini-2025-04-14", "api.openai.com", 1_047_576, 0.4],
  ["gpt-4.1-mini", "mine.openai.azure.com", 1_047_576, 0.4],
  ["claude-haiku-4-5-20251001", "api.anthropic.com", 200_000, 1],
  // A price holds only at the vendor's own address; what a model takes does not change.
  ["anthropic/claude-haiku-4.5", "openrouter.ai", 200_000, undefined],
  ["openai/gpt-4.1-mini", "litellm.example", 1_047_576, undefined],
  ["gpt-4.1-mini", "openai.azure.com.example", 1_047_576, undefined],
  ["openai/gpt-oss-20b", "api.groq.com", 131_072, 0.075],
  ["llama3.2", "localhost", undefined, undefined],
  ["gpt-oss:20b", "localhost", undefined, undefined],
  ["", "api.openai.com", undefined, undefined],
])("%s at %s", (model, host, context_window, input) => {
  const facts = known.find(model, host);
  expect([facts?.context_window, facts?.prices?.input]).toEqual([context_window, input]);
});

test("every model has a window, and a price that is not above that of its output", () => {
  const { vendors } = Bun.YAML.parse(text) as {
    // biome-ignore lint/suspicious/noExplicitAny: the file's form is checked below.
    vendors: Record<string, { hosts: string[]; models: Record<string, any> }>;
  };
  for (const { hosts, models } of Object.values(vendors)) {
    for (const [name, { context_window, prices }] of Object.entries(models)) {
      expect([name, known.find(name, hosts[0] ?? "")?.context_window]).toEqual([name, context_window]);
      if (!prices) continue;
      expect([name, prices.input <= prices.output]).toEqual([name, true]);
      expect([name, (prices.cached_input ?? 0) <= prices.input]).toEqual([name, true]);
    }
  }
});

test("the table has the form that is read from it", () => {
  const check = compileOwnSchema(
    t.Object(
      {
        as_of: t.String({ pattern: "^20\\d\\d-\\d\\d-\\d\\d$" }),
        vendors: t.Record(
          t.String(),
          t.Object(
            { hosts: t.Array(t.String(), { minItems: 1 }), models: t.Record(t.String(), ModelFacts) },
            { additionalProperties: false },
          ),
        ),
      },
      { additionalProperties: false },
    ),
  );
  // Whisper is no model of a provider's, for which the API takes prices.
  const table = JSON.stringify(Bun.YAML.parse(text), (name, value) =>
    name === "minute" ? undefined : value,
  );
  expect(check(JSON.parse(table))).toEqual([]);
  expect(
    check({ as_of: "2026-01-01", vendors: { a: { hosts: ["h"], models: { m: { window: 1 } } } } }),
  ).not.toEqual([]);
});

test("a price counts what came from the cache and went to it apart", () => {
  const prices = { input: 3, output: 15, cached_input: 0.3, cache_write: 3.75 };
  const tokens = { prompt_tokens: 1_000_000, completion_tokens: 100_000 };
  expect(priceOf(tokens, prices)).toBeCloseTo(4.5, 10);
  const cached = { ...tokens, cached_input_tokens: 600_000, cache_write_tokens: 100_000 };
  expect(priceOf(cached, prices)).toBeCloseTo(0.9 + 0.18 + 0.375 + 1.5, 10);
  // Without prices of their own, they cost what other input costs.
  expect(priceOf(cached, { input: 3, output: 15 })).toBeCloseTo(4.5, 10);
});

test("sound is paid by the minute where the model counts it", () => {
  const prices = known.find("whisper-1", "api.openai.com")?.prices;
  expect(prices && priceOf({ prompt_tokens: 0, completion_tokens: 0, seconds: 90 }, prices)).toBeCloseTo(
    0.009,
    10,
  );
  expect(known.find("whisper-1", "whisper.example")?.prices).toBeUndefined();
});

// A schema for the answer that an endpoint refuses: others are still sent to it, unless it takes none at all.

import { afterEach, describe, expect, test } from "bun:test";
import { getLogger } from "@logtape/logtape";
import { createAnthropicMessages } from "../../../src/llm/anthropic/messages.ts";
import type { LlmRequest } from "../../../src/llm/llm.ts";
import { createResponses } from "../../../src/llm/responses/responses.ts";
import { createOpenAiLlm } from "../openai-llm.ts";
import {
  type Body,
  type Refusal,
  type StrictEndpoint,
  says,
  startStrictEndpoint,
} from "../strict-endpoint.ts";

let endpoint: StrictEndpoint | undefined;
afterEach(async () => {
  await endpoint?.stop();
  endpoint = undefined;
});

interface SchemaBody extends Body {
  response_format?: { json_schema: { schema: Record<string, unknown> } };
}

const schemaOf = (body: Body) => (body as SchemaBody).response_format?.json_schema.schema;
const object = (field: string, more: object = {}) => ({
  type: "object",
  properties: { [field]: { type: "string", ...more } },
});
const PLAIN = object("plain");
const LONG = object("long", { minLength: 3 });
/** Refuses schemas in which a length is limited. */
const noLengths =
  (message: string, status = 400) =>
  (body: Body): Refusal | undefined =>
    JSON.stringify(schemaOf(body) ?? {}).includes("minLength") ? { status, error: { message } } : undefined;
const noSchemas =
  (message: string) =>
  (body: Body): Refusal | undefined =>
    schemaOf(body) ? { status: 400, error: { message } } : undefined;

async function start(rule: (body: Body) => Refusal | undefined) {
  const started = await startStrictEndpoint([rule], [says('{"plain":"x"}')]);
  endpoint = started;
  const llm = createOpenAiLlm({
    apiKey: "key",
    baseUrl: started.url,
    log: getLogger("heddle"),
    sleep: async () => {},
  });
  /** The schemas of the requests that it took to get an answer. */
  return async (outputSchema: Record<string, unknown>, more: Partial<LlmRequest> = {}) => {
    const before = started.requests.length;
    const request = {
      model: "m",
      fallbackModels: [],
      messages: [{ role: "user" as const, content: "Hello" }],
      tools: [],
      signal: new AbortController().signal,
      outputSchema,
      ...more,
    };
    let text: string | undefined;
    for await (const event of llm.stream(request)) if (event.type === "done") text = event.text;
    expect(text).toBe('{"plain":"x"}');
    return started.requests.slice(before).map(schemaOf);
  };
}

describe("a schema that is refused says nothing of others", () => {
  const words: [string, string, number?][] = [
    [
      "OpenAI",
      "Invalid schema for response_format 'answer': In context=('properties', 'long'), 'minLength' is not permitted.",
    ],
    [
      "Groq",
      "invalid JSON schema for response_format: 'answer': /properties/long: unsupported keyword `minLength`",
    ],
    ["Cerebras", "Unsupported JSON schema fields: {'minLength'} in response_format"],
    ["vLLM", "The provided JSON schema contains features not supported by xgrammar."],
    ["llama.cpp", "Failed to initialize samplers: failed to parse grammar"],
    ["llama.cpp, the conversion", "JSON schema conversion failed:\nUnrecognized schema", 500],
    ["Gemini", "A schema in GenerationConfig in the request exceeds the maximum allowed nesting depth."],
    [
      "Gemini, its states",
      "The specified schema produces a constraint that has too many states for serving.",
    ],
    ["Gemini, in other words", "Request contains an invalid argument."],
    ["Azure", "Invalid schema for response_format 'answer': schema must have a 'type' key."],
  ];
  test.each(words)("%s", async (_, message, status = 400) => {
    const ask = await start(noLengths(message, status));
    expect(await ask(LONG)).toEqual([LONG, undefined]);
    // It is remembered, and does not keep the next one from being sent.
    expect(await ask(LONG)).toEqual([undefined]);
    expect(await ask(PLAIN)).toEqual([PLAIN]);
    // Nor is it taken for something about tools.
    const tools = [{ name: "t", description: "T.", parameters: LONG }];
    await ask(PLAIN, { tools });
    expect(endpoint?.requests.at(-1)?.tools?.[0]?.function.parameters).toEqual(LONG);
  });
});

describe("an endpoint that takes no schemas is not asked with another one", () => {
  const words: [string, string][] = [
    [
      "OpenAI's older models",
      "Invalid parameter: 'response_format' of type 'json_schema' is not supported with this model.",
    ],
    ["DeepSeek", "This response_format type is unavailable now"],
    ["Groq", "This model does not support response format `json_schema`."],
    [
      "Azure",
      "response_format value as json_schema is enabled only for api versions 2024-08-01-preview and later",
    ],
    ["what knows no such field", 'Unknown name "response_format": Cannot find field.'],
    ["pydantic", "body.response_format: Extra inputs are not permitted"],
  ];
  test.each(words)("%s", async (_, message) => {
    const ask = await start(noSchemas(message));
    expect(await ask(LONG)).toEqual([LONG, undefined]);
    expect(await ask(PLAIN)).toEqual([undefined]);
  });

  test("whatever it says, once it has refused three and taken none", async () => {
    const ask = await start(noSchemas("Bad Request"));
    for (const name of ["a", "b", "c"]) expect(await ask(object(name))).toEqual([object(name), undefined]);
    expect(await ask(object("d"))).toEqual([undefined]);
  });

  test("but one that has taken any goes on to get new ones", async () => {
    const ask = await start(noLengths("Bad Request"));
    expect(await ask(PLAIN)).toEqual([PLAIN]);
    for (const name of ["a", "b", "c", "d"]) {
      const schema = object(name, { minLength: 1 });
      expect(await ask(schema)).toEqual([schema, undefined]);
    }
    expect(await ask(object("e"))).toEqual([object("e")]);
  });
});

test("beside tools no schema is sent, so a refusal is not about it", async () => {
  const { outputSchemaOf } = createResponses({ apiKey: "k", baseUrl: undefined, timeoutMs: 1 });
  const anthropic = createAnthropicMessages({ apiKey: "k", baseUrl: undefined, timeoutMs: 1 });
  const signal = new AbortController().signal;
  const tools = [{ name: "t", description: "T.", parameters: PLAIN }];
  const request = { model: "m", fallbackModels: [], messages: [], tools, signal, outputSchema: PLAIN };
  expect(outputSchemaOf(request, {})).toBeUndefined();
  expect(anthropic.outputSchemaOf(request, {})).toMatchObject({ additionalProperties: false });
});

// What vendors refuse, and in which words: the session must go on, or the reason must be told.

import { afterEach, describe, expect, test } from "bun:test";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { getLogger } from "@logtape/logtape";
import { createAnthropicMessages } from "../../../src/llm/anthropic/messages.ts";
import type { AttemptFailure } from "../../../src/llm/attempt.ts";
import { createChatCompletions } from "../../../src/llm/chat-completions/chat-completions.ts";
import type { LlmEvent, LlmMessage, LlmRequest } from "../../../src/llm/llm.ts";
import { createResponses } from "../../../src/llm/responses/responses.ts";
import { createOpenAiLlm, type LlmOptions } from "../openai-llm.ts";
import { delta } from "../strict-endpoint.ts";

const open: (() => void)[] = [];
afterEach(() => {
  for (const close of open.splice(0)) close();
});

interface Sent {
  model?: string;
  // biome-ignore lint/suspicious/noExplicitAny: requests of three protocols
  messages?: any[];
  // biome-ignore lint/suspicious/noExplicitAny: requests of three protocols
  tools?: any[];
}
interface Said {
  status?: number;
  body: unknown;
}

/** An endpoint that answers with what `answer` returns, or else well. */
async function endpoint(answer: (body: Sent, text: string) => Said | undefined) {
  const requests: Sent[] = [];
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part);
    const text = Buffer.concat(parts).toString();
    const body: Sent = JSON.parse(text);
    requests.push(body);
    const { status = 400, body: said } = answer(body, text) ?? { status: 200, body: undefined };
    response.writeHead(status, {
      "content-type": status === 200 ? "text/event-stream" : "application/json",
    });
    response.end(
      said === undefined
        ? `data: ${JSON.stringify(delta({ content: "Hi." }, "stop"))}\n\n`
        : typeof said === "string"
          ? said
          : JSON.stringify(said),
    );
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  open.push(() => server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, requests };
}

async function ask(
  baseUrl: string,
  more: Partial<LlmRequest> = {},
  adapter: Parameters<typeof createOpenAiLlm>[1] = createChatCompletions,
) {
  const waits: number[] = [];
  const options: LlmOptions = {
    apiKey: "key",
    baseUrl,
    log: getLogger("heddle"),
    random: () => 0,
    sleep: async (ms) => void waits.push(ms),
  };
  const llm = createOpenAiLlm(options, adapter);
  const { signal } = new AbortController();
  const request = { model: "m", fallbackModels: [], messages: HELLO, tools: [], signal, ...more };
  const events: LlmEvent[] = [];
  try {
    for await (const event of llm.stream(request)) events.push(event);
  } catch (error) {
    const { message, cause, code } = error as Error & { cause?: AttemptFailure; code?: string };
    return { failed: message, cause, code, waits };
  }
  return { text: events.findLast((event) => event.type === "done")?.text, waits };
}

const RESPONDED = {
  type: "response.completed",
  response: { output: [{ type: "message", content: [{ type: "output_text", text: "Hi." }] }] },
};
const HELLO: LlmMessage[] = [{ role: "user", content: "Hello" }];
const FOUND: LlmMessage[] = [
  { role: "user", content: "Find it." },
  {
    role: "assistant",
    content: "",
    tool_calls: [
      {
        id: "call_1",
        name: "search",
        arguments: '{"q":"x"}',
        continuation: { model: "other", fields: { extra_content: { google: { thought_signature: "s" } } } },
      },
    ],
  },
  { role: "tool", tool_call_id: "call_1", content: "found" },
];
const SEARCH = { name: "search", description: "Searches.", parameters: { type: "object", properties: {} } };

describe("a failure's reason is read wherever it stands", () => {
  const cases: [string, number, unknown, string][] = [
    [
      "Gemini's list",
      400,
      [{ error: { code: 400, message: "API key not valid", status: "INVALID_ARGUMENT" } }],
      "API key not valid",
    ],
    [
      "SGLang and older vLLM",
      400,
      { object: "error", message: "Wrong model", type: "BadRequest", code: 400 },
      "Wrong model",
    ],
    [
      "FastAPI",
      422,
      { detail: [{ type: "missing", loc: ["body", "model"], msg: "Field required" }] },
      "body.model: Field required",
    ],
    ["a server without such a path", 404, "404 page not found", "usually ends with /v1"],
    [
      "a server without such a model",
      404,
      { error: { message: "model 'x' not found" } },
      "m (HTTP 404): 404 model 'x' not found",
    ],
    ["Cohere", 400, { id: "1", message: "invalid request" }, "invalid request"],
    ["Databricks", 400, { error_code: "BAD_REQUEST", message: "no such endpoint" }, "no such endpoint"],
    ["a gateway of Azure", 401, { statusCode: 401, message: "Access denied" }, "Access denied"],
    ["xAI", 400, { code: "Client specified an invalid argument", error: "Bad argument" }, "Bad argument"],
    [
      "OpenRouter, of the provider behind it",
      400,
      {
        error: {
          message: "Provider returned error",
          code: 400,
          metadata: { raw: '{"error":{"message":"too many images"}}', provider_name: "Google" },
        },
      },
      "Provider returned error: Google: too many images",
    ],
  ];
  test.each(cases)("%s", async (_, status, body, reason) => {
    const { url } = await endpoint(() => ({ status, body }));
    expect((await ask(url)).failed).toContain(reason);
    expect((await ask(url, {}, createAnthropicMessages)).failed).toContain(reason);
    expect((await ask(url, {}, createResponses)).failed).toContain(reason);
  });
});

describe("a prompt that is too long is known by the words of", () => {
  const cases: [string, number, string, number | undefined][] = [
    ["SGLang", 400, "The input (9000 tokens) is longer than the model's context length (8192 tokens).", 8192],
    ["vLLM", 400, "The decoder prompt (length 9151) is longer than the maximum model length of 8192.", 8192],
    [
      "xAI",
      400,
      "This model's maximum prompt length is 131072 but the request contains 131435 tokens.",
      131_072,
    ],
    ["Bedrock", 400, "Input is too long for requested model.", undefined],
    [
      "Qwen",
      400,
      "<400> InternalError.Algo.InvalidParameter: Range of input length should be [1, 129024]",
      129_024,
    ],
    [
      "Moonshot",
      400,
      "Invalid request: Your request exceeded model token limit: 131072 (requested: 140000)",
      131_072,
    ],
    ["GLM", 400, "Prompt exceeds max length", undefined],
    ["Copilot", 400, "prompt token count of 130000 exceeds the limit of 128000", 128_000],
    [
      "Anthropic",
      400,
      "input length and `max_tokens` exceed context limit: 188240 + 16384 > 200000",
      200_000,
    ],
    ["TGI", 422, "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096", 4096],
    [
      "Cloudflare",
      400,
      "The estimated number of input and maximum output tokens (9000) exceeded this model context window limit (8192)",
      8192,
    ],
    [
      "watsonx",
      400,
      "the number of input tokens 5000 cannot exceed the total tokens limit 4096 for this model",
      4096,
    ],
    [
      "TGI, of old",
      422,
      "Input validation error: `inputs` must have less than 4096 tokens. Given: 5000",
      4096,
    ],
    ["Volcengine", 400, "Total tokens of image and text exceed max message tokens.", undefined],
    [
      "Ollama, which says by how much",
      400,
      "prompt too long; exceeded max context length by 4096 tokens",
      undefined,
    ],
    [
      "SGLang, of today",
      400,
      "Input length (5000 tokens) exceeds the maximum allowed length (4096 tokens).",
      4096,
    ],
    ["a server of sentences", 400, "The prompt exceeds the model's maximum of 4096 tokens", 4096],
    ["a server of positions", 400, "This request would exceed the max_position_embeddings of 4096", 4096],
    ["a vendor in Chinese", 400, "输入长度超过模型最大限制 4096", 4096],
    ["another one", 400, "Prompt 超长", undefined],
    ["MiniMax, with a code behind it", 400, "invalid params, context window exceeds limit (2013)", undefined],
    [
      "OpenAI, by the minute",
      429,
      "Request too large for gpt-4o on tokens per min (TPM): Limit 30000, Requested 50000.",
      30_000,
    ],
  ];
  test.each(cases)("%s", async (_, status, message, limit) => {
    const { url } = await endpoint(() => ({
      status,
      body: { error: { message, code: "rate_limit_exceeded" } },
    }));
    const { code, cause } = await ask(url);
    expect([code, cause?.tokenLimit]).toEqual(["context_length_exceeded", limit]);
  });

  test("LM Studio, within a stream that began well", async () => {
    const message = "The model is loaded with context length of only 4096 tokens";
    const body = `event: error\ndata: ${JSON.stringify({ error: { message } })}\n\n`;
    const { url } = await endpoint(() => ({ status: 200, body }));
    expect(await ask(url)).toMatchObject({ code: "context_length_exceeded", cause: { tokenLimit: 4096 } });
  });
});

describe("waits and retries", () => {
  test("Gemini's quota of a minute is waited for as long as its words say", async () => {
    let asked = 0;
    const message = "You exceeded your current quota, please check your plan. Please retry in 27.5s.";
    const { url } = await endpoint(() =>
      asked++ === 0
        ? { status: 429, body: [{ error: { code: 429, message, status: "RESOURCE_EXHAUSTED" } }] }
        : undefined,
    );
    expect(await ask(url)).toEqual({ text: "Hi.", waits: [27_500] });
  });

  const retryInfo = [{ "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: "27.5s" }];
  const perDay = [{ violations: [{ quotaId: "GenerateRequestsPerDayPerProjectPerModel-FreeTier" }] }];

  test.each<[string, number, object, number | string]>([
    ["Gemini's details", 429, { message: "You exceeded your current quota.", details: retryInfo }, 27_500],
    [
      "Gemini's quota of a day",
      429,
      { message: "You exceeded your current quota.", details: [...perDay, ...retryInfo] },
      "exhausted",
    ],
    ["Azure", 429, { message: "You have exceeded the rate limit. Please retry after 6 seconds." }, 6_000],
    ["Moonshot", 429, { message: "Max RPM: 3, please try again after 1 seconds" }, 1_000],
    [
      "GitHub",
      429,
      { message: "Rate limit of 15 per 60s exceeded. Please wait 23 seconds before retrying." },
      23_000,
    ],
    ["OpenAI", 429, { message: "Limit 3, Used 3. Please try again in 6m0.5s. Visit it." }, 120_000],
    ["OpenAI, of less than a second", 429, { message: "Please try again in 886ms." }, 886],
    ["in minutes", 429, { message: "Try again in 1 minute, 5 seconds" }, 65_000],
    ["without a number", 429, { message: "Please retry later, within the limit of 5 requests." }, 2_500],
    [
      "llama.cpp, which reads its model",
      503,
      { message: "Loading model", type: "unavailable_error" },
      20_000,
    ],
    [
      "LM Studio, whose model fell over",
      400,
      { message: "The model has crashed without additional information." },
      500,
    ],
    ["LM Studio, which needed the memory", 400, { message: "Model unloaded." }, 500],
    ["Groq, of data", 400, { message: "Failed to validate JSON.", code: "json_validate_failed" }, 500],
    ["GLM's empty account", 429, { code: "1113", message: "余额不足或无可用资源包,请充值。" }, "exhausted"],
    ["Qwen's empty account", 400, { code: "Arrearage", message: "Access denied." }, "exhausted"],
    [
      "LiteLLM's budget",
      400,
      { code: "400", type: "budget_exceeded", message: "Budget has been exceeded!" },
      "exhausted",
    ],
    ["xAI's filter", 403, { message: "Content violates usage guidelines." }, "filtered"],
    [
      "a filter behind LiteLLM",
      400,
      { message: "litellm.ContentPolicyViolationError: AzureException" },
      "filtered",
    ],
  ])("%s", async (_, status, error, expected) => {
    let asked = 0;
    const { url } = await endpoint(() => (asked++ === 0 ? { status, body: { error } } : undefined));
    const { waits, cause, text } = await ask(url, { fallbackModels: [] });
    if (typeof expected === "number") expect([text, waits]).toEqual(["Hi.", [expected]]);
    else expect([cause ?? text, waits]).toEqual([undefined, []]);
  });

  test.each([
    ["in words", { message: "Too many requests, please wait before trying again." }],
    ["by its type", { __type: "ThrottlingException", message: "Please wait." }],
  ])("a rate limit that AWS tells with the status 400, %s, is waited for", async (_, body) => {
    let asked = 0;
    const { url } = await endpoint(() => (asked++ === 0 ? { status: 400, body } : undefined));
    const { text, waits } = await ask(url);
    expect([text, waits[0]]).toEqual(["Hi.", expect.any(Number)]);
  });

  test.each(["Invalid token", "Incorrect API key provided", "Unauthorized"])(
    "a wrong key that is told with the status 200 is no reason to ask again: %s",
    async (message) => {
      const { url, requests } = await endpoint(() => ({ status: 200, body: { success: false, message } }));
      expect((await ask(url)).failed).toContain(message);
      expect(requests).toHaveLength(1);
    },
  );

  test.each([424, 498])("%d passes", async (status) => {
    let asked = 0;
    const { url } = await endpoint(() =>
      asked++ === 0 ? { status, body: { message: "not now" } } : undefined,
    );
    expect((await ask(url)).text).toBe("Hi.");
  });

  test.each(["function_call_filter: MALFORMED_FUNCTION_CALL", "repetition_truncation"])(
    "an answer that ends with %s is asked for again",
    async (reason) => {
      let asked = 0;
      const half = `data: ${JSON.stringify(delta({ content: "half" }, reason))}\n\n`;
      const { url } = await endpoint(() => (asked++ === 0 ? { status: 200, body: half } : undefined));
      expect((await ask(url)).text).toBe("Hi.");
    },
  );

  test("an endless answer is asked for once more only", async () => {
    const body = `data: ${JSON.stringify(delta({ tool_calls: Array.from({ length: 500 }, (_, index) => ({ index, id: `c${index}`, function: { name: "search", arguments: "{}" } })) }))}\n\n`;
    const { url, requests } = await endpoint(() => ({ status: 200, body }));
    expect((await ask(url, { tools: [SEARCH] })).failed).toContain("more than 128 tool calls");
    expect(requests.length).toBe(2);
  });
});

describe("what an endpoint refuses of a conversation is left out or written otherwise", () => {
  const callsOf = ({ messages = [] }: Sent) => messages.flatMap(({ tool_calls }) => tool_calls ?? []);

  test.each([
    "Function call is missing a thought_signature in functionCall parts.",
    "thinking is enabled but reasoning_content is missing in assistant tool call message at index 2",
    "The reasoning_content in the thinking mode must be passed back to the API.",
  ])("calls of another model: %s", async (message) => {
    const { url, requests } = await endpoint((body) =>
      callsOf(body).length > 0 ? { body: [{ error: { message } }] } : undefined,
    );
    expect((await ask(url, { messages: FOUND, tools: [SEARCH] })).text).toBe("Hi.");
    expect(JSON.stringify(requests.at(-1)?.messages)).toContain("Result of a tool:\\nfound");
  });

  test("what one run learns helps another that was asking at the same time", async () => {
    const { url } = await endpoint(({ tools }) =>
      tools ? { body: { error: { message: "This model does not support tools" } } } : undefined,
    );
    const llm = createOpenAiLlm({ apiKey: "k", baseUrl: url, log: getLogger("heddle") });
    const { signal } = new AbortController();
    const request = { model: "m", fallbackModels: [], messages: HELLO, tools: [SEARCH], signal };
    const all = await Promise.all(Array.from({ length: 5 }, () => Array.fromAsync(llm.stream(request))));
    expect(all.map((events) => events.at(-1)?.type)).toEqual(Array(5).fill("done"));
  });

  test.each([
    "'messages.1' : property 'reasoning_content' is unsupported",
    "Extra inputs are not permitted, field: 'messages[1].tool_calls[0].extra_content', value: {'google': {}}",
    "Additional properties are not allowed ('reasoning_content' was unexpected) - 'messages.1'",
    "Unknown parameter: 'messages[1].tool_calls[0].provider_specific_fields'.",
  ])("a model's own field that the gateway before it does not know: %s", async (message) => {
    const messages = FOUND.map((message) =>
      message.role === "assistant"
        ? { ...message, continuation: { model: "m", fields: { reasoning_content: "I think" } } }
        : message,
    );
    const { url, requests } = await endpoint(({ messages: sent = [] }) =>
      sent.some((one) => "reasoning_content" in one) ? { body: { error: { message } } } : undefined,
    );
    expect((await ask(url, { messages, tools: [SEARCH] })).text).toBe("Hi.");
    expect(callsOf(requests.at(-1) ?? {}).length).toBe(1);
  });

  test("a thought that was sealed for another account, and the model's next ones", async () => {
    const reasoning = [{ type: "reasoning", id: "rs_1", summary: [], encrypted_content: "gAAA" }];
    const messages = FOUND.map((message) =>
      message.role === "assistant"
        ? { ...message, continuation: { model: "m", fields: { reasoning } } }
        : message,
    );
    const { url, requests } = await endpoint((_, text) =>
      text.includes("gAAA")
        ? { body: { error: { message: "The encrypted content gAAA could not be verified." } } }
        : { status: 200, body: `data: ${JSON.stringify(RESPONDED)}\n\n` },
    );
    expect((await ask(url, { messages, tools: [SEARCH] }, createResponses)).text).toBe("Hi.");
    expect(requests.map((sent) => (sent as { include?: string[] }).include)).toEqual([
      ["reasoning.encrypted_content"],
      ["reasoning.encrypted_content"],
    ]);
  });

  test("a signature that was made for another account", async () => {
    const messages = FOUND.map((message) =>
      message.role === "assistant"
        ? {
            ...message,
            continuation: {
              model: "m",
              fields: { thinking: [{ type: "thinking", thinking: "a", signature: "s" }] },
            },
          }
        : message,
    );
    const { url, requests } = await endpoint((_, text) =>
      text.includes('"signature"')
        ? {
            body: {
              type: "error",
              error: {
                type: "invalid_request_error",
                message: "messages.1.content.0: Invalid `signature` in `thinking` block",
              },
            },
          }
        : {
            status: 200,
            body: `event: message_start\ndata: {"type":"message","content":[{"type":"text","text":"Hi."}],"stop_reason":"end_turn"}\n\n`,
          },
    );
    expect((await ask(url, { messages, tools: [SEARCH] }, createAnthropicMessages)).text).toBe("Hi.");
    expect(requests.length).toBe(2);
  });

  const spoken = `event: message_start\ndata: {"type":"message","content":[{"type":"text","text":"Hi."}],"stop_reason":"end_turn"}\n\n`;

  test.each<[string, number, string, number]>([
    [
      "vLLM, whose whole window is smaller",
      400,
      "'max_tokens' or 'max_completion_tokens' is too large: 16384. This model's maximum context length is 8192 tokens and your request has 52 input tokens (16384 > 8192 - 52).",
      1228,
    ],
    [
      "OpenRouter, of a small window",
      400,
      "This endpoint's maximum context length is 8192 tokens. However, you requested about 16500 tokens (116 of text input, 16384 in the output).",
      1228,
    ],
    ["DeepSeek", 400, "Invalid max_tokens value, the valid range of max_tokens is [1, 8192]", 8192],
    [
      "Bedrock",
      400,
      "The maximum tokens you requested exceeds the model limit of 4096. Try again with a maximum tokens value that is lower than 4096.",
      4096,
    ],
    [
      "OpenAI",
      400,
      "max_tokens is too large: 16384. This model supports at most 4096 completion tokens.",
      4096,
    ],
    [
      "Groq",
      400,
      "`max_tokens` must be less than or equal to `8192`, the maximum value for `max_tokens`",
      8192,
    ],
    ["Moonshot", 400, "Invalid request: max_tokens must be less than or equal to 8192", 8192],
  ])("more output than a model of Anthropic's protocol can write: %s", async (_, status, message, most) => {
    const limits: unknown[] = [];
    const { url } = await endpoint((body) => {
      const { max_tokens: asked } = body as { max_tokens?: number };
      limits.push(asked);
      return Number(asked) > most ? { status, body: { error: { message } } } : { status: 200, body: spoken };
    });
    expect((await ask(url, {}, createAnthropicMessages)).text).toBe("Hi.");
    expect(limits).toEqual([16_384, most]);
  });

  test("a prompt that is too long is no reason to ask for less output, where enough is left for it", async () => {
    const message = "prompt is too long: 208310 tokens > 200000 maximum";
    const { url, requests } = await endpoint(() => ({ body: { error: { message } } }));
    expect((await ask(url, {}, createAnthropicMessages)).code).toBe("context_length_exceeded");
    expect(requests.length).toBe(1);
  });

  test("a long description of a tool", async () => {
    const message =
      "Invalid 'tools[0].function.description': string too long. Expected a string with maximum length 1024, but got a string with length 3000 instead.";
    const { url, requests } = await endpoint(({ tools }) =>
      tools?.[0].function.description.length > 1024 ? { body: { error: { message } } } : undefined,
    );
    const tools = [
      { ...SEARCH, description: "long".repeat(750), parameters: { type: "object", $comment: "kept" } },
    ];
    expect((await ask(url, { tools })).text).toBe("Hi.");
    expect(requests.at(-1)?.tools?.[0].function).toMatchObject({
      description: "long".repeat(256),
      parameters: { $comment: "kept" },
    });
  });

  test("names of parameters that an endpoint does not take", async () => {
    const message =
      "tools.0.custom.input_schema.properties: Property keys should match pattern '^[a-zA-Z0-9_.-]{1,64}$'";
    const { url, requests } = await endpoint((_, text) =>
      text.includes("$filter") ? { body: { error: { message } } } : undefined,
    );
    const properties = { $filter: { type: "string" }, name: { type: "string" } };
    const parameters = { type: "object", properties, required: ["$filter", "name"] };
    expect((await ask(url, { tools: [{ ...SEARCH, parameters }] })).text).toBe("Hi.");
    expect(requests.at(-1)?.tools?.[0].function.parameters).toEqual({
      type: "object",
      properties: { name: { type: "string" } },
      required: ["name"],
    });
  });

  test.each([
    "Invalid JSON payload received. Unknown name \"$schema\" at 'tools[0].function_declarations[0].parameters'",
    "Invalid schema for function 'find': In context=(), array schema missing items.",
    "tools.function.parameters is not a valid moonshot flavored json schema",
  ])("a rich schema: %s", async (message) => {
    const parameters = {
      $schema: "https://json-schema.org/draft/2020-12/schema",
      type: "object",
      additionalProperties: false,
      $defs: { Color: { type: "string", enum: ["red", "", "blue"], description: "A color." } },
      properties: {
        color: { $ref: "#/$defs/Color" },
        size: { anyOf: [{ type: "null" }, { type: "integer", exclusiveMinimum: 0 }], description: "In mm." },
        tags: { type: ["array", "null"] },
        deep: {
          type: "object",
          properties: { at: { type: "string", format: "date" } },
          required: ["at", "gone"],
        },
      },
      required: ["color", "unknown"],
    };
    const { url, requests } = await endpoint((_, text) =>
      /\$ref|\$schema|anyOf/.test(text) ? { body: [{ error: { message } }] } : undefined,
    );
    expect((await ask(url, { tools: [{ ...SEARCH, parameters }] })).text).toBe("Hi.");
    expect(requests.at(-1)?.tools?.[0].function.parameters).toEqual({
      type: "object",
      properties: {
        color: { type: "string", description: "A color.", enum: ["red", "blue"] },
        size: { type: "integer", description: "In mm." },
        tags: { type: "array", items: { type: "string" } },
        deep: { type: "object", properties: { at: { type: "string" } }, required: ["at"] },
      },
      required: ["color"],
    });
  });

  test.each([
    [500, "tools param requires --jinja flag"],
    [400, '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set'],
    [400, "Function calling is not enabled for models/gemma-3-27b-it"],
    [404, "No endpoints found that support tool use."],
  ])("tools (%d %s)", async (status, message) => {
    const { url } = await endpoint(({ tools }) =>
      tools ? { status, body: { error: { message } } } : undefined,
    );
    expect((await ask(url, { tools: [SEARCH] })).text).toBe("Hi.");
  });

  test("a system message, as LM Studio says it within a stream", async () => {
    const error = {
      message: 'Error rendering prompt with jinja template: "Only user and assistant roles are supported!"',
    };
    const { url } = await endpoint(({ messages = [] }) =>
      messages[0].role === "system"
        ? { status: 200, body: `data: ${JSON.stringify({ error })}\n\n` }
        : undefined,
    );
    const messages: LlmMessage[] = [{ role: "system", content: "Be kind." }, ...HELLO];
    expect(await ask(url, { messages })).toEqual({ text: "Hi.", waits: [] });
  });

  test("a message that a content filter refused does not end its session", async () => {
    const { url, requests } = await endpoint((_, text) =>
      text.includes("something awful")
        ? { body: { error: { message: "The response was filtered", code: "content_filter" } } }
        : undefined,
    );
    const first = await ask(url, { messages: [{ role: "user", content: "something awful" }] });
    expect(first.cause ?? first.failed).toContain("filtered");
    const messages: LlmMessage[] = [
      ...HELLO,
      { role: "assistant", content: "Hello!" },
      { role: "user", content: "something awful" },
      ...HELLO,
    ];
    expect((await ask(url, { messages })).text).toBe("Hi.");
    expect(requests.at(-1)?.messages?.map(({ content }) => content)).toEqual(["Hello", "Hello!", "Hello"]);
  });

  test.each([
    ["a filter", { message: "The response was filtered", code: "content_filter" }],
    ["nobody knows why", { message: "Invalid request (ref 41)", code: "bad" }],
  ])("nor does one that another model has answered, where this one refuses it: %s", async (_, error) => {
    const { url, requests } = await endpoint((_body, text) =>
      text.includes("something awful") ? { body: { error } } : undefined,
    );
    const messages: LlmMessage[] = [
      { role: "system", content: "Be kind." },
      { role: "user", content: "something awful" },
      { role: "assistant", content: "I cannot say." },
      { role: "user", content: "Look it up.", context: "It is noon." },
      { role: "assistant", content: "", tool_calls: [{ id: "call_1", name: "search", arguments: "{}" }] },
      { role: "tool", tool_call_id: "call_1", content: "found" },
    ];
    expect((await ask(url, { messages, tools: [SEARCH] })).text).toBe("Hi.");
    const sent = requests.at(-1)?.messages ?? [];
    expect(sent.map(({ role }) => role)).toEqual(["system", "user", "assistant", "tool"]);
    expect(sent[1].content).toMatch(
      /^Look it up\.[\s\S]+It is noon\.[\s\S]+earlier messages [\s\S]+ are not shown/,
    );
    // Another model may take all of it.
    const asked = requests.length;
    const refused = await ask(url, { messages, tools: [SEARCH], fallbackModels: ["other"] });
    expect(refused.text).toBe("Hi.");
    const forms = requests.slice(asked).map((body) => `${body.model}: ${body.messages?.length}`);
    expect([...new Set(forms)]).toEqual(["m: 6", "other: 6", "other: 4"]);
    // What is refused now is asked in no other way.
    const before = requests.length;
    expect(
      (await ask(url, { messages: [{ role: "user", content: "something awful" }] })).text,
    ).toBeUndefined();
    expect(requests.length).toBe(before + 1);
  });
});

describe("what an endpoint refuses is asked for in the form that it takes", () => {
  const BARE: LlmMessage[] = FOUND.map((message) =>
    message.role === "assistant" ? { ...message, content: "\n\n" } : message,
  );
  interface Form extends Sent {
    stream?: boolean;
    stream_options?: unknown;
  }
  const rolesIn = ({ messages = [] }: Sent) => messages.map(({ role }) => role);

  test.each([
    "Your organization must be verified to stream this model. Please go to: https://example.org",
    "Unsupported value: 'stream' does not support true with this model. Supported values are: false.",
    "This model doesn't support tool use in streaming mode.",
  ])("a whole answer instead of a stream: %s", async (message) => {
    const whole = {
      choices: [{ index: 0, message: { role: "assistant", content: "Hi." }, finish_reason: "stop" }],
    };
    const { url, requests } = await endpoint(({ stream }: Form) =>
      stream ? { body: { error: { message } } } : { status: 200, body: whole },
    );
    expect((await ask(url, { tools: [SEARCH] })).text).toBe("Hi.");
    expect(
      requests.map(({ stream, stream_options, tools }: Form) => [stream, !stream_options, tools?.length]),
    ).toEqual([
      [true, false, 1],
      [false, true, 1],
    ]);
    const output = [{ type: "message", content: [{ type: "output_text", text: "Hi." }] }];
    const other = await endpoint(({ stream }: Form) =>
      stream ? { body: { error: { message } } } : { status: 200, body: { object: "response", output } },
    );
    expect((await ask(other.url, {}, createResponses)).text).toBe("Hi.");
  });

  test.each([
    "messages.2.content: Input should be a valid string",
    "messages[2]: invalid type: null, expected a string at line 1 column 91",
    "messages.2.content: none is not an allowed value",
    "invalid message content type: <nil>",
    "Failed to deserialize the JSON body into the target type: messages[2]: missing field `content`",
  ])("an empty text beside calls instead of none: %s", async (message) => {
    const { url, requests } = await endpoint(({ messages = [] }) =>
      messages.some(({ content }) => content === null)
        ? { status: 422, body: { error: { message } } }
        : undefined,
    );
    expect((await ask(url, { messages: BARE, tools: [SEARCH] })).text).toBe("Hi.");
    expect(requests.map(({ messages = [] }) => messages[1].content)).toEqual([null, ""]);
  });

  test.each([
    "Conversation roles must alternate user/assistant/user/assistant/...",
    "messages.3.role: Input should be 'system', 'user' or 'assistant'",
    "Unknown role: tool",
  ])("results of tools as text: %s", async (message) => {
    const { url, requests } = await endpoint((body) =>
      rolesIn(body).includes("tool") ? { body: { error: { message } } } : undefined,
    );
    const messages: LlmMessage[] = [{ role: "system", content: "Be kind." }, ...FOUND];
    expect((await ask(url, { messages, tools: [SEARCH] })).text).toBe("Hi.");
    expect(rolesIn(requests.at(-1) ?? {}).at(-1)).toBe("user");
    // A request without calls does not tell that tools are what is refused.
    const refusing = await endpoint(() => ({ body: { error: { message } } }));
    await ask(refusing.url, { tools: [SEARCH] });
    expect(refusing.requests.every(({ tools }) => tools?.length === 1)).toBe(true);
  });

  test("no blank text beside a call", async () => {
    const sent: string[] = [];
    const { url } = await endpoint((_, text) => void sent.push(text));
    await ask(url, { messages: BARE, tools: [SEARCH] });
    await ask(url, { messages: BARE, tools: [SEARCH] }, createAnthropicMessages);
    await ask(url, { messages: BARE, tools: [SEARCH] }, createResponses);
    expect(sent.length).toBeGreaterThanOrEqual(3);
    for (const text of sent) expect(text).not.toContain('"\\n\\n"');
  });

  test("a schema that is refused without a reason is simpler from then on", async () => {
    const parameters = { type: "object", properties: { q: { type: "string", minLength: 1 } } };
    const error = { code: 400, message: "Request contains an invalid argument.", status: "INVALID_ARGUMENT" };
    const { url, requests } = await endpoint((_, text) =>
      text.includes("minLength") ? { body: [{ error }] } : undefined,
    );
    const llm = createOpenAiLlm({ apiKey: "k", baseUrl: url, log: getLogger("heddle") });
    const { signal } = new AbortController();
    const tools = [{ ...SEARCH, parameters }];
    const request = { model: "m", fallbackModels: [], messages: HELLO, tools, signal };
    for (const asked of [2, 3]) {
      expect((await Array.fromAsync(llm.stream(request))).at(-1)?.type).toBe("done");
      expect(requests.length).toBe(asked);
    }
  });

  test("what Groq could not read is read here", async () => {
    const error = {
      message: "Failed to call a function. Please adjust your prompt.",
      code: "tool_use_failed",
      failed_generation: '<function=search{"q": "it > is"}</function>',
    };
    const { url, requests } = await endpoint(() => ({ body: { error } }));
    const llm = createOpenAiLlm({
      apiKey: "k",
      baseUrl: url,
      log: getLogger("heddle"),
      sleep: async () => {},
    });
    const { signal } = new AbortController();
    const request = { model: "m", fallbackModels: [], messages: HELLO, tools: [SEARCH], signal };
    const events = await Array.fromAsync(llm.stream(request));
    expect(events.map(({ type }) => type)).toEqual(["done"]);
    expect(events[0]).toMatchObject({
      text: "",
      toolCalls: [{ name: "search", arguments: '{"q":"it > is"}' }],
    });
    // What is no call is asked for again.
    error.failed_generation = "Let me see.";
    expect((await ask(url, { tools: [SEARCH] })).failed).toContain("Failed to call a function");
    expect(requests.length).toBe(5);
  });

  test("thoughts that the endpoint takes for changed", async () => {
    const messages = FOUND.map((message) =>
      message.role === "assistant"
        ? {
            ...message,
            continuation: {
              model: "m",
              fields: { thinking: [{ type: "thinking", thinking: "a", signature: "s" }] },
            },
          }
        : message,
    );
    const message =
      "messages.1.content.0: `thinking` or `redacted_thinking` blocks in the latest assistant message cannot be modified.";
    const { url, requests } = await endpoint((_, text) =>
      text.includes('"thinking"')
        ? { body: { type: "error", error: { type: "invalid_request_error", message } } }
        : {
            status: 200,
            body: { type: "message", content: [{ type: "text", text: "Hi." }], stop_reason: "end_turn" },
          },
    );
    expect((await ask(url, { messages, tools: [SEARCH] }, createAnthropicMessages)).text).toBe("Hi.");
    expect(requests.length).toBe(2);
  });
});

test("no half of a surrogate pair is sent, wherever it stands", async () => {
  const texts: string[] = [];
  const { url } = await endpoint((_, text) => void texts.push(text));
  const messages: LlmMessage[] = [
    { role: "user", content: "half \ud83d of one, and a whole 😀" },
    {
      role: "assistant",
      content: "",
      tool_calls: [
        { id: "1", name: "search", arguments: '{"q":"\\ud83d","w":"\\ud83d\\ude00","b":"\\\\ud83d"}' },
      ],
    },
    { role: "tool", tool_call_id: "1", content: "\udc00" },
  ];
  const tools = [{ ...SEARCH, description: "cut \ud83d" }];
  await ask(url, { messages, tools });
  await ask(url, { messages, tools }, createResponses);
  await ask(url, { messages, tools }, createAnthropicMessages);
  expect(texts.length).toBeGreaterThanOrEqual(3);
  for (const text of texts) {
    const strings: string[] = [];
    JSON.parse(text, (key, value) => {
      if (typeof value !== "string") return value;
      strings.push(value);
      // Servers parse what is JSON within JSON.
      if (key !== "arguments") return value;
      JSON.parse(value, (_, inner) => {
        if (typeof inner === "string") strings.push(inner);
        return inner;
      });
      return value;
    });
    expect(strings.filter((one) => !one.isWellFormed())).toEqual([]);
    expect(text).toContain("😀");
  }
});

test("arguments that are given again as a whole in each piece are one object", async () => {
  const piece = (args: string) =>
    delta({ tool_calls: [{ index: 0, id: "1", function: { name: "search", arguments: args } }] });
  const events = [piece('{"q'), piece('{"q":"a'), piece('{"q":"ab"}'), delta({}, "tool_calls")];
  const body = events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join("");
  const { url } = await endpoint(() => ({ status: 200, body }));
  const llm = createOpenAiLlm({ apiKey: "k", baseUrl: url, log: getLogger("heddle") });
  const { signal } = new AbortController();
  const request = { model: "m", fallbackModels: [], messages: HELLO, tools: [SEARCH], signal };
  const all = await Array.fromAsync(llm.stream(request));
  expect(all.at(-1)).toMatchObject({ toolCalls: [{ name: "search", arguments: '{"q":"ab"}' }] });
});

test("OpenRouter's reasoning goes back in one piece, with its signature", async () => {
  const text = (more: object) =>
    delta({ reasoning_details: [{ type: "reasoning.text", index: 0, ...more }] });
  const events = [
    text({ text: "Let me ", signature: null }),
    text({ text: "think." }),
    text({ text: "", signature: "sig" }),
    ...["**Plan", "ning**"].map((summary) =>
      delta({ reasoning_details: [{ type: "reasoning.summary", index: 0, summary, format: "openai" }] }),
    ),
    delta({ reasoning_details: [{ type: "reasoning.encrypted", index: 1, data: "x" }] }),
    delta(
      { tool_calls: [{ index: 0, id: "1", function: { name: "search", arguments: "{}" } }] },
      "tool_calls",
    ),
  ];
  const body = events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join("");
  const { url } = await endpoint(() => ({ status: 200, body }));
  const llm = createOpenAiLlm({ apiKey: "k", baseUrl: url, log: getLogger("heddle") });
  const { signal } = new AbortController();
  const all = await Array.fromAsync(
    llm.stream({ model: "m", fallbackModels: [], messages: HELLO, tools: [SEARCH], signal }),
  );
  const done = all.at(-1);
  expect(done?.type === "done" && done.continuation?.fields.reasoning_details).toEqual([
    { type: "reasoning.text", index: 0, text: "Let me think.", signature: "sig" },
    { type: "reasoning.summary", index: 0, summary: "**Planning**", format: "openai" },
    { type: "reasoning.encrypted", index: 1, data: "x" },
  ]);
});

test("what is streamed of an answer is the answer, also where a server leaves thoughts in it", async () => {
  let answer = "";
  const { url } = await endpoint(() => ({ status: 200, body: answer }));
  const llm = createOpenAiLlm({ apiKey: "k", baseUrl: url, log: getLogger("heddle") });
  const { signal } = new AbortController();
  let shown = 0;
  const streamed = async (text: string, model = "m", thought = "") => {
    const pieces = text.match(/[\s\S]{1,3}/g) ?? [];
    const thoughts = thought === "" ? [] : [delta({ reasoning_content: thought })];
    answer = [...thoughts, ...pieces.map((content) => delta({ content })), delta({}, "stop")]
      .map((event) => `data: ${JSON.stringify(event)}\n\n`)
      .join("");
    const events = await Array.fromAsync(
      llm.stream({ model, fallbackModels: [], messages: HELLO, tools: [SEARCH], signal }),
    );
    shown = events.filter(({ type }) => type === "text").length;
    const done = events.at(-1);
    return [
      events.map((event) => (event.type === "text" ? event.text : "")).join(""),
      done?.type === "done" && done.text,
    ];
  };
  expect(await streamed("<think>Hm < [\n</think>\n\nHello [1].\n")).toEqual(["Hello [1].", "Hello [1]."]);
  expect(await streamed("Hello <b>\n")).toEqual(["Hello <b>\n", "Hello <b>\n"]);
  // The beginning is in the template of the model, which is known from the second answer on.
  expect((await streamed("Hm.\n</think>\n\nHello."))[1]).toBe("Hello.");
  expect(await streamed("Hm.\n</think>\n\nHello.")).toEqual(["Hello.", "Hello."]);
  expect(await streamed("Hello.")).toEqual(["Hello.", "Hello."]);
  // The name of a model says that it thinks, so that not even its first answer shows thoughts.
  const first = "Hm.\n</think>\n\nHello.";
  expect(await streamed(first, "deepseek-r1:8b")).toEqual(["Hello.", "Hello."]);
  expect(await streamed(first, "minimax-m2")).toEqual(["Hello.", "Hello."]);
  // Where the server takes thoughts out of the text, the answer is shown as it comes; and from the second on if it has none.
  expect(await streamed("Hello there, you.", "qwq-32b", "Hm.")).toEqual([
    "Hello there, you.",
    "Hello there, you.",
  ]);
  expect(shown).toBeGreaterThan(3);
  expect(await streamed("Hello there, you.", "qwq-32b")).toEqual(["Hello there, you.", "Hello there, you."]);
  expect(shown).toBe(1);
  expect(await streamed("Hello there, you.", "qwq-32b")).toEqual(["Hello there, you.", "Hello there, you."]);
  expect(shown).toBeGreaterThan(3);
});

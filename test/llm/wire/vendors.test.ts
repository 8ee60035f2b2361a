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

  test("a model's own field that the gateway before it does not know", async () => {
    const messages = FOUND.map((message) =>
      message.role === "assistant"
        ? { ...message, continuation: { model: "m", fields: { reasoning_content: "I think" } } }
        : message,
    );
    const { url, requests } = await endpoint(({ messages: sent = [] }) =>
      sent.some((one) => "reasoning_content" in one)
        ? { body: { error: { message: "'messages.1' : property 'reasoning_content' is unsupported" } } }
        : undefined,
    );
    expect((await ask(url, { messages, tools: [SEARCH] })).text).toBe("Hi.");
    expect(callsOf(requests.at(-1) ?? {}).length).toBe(1);
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
    expect(requests.slice(asked).map((body) => [body.model, body.messages?.length])).toEqual([
      ["m", 6],
      ["other", 6],
      ["other", 4],
    ]);
    // What is refused now is asked in no other way.
    const before = requests.length;
    expect(
      (await ask(url, { messages: [{ role: "user", content: "something awful" }] })).text,
    ).toBeUndefined();
    expect(requests.length).toBe(before + 1);
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

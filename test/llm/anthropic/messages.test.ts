// Anthropic's protocol, against a server that refuses what Anthropic refuses.

import { afterEach, describe, expect, test } from "bun:test";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { getLogger } from "@logtape/logtape";
import fc from "fast-check";
import type { HeddleError } from "../../../src/errors.ts";
import { createAnthropicMessages } from "../../../src/llm/anthropic/messages.ts";
import { toRequest } from "../../../src/llm/anthropic/request.ts";
import type { LlmEvent, LlmMessage, LlmRequest } from "../../../src/llm/llm.ts";
import { createOpenAiLlm } from "../openai-llm.ts";

interface Block {
  type: string;
  text?: string;
  id?: string;
  name?: string;
  input?: unknown;
  tool_use_id?: string;
  cache_control?: object;
  signature?: string;
}
interface Body {
  model: string;
  max_tokens: number;
  system?: Block[];
  messages: { role: string; content: Block[] }[];
  tools?: { name: string; input_schema: { type: string } }[];
  tool_choice?: { type: string };
}

const SEARCH = { name: "search", description: "Searches.", parameters: { type: "object", properties: {} } };

/** What the API answers 400 to, by its documentation. */
function refusal({ messages, tools, system = [], max_tokens }: Body): string | undefined {
  if (max_tokens > 8192)
    return `max_tokens: ${max_tokens} > 8192, which is the maximum allowed number of output tokens for m`;
  const blocks = [...system, ...messages.flatMap(({ content }) => content)];
  if (messages[0]?.role !== "user") return "messages: first message must use the user role";
  if (messages.some(({ role }, at) => role === messages[at - 1]?.role))
    return "messages: roles must alternate";
  if (messages.some(({ content }) => content.length === 0)) return "messages: content must not be empty";
  if (blocks.some(({ type, text }) => type === "text" && !text?.trim()))
    return "text content blocks must be non-empty";
  if (blocks.filter((block) => block.cache_control).length > 4)
    return "a maximum of 4 blocks with cache_control";
  const uses = blocks.filter(({ type }) => type === "tool_use");
  if (uses.length > 0 && !tools) return "tools: required when messages have tool_use blocks";
  if (uses.some(({ id }) => !/^[a-zA-Z0-9_-]+$/.test(id ?? "")))
    return "tool_use.id: String should match pattern";
  if (new Set(uses.map(({ id }) => id)).size !== uses.length) return "tool_use ids must be unique";
  if (uses.some(({ name, input }) => !/^[a-zA-Z0-9_-]{1,128}$/.test(name ?? "") || typeof input !== "object"))
    return "tool_use: invalid";
  for (const [at, { content }] of messages.entries()) {
    const asked = content.filter(({ type }) => type === "tool_use").map(({ id }) => id);
    const given = messages[at + 1]?.content.filter(({ type }) => type === "tool_result") ?? [];
    if (asked.length > 0 && asked.join() !== given.map(({ tool_use_id }) => tool_use_id).join())
      return "tool_use ids were found without tool_result blocks immediately after";
  }
  return undefined;
}

type Reply = object[] | { status: number; error: { type: string; message: string } };
const open: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of open.splice(0)) await stop();
});

async function endpoint(...replies: Reply[]) {
  const requests: Body[] = [];
  const headers: Record<string, unknown>[] = [];
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part);
    const body: Body = JSON.parse(Buffer.concat(parts).toString());
    requests.push(body);
    headers.push(request.headers);
    const refused = refusal(body);
    const reply = refused
      ? { status: 400, error: { type: "invalid_request_error", message: refused } }
      : ((replies.length > 1 ? replies.shift() : replies[0]) ?? []);
    if (!Array.isArray(reply)) {
      response.writeHead(reply.status, { "content-type": "application/json" });
      return response.end(JSON.stringify({ type: "error", error: reply.error }));
    }
    response.writeHead(200, { "content-type": "text/event-stream" });
    for (const event of reply as { type: string }[]) {
      response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
    }
    return response.end();
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  open.push(() => server.close());
  const delays: number[] = [];
  const llm = createOpenAiLlm(
    {
      apiKey: "sk-ant",
      baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      log: getLogger("heddle"),
      sleep: async (ms) => void delays.push(ms),
      random: () => 0,
    },
    createAnthropicMessages,
  );
  return { requests, headers, delays, ask: (more: Partial<LlmRequest> = {}) => ask(llm, more) };
}

async function ask(llm: ReturnType<typeof createOpenAiLlm>, more: Partial<LlmRequest>) {
  const events: LlmEvent[] = [];
  const request = {
    model: "m",
    fallbackModels: [],
    messages: [{ role: "user", content: "Hello" } as const],
    tools: [],
    signal: new AbortController().signal,
  };
  try {
    for await (const event of llm.stream({ ...request, ...more })) events.push(event);
  } catch (error) {
    return { error: error as HeddleError };
  }
  return { done: events.find((event) => event.type === "done") };
}

const start = {
  type: "message_start",
  message: { usage: { input_tokens: 5, cache_read_input_tokens: 90, cache_creation_input_tokens: 5 } },
};
const stop = (stop_reason: string) => [
  { type: "message_delta", delta: { stop_reason }, usage: { output_tokens: 7 } },
  { type: "message_stop" },
];
const text = (...parts: string[]) => [
  { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
  ...parts.map((part) => ({
    type: "content_block_delta",
    index: 0,
    delta: { type: "text_delta", text: part },
  })),
  { type: "content_block_stop", index: 0 },
];
const call = (index: number, ...parts: string[]) => [
  {
    type: "content_block_start",
    index,
    content_block: { type: "tool_use", id: `toolu_${index}`, name: "search", input: {} },
  },
  ...parts.map((part) => ({
    type: "content_block_delta",
    index,
    delta: { type: "input_json_delta", partial_json: part },
  })),
];
const says = (words: string) => [start, ...text(words), ...stop("end_turn")];

/** The first request of each model is refused for its output limit. */
const ONCE = 2;

describe("an answer", () => {
  test("is text with usage that counts what the cache gave", async () => {
    const { ask, headers } = await endpoint([
      start,
      { type: "ping" },
      ...text("Hel", "lo"),
      ...stop("end_turn"),
    ]);
    expect((await ask()).done).toMatchObject({
      text: "Hello",
      isCut: false,
      usage: { prompt_tokens: 100, completion_tokens: 7, cached_input_tokens: 90, cache_write_tokens: 5 },
    });
    // The older header as well, where it is not the vendor who is asked.
    expect(headers[0]).toMatchObject({ authorization: "Bearer sk-ant", "x-api-key": "sk-ant" });
  });

  test("may be calls, with thoughts that go back to the model signed", async () => {
    const thinking = [
      {
        type: "content_block_start",
        index: 0,
        content_block: { type: "thinking", thinking: "", signature: "" },
      },
      { type: "content_block_delta", index: 0, delta: { type: "thinking_delta", thinking: "Hm." } },
      { type: "content_block_delta", index: 0, delta: { type: "signature_delta", signature: "sig" } },
    ];
    const { ask, requests } = await endpoint(
      [start, ...thinking, ...call(1, '{"q"', ":1}"), ...call(2), ...stop("tool_use")],
      says("Found."),
    );
    const { done } = await ask({ tools: [SEARCH] });
    expect(done?.toolCalls).toEqual([
      { id: "toolu_1", name: "search", arguments: '{"q":1}' },
      { id: "toolu_2", name: "search", arguments: "" },
    ]);
    const messages: LlmMessage[] = [
      { role: "user", content: "Find it." },
      {
        role: "assistant",
        content: "",
        tool_calls: done?.toolCalls ?? [],
        ...(done?.continuation && { continuation: done.continuation }),
      },
      { role: "tool", tool_call_id: "toolu_1", content: "one" },
      { role: "tool", tool_call_id: "toolu_2", content: "" },
    ];
    expect((await ask({ tools: [SEARCH], messages })).done?.text).toBe("Found.");
    expect(requests.at(-1)?.messages[1]?.content).toEqual([
      { type: "thinking", thinking: "Hm.", signature: "sig" } as never,
      { type: "tool_use", id: "toolu_1", name: "search", input: { q: 1 } },
      { type: "tool_use", id: "toolu_2", name: "search", input: {} },
    ]);
  });

  test("keeps thoughts that nobody may read, and in their order", async () => {
    const thought = {
      type: "content_block_start",
      content_block: { type: "redacted_thinking", data: "EmwK" },
    };
    const open = { type: "thinking", thinking: "", signature: "" };
    const { ask, requests } = await endpoint(
      [
        start,
        { index: 0, ...thought },
        { type: "content_block_start", index: 1, content_block: open },
        { type: "content_block_delta", index: 1, delta: { type: "signature_delta", signature: "sig" } },
        ...call(2, "{}"),
        ...stop("tool_use"),
      ],
      says("Found."),
    );
    const { done } = await ask({ tools: [SEARCH] });
    const asked: LlmMessage[] = [
      { role: "user", content: "Find it." },
      { ...done, role: "assistant", content: "", tool_calls: done?.toolCalls ?? [] },
      { role: "tool", tool_call_id: "toolu_2", content: "one" },
    ];
    expect((await ask({ tools: [SEARCH], messages: asked })).done?.text).toBe("Found.");
    expect(requests.at(-1)?.messages[1]?.content.slice(0, 2) as unknown).toEqual([
      { type: "redacted_thinking", data: "EmwK" },
      { type: "thinking", thinking: "", signature: "sig" },
    ]);
  });

  test("is judged by its end", async () => {
    const { ask } = await endpoint([start, ...text("The st"), ...stop("max_tokens")]);
    expect((await ask()).done).toMatchObject({ text: "The st", isCut: true });
    const refused = await endpoint([start, ...text("I "), ...stop("refusal")]);
    expect((await refused.ask()).error?.message).toContain("filter");
    expect(refused.requests.length).toBe(ONCE);
    const early = await endpoint([start, ...text("I ")]);
    expect((await early.ask()).error?.message).toContain("ended early");
    expect(early.requests.length).toBe(ONCE + 3);
  });
});

describe("an answer as data", () => {
  const outputSchema = {
    type: "object",
    properties: {
      name: { type: "string", minLength: 1 },
      more: { oneOf: [{ type: "integer" }, { type: "null" }] },
    },
    required: ["name"],
  };
  const format = {
    type: "json_schema",
    schema: {
      type: "object",
      properties: { name: { type: "string" }, more: { anyOf: [{ type: "integer" }, { type: "null" }] } },
      required: ["name"],
      additionalProperties: false,
    },
  };

  test("the endpoint holds the model to its schema, beside tools as well", async () => {
    const { ask, requests } = await endpoint(says('{"name": "Ada"}'));
    expect((await ask({ outputSchema, tools: [SEARCH] })).done?.text).toBe('{"name": "Ada"}');
    expect(requests.at(-1)).toMatchObject({ output_config: { format }, tools: [{ name: "search" }] });
    await ask();
    expect(requests.at(-1)).not.toHaveProperty("output_config");
    // Its names are the model's to choose, which no strict schema can say.
    await ask({ outputSchema: { type: "object", additionalProperties: { type: "string" } } });
    expect(requests.at(-1)).not.toHaveProperty("output_config");
  });

  test.each([
    "output_config.format: Extra inputs are not permitted",
    "output_config: Extra inputs are not permitted",
    "'claude-3-haiku' does not support output format. Structured outputs are available for newer models.",
    "output_config.format.schema: the grammar is too large",
  ])("an endpoint that does not take it (%s) is asked without, from then on", async (message) => {
    const refused = { status: 400, error: { type: "invalid_request_error", message } };
    const { ask, requests } = await endpoint(refused, says('{"name": "Ada"}'));
    expect((await ask({ outputSchema })).done?.text).toBe('{"name": "Ada"}');
    expect(requests.at(-2)).toHaveProperty("output_config");
    await ask({ outputSchema });
    expect(requests.slice(-2).map((body) => "output_config" in body)).toEqual([false, false]);
  });
});

test("a usage that no column holds is clamped, and odd events are left out", async () => {
  const odd = [
    { type: "message_start", message: { usage: null } },
    { type: "content_block_delta", index: 9, delta: 7 },
  ];
  const end = {
    type: "message_delta",
    delta: { stop_reason: "end_turn" },
    usage: { output_tokens: 4_294_967_295 },
  };
  const { ask } = await endpoint([...odd, ...text("Hi."), end]);
  expect((await ask()).done).toMatchObject({
    text: "Hi.",
    usage: { prompt_tokens: 0, completion_tokens: 2_147_483_647 },
  });
});

describe("failures", () => {
  test("an overload is waited for, within the stream as outside", async () => {
    const overloaded = { type: "overloaded_error", message: "Overloaded" };
    const { ask, delays } = await endpoint(
      { status: 529, error: overloaded },
      [start, { type: "error", error: overloaded }],
      says("Hi."),
    );
    expect((await ask()).done?.text).toBe("Hi.");
    expect(delays.length).toBe(2);
  });

  test("a prompt that is too long and an empty account are told apart", async () => {
    const long = await endpoint({
      status: 400,
      error: { type: "invalid_request_error", message: "prompt is too long: 210000 tokens > 200000 maximum" },
    });
    expect((await long.ask()).error?.code).toBe("context_length_exceeded");
    const broke = await endpoint({
      status: 400,
      error: {
        type: "invalid_request_error",
        message: "Your credit balance is too low to access the Anthropic API.",
      },
    });
    expect((await broke.ask()).error?.message).toContain("credit balance");
    expect(broke.requests.length).toBe(ONCE);
  });

  test("a model with a smaller output limit gets its own", async () => {
    const { ask, requests } = await endpoint(says("Hi."));
    expect((await ask()).done?.text).toBe("Hi.");
    expect((await ask()).done?.text).toBe("Hi.");
    expect(requests.map(({ max_tokens }) => max_tokens)).toEqual([16_384, 8192, 8192]);
  });
});

describe("a request", () => {
  const sent = (messages: LlmMessage[], more: Partial<LlmRequest> = {}): Body => {
    const request = { model: "m", fallbackModels: [], tools: [SEARCH], signal: AbortSignal.any([]), ...more };
    return JSON.parse(
      JSON.stringify(
        toRequest({ ...request, messages }, { model: "m", origin: "m", quirks: { maxTokens: 8192 } }),
      ),
    );
  };

  test("is marked for the cache at the end of system prompt, history and request", () => {
    const body = sent([
      { role: "system", content: "Be kind." },
      { role: "user", content: "one" },
      { role: "assistant", content: "two" },
      { role: "user", content: "three", context: "noon" },
      { role: "assistant", content: "", tool_calls: [{ id: "a", name: "search", arguments: "{}" }] },
      { role: "tool", tool_call_id: "a", content: "found" },
    ]);
    const marked = [body.system, ...body.messages.map(({ content }) => content)].map((blocks) =>
      Boolean(blocks?.some((block) => block.cache_control)),
    );
    expect(marked).toEqual([true, false, true, false, false, true]);
  });

  test("is one that the API takes, whatever the conversation has been through", () => {
    const id = fc.constantFrom("a", "functions.search:0", "é", "", "x".repeat(80));
    const words = fc.constantFrom("", " ", "text");
    const message = fc.oneof(
      words.map((content): LlmMessage => ({ role: "user", content })),
      words.map((content): LlmMessage => ({ role: "system", content })),
      words.map((content): LlmMessage => ({ role: "assistant", content })),
      fc
        .array(
          fc.record({
            id,
            name: fc.constantFrom("search", "x.y"),
            arguments: fc.constantFrom("{}", "", "[1]", '{"a'),
          }),
          {
            minLength: 1,
            maxLength: 3,
          },
        )
        .map((calls): LlmMessage[] => [
          { role: "assistant", content: "", tool_calls: calls },
          ...calls.map((made): LlmMessage => ({ role: "tool", tool_call_id: made.id, content: "" })),
        ]),
    );
    fc.assert(
      fc.property(fc.array(message, { maxLength: 10 }), fc.boolean(), (conversation, hasTools) => {
        expect(refusal(sent(conversation.flat(), { tools: hasTools ? [SEARCH] : [] }))).toBeUndefined();
      }),
    );
  });
});

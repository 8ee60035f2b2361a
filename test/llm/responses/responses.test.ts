// OpenAI's responses, against a server that refuses what OpenAI refuses.

import { afterEach, describe, expect, test } from "bun:test";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { getLogger } from "@logtape/logtape";
import type { HeddleError } from "../../../src/errors.ts";
import type { LlmEvent, LlmMessage, LlmRequest } from "../../../src/llm/llm.ts";
import { createResponses } from "../../../src/llm/responses/responses.ts";
import { createOpenAiLlm } from "../openai-llm.ts";

interface Item {
  type?: string;
  role?: string;
  content?: string;
  call_id?: string;
  arguments?: string;
}
interface Body {
  instructions?: string;
  input: Item[];
  store: boolean;
  include?: string[];
  tools?: object[];
  tool_choice?: string;
}

const SEARCH = { name: "search", description: "Searches.", parameters: { type: "object", properties: {} } };
const open: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of open.splice(0)) await stop();
});

function refusal({ input, include, store }: Body, withoutReasoning: boolean): string | undefined {
  if (store) return "this organisation stores nothing";
  if (withoutReasoning && include?.length) return "Encrypted content is not supported with this model.";
  for (const [at, { type, call_id }] of input.entries()) {
    const answered = input
      .slice(at)
      .some((item) => item.type === "function_call_output" && item.call_id === call_id);
    if (type === "function_call" && !answered) return `No tool output found for function call ${call_id}.`;
    if (type === "reasoning" && input[at + 1]?.type !== "function_call")
      return "Item 'rs_1' of type 'reasoning' was provided without its required following item.";
  }
  return undefined;
}

async function endpoint(replies: object[][], { withoutReasoning = false } = {}) {
  const requests: Body[] = [];
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part);
    const body: Body = JSON.parse(Buffer.concat(parts).toString());
    requests.push(body);
    const message = request.url === "/v1/responses" ? refusal(body, withoutReasoning) : "no such path";
    if (message) {
      response.writeHead(400, { "content-type": "application/json" });
      return response.end(JSON.stringify({ error: { message, type: "invalid_request_error" } }));
    }
    response.writeHead(200, { "content-type": "text/event-stream" });
    for (const event of ((replies.length > 1 ? replies.shift() : replies[0]) ?? []) as { type: string }[]) {
      response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
    }
    return response.end();
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  open.push(() => server.close());
  const llm = createOpenAiLlm(
    {
      apiKey: "key",
      baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
      log: getLogger("heddle"),
      sleep: async () => undefined,
    },
    createResponses,
  );
  const ask = async (more: Partial<LlmRequest> = {}) => {
    const events: LlmEvent[] = [];
    const request: LlmRequest = {
      model: "m",
      fallbackModels: [],
      messages: [{ role: "user", content: "Hello" }],
      tools: [],
      signal: new AbortController().signal,
      ...more,
    };
    try {
      for await (const event of llm.stream(request)) events.push(event);
    } catch (error) {
      return { error: error as HeddleError };
    }
    return { done: events.find((event) => event.type === "done") };
  };
  return { requests, ask };
}

const delta = (text: string) => ({ type: "response.output_text.delta", delta: text });
const usage = { input_tokens: 9, output_tokens: 3 };
const completed = { type: "response.completed", response: { usage } };
const done = (item: object) => ({ type: "response.output_item.done", item });

test("an answer is streamed text with usage; the system prompt goes in as instructions", async () => {
  const { ask, requests } = await endpoint([
    [{ type: "response.created" }, delta("Hel"), delta("lo"), completed],
  ]);
  const messages: LlmMessage[] = [
    { role: "system", content: "Be kind." },
    { role: "user", content: "Hello" },
  ];
  expect((await ask({ messages })).done).toMatchObject({
    text: "Hello",
    isCut: false,
    usage: { prompt_tokens: 9, completion_tokens: 3 },
  });
  expect(requests[0]).toMatchObject({
    instructions: "Be kind.",
    input: [{ role: "user", content: "Hello" }],
    store: false,
  });
});

test("calls come with the reasoning that led to them, and both go back", async () => {
  const reasoning = {
    type: "reasoning",
    id: "rs_1",
    summary: [],
    encrypted_content: "gAAAA",
    status: "completed",
  };
  const call = { type: "function_call", id: "fc_1", call_id: "call_1", name: "search", arguments: '{"q":1}' };
  const { ask, requests } = await endpoint([
    [done(reasoning), done(call), completed],
    [delta("Found."), completed],
  ]);
  const { done: first } = await ask({ tools: [SEARCH] });
  expect(first?.toolCalls).toEqual([{ id: "call_1", name: "search", arguments: '{"q":1}' }]);
  const messages: LlmMessage[] = [
    { role: "user", content: "Find it." },
    {
      role: "assistant",
      content: "",
      tool_calls: first?.toolCalls ?? [],
      ...(first?.continuation && { continuation: first.continuation }),
    },
    { role: "tool", tool_call_id: "call_1", content: "found" },
  ];
  expect((await ask({ tools: [SEARCH], messages })).done?.text).toBe("Found.");
  expect(requests[1]?.input.map(({ type, role }) => type ?? role)).toEqual([
    "user",
    "reasoning",
    "function_call",
    "function_call_output",
  ]);
});

test("what was thought between two calls stays between them", async () => {
  const thought = (id: string) => done({ type: "reasoning", id, summary: [], encrypted_content: "gAAAA" });
  const made = (id: string) =>
    done({ type: "function_call", id, call_id: id, name: "search", arguments: "{}" });
  const { ask, requests } = await endpoint([
    [thought("rs_1"), made("one"), thought("rs_2"), made("two"), completed],
    [delta("Found."), completed],
  ]);
  const { done: first } = await ask({ tools: [SEARCH] });
  const messages: LlmMessage[] = [
    { role: "user", content: "Find it." },
    { ...first, role: "assistant", content: "", tool_calls: first?.toolCalls ?? [] },
    { role: "tool", tool_call_id: "one", content: "found" },
    { role: "tool", tool_call_id: "two", content: "found" },
  ];
  expect((await ask({ tools: [SEARCH], messages })).done?.text).toBe("Found.");
  expect(requests[1]?.input.map(({ type, role }) => type ?? role)).toEqual(
    ["user", "reasoning", "function_call", "reasoning", "function_call"].concat([
      "function_call_output",
      "function_call_output",
    ]),
  );
});

test("a thought of which only the id came does not go back, because nothing is stored under it", async () => {
  const thought = (more: object) => done({ type: "reasoning", id: "rs_1", summary: [], ...more });
  const made = done({ type: "function_call", id: "one", call_id: "one", name: "search", arguments: "{}" });
  for (const [more, kept] of [
    [{}, false],
    [{ encrypted_content: null, content: [] }, false],
    [{ content: [{ type: "reasoning_text", text: "Hm." }] }, true],
  ] as const) {
    const { ask, requests } = await endpoint([
      [thought(more), made, completed],
      [delta("Found."), completed],
    ]);
    const { done: first } = await ask({ tools: [SEARCH] });
    const messages: LlmMessage[] = [
      { role: "user", content: "Find it." },
      { ...first, role: "assistant", content: "", tool_calls: first?.toolCalls ?? [] },
      { role: "tool", tool_call_id: "one", content: "found" },
    ];
    expect((await ask({ tools: [SEARCH], messages })).done?.text).toBe("Found.");
    expect(requests[1]?.input.some(({ type }) => type === "reasoning")).toBe(kept);
  }
});

test("a conversation with calls is sent with their tools, none of which may be called", async () => {
  const { ask, requests } = await endpoint([[delta("Hi."), completed]]);
  const messages: LlmMessage[] = [
    { role: "user", content: "a" },
    { role: "assistant", content: "", tool_calls: [{ id: "1", name: "x.y", arguments: '{"a' }] },
    { role: "tool", tool_call_id: "1", content: "found" },
    { role: "user", content: "b" },
  ];
  expect((await ask({ messages })).done?.text).toBe("Hi.");
  expect(requests[0]).toMatchObject({ tool_choice: "none", tools: [{ name: "x_y" }] });
});

test("a model that returns no reasoning is asked without it from then on", async () => {
  const { ask, requests } = await endpoint([[delta("Hi."), completed]], { withoutReasoning: true });
  expect((await ask()).done?.text).toBe("Hi.");
  expect((await ask()).done?.text).toBe("Hi.");
  expect(requests.length).toBe(3);
});

describe("an answer is judged by its end", () => {
  const incomplete = (reason: string) => ({
    type: "response.incomplete",
    response: { incomplete_details: { reason }, usage },
  });
  test("cut, filtered, failed or broken off", async () => {
    expect(
      (await (await endpoint([[delta("The st"), incomplete("max_output_tokens")]])).ask()).done?.isCut,
    ).toBe(true);
    const filtered = await endpoint([[delta("x"), incomplete("content_filter")]]);
    expect((await filtered.ask()).error?.message).toContain("content filter");
    expect(filtered.requests.length).toBe(1);
    const failed = {
      type: "response.failed",
      response: { error: { code: "server_error", message: "Fell over" } },
    };
    const server = await endpoint([[failed], [delta("Hi."), completed]]);
    expect((await server.ask()).done?.text).toBe("Hi.");
    const early = await endpoint([[delta("x")]]);
    expect((await early.ask()).error?.message).toContain("ended early");
  });

  test("an error event says its reason", async () => {
    const quota = await endpoint([
      [{ type: "error", code: "insufficient_quota", message: "No quota is left." }],
    ]);
    expect((await quota.ask()).error?.message).toContain("No quota is left.");
    expect(quota.requests.length).toBe(1);
  });
});

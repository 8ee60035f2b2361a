// Endpoints that refuse a part of the request, answer in other forms, or say in their own way that they failed.

import { afterEach, describe, expect, test } from "bun:test";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { getLogger } from "@logtape/logtape";
import type { HeddleError } from "../../../src/errors.ts";
import type { LlmEvent, LlmMessage, LlmRequest } from "../../../src/llm/llm.ts";
import { NoAnswer } from "../../../src/llm/no-answer.ts";
import { createOpenAiLlm } from "../openai-llm.ts";
import {
  type Answer,
  delta,
  EVERYWHERE,
  nineLetterIds,
  type Rule,
  reasoningContent,
  says,
  startStrictEndpoint,
  thoughtSignatures,
} from "../strict-endpoint.ts";

const SEARCH = { name: "search", description: "Searches.", parameters: { type: "object", properties: {} } };
const open: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of open.splice(0)) await stop();
});

const request = (more: Partial<LlmRequest> = {}): LlmRequest => ({
  model: "m",
  fallbackModels: [],
  messages: [{ role: "user", content: "Hello" }],
  tools: [],
  signal: new AbortController().signal,
  ...more,
});

async function ask(llm: ReturnType<typeof createOpenAiLlm>, more: Partial<LlmRequest> = {}) {
  const events: LlmEvent[] = [];
  try {
    for await (const event of llm.stream(request(more))) events.push(event);
  } catch (error) {
    return { events, error: error as HeddleError };
  }
  return { events, done: events.find((event) => event.type === "done") };
}

function llmFor(baseUrl: string, timeoutMs?: number, redact = (text: string) => text) {
  const delays: number[] = [];
  const llm = createOpenAiLlm({
    apiKey: "key",
    baseUrl,
    log: getLogger("heddle"),
    sleep: async (ms) => void delays.push(ms),
    random: () => 0,
    redact,
    ...(timeoutMs !== undefined && { timeoutMs }),
  });
  return { llm, delays };
}

async function endpoint(rules: Rule[], answers: Answer[]) {
  const strict = await startStrictEndpoint(rules, answers);
  open.push(strict.stop);
  return { strict, ...llmFor(strict.url) };
}

const withCall: LlmMessage[] = [
  { role: "user", content: "Find it." },
  { role: "assistant", content: "", tool_calls: [{ id: "call_1", name: "search", arguments: "{}" }] },
  { role: "tool", tool_call_id: "call_1", content: "found" },
];

const severalCalls: LlmMessage[] = [
  { role: "user", content: "Find them." },
  {
    role: "assistant",
    content: "I look.",
    tool_calls: ["a", "b"].map((id) => ({ id, name: "search", arguments: `{"q":"${id}"}` })),
  },
  { role: "tool", tool_call_id: "b", content: "found b" },
  { role: "tool", tool_call_id: "a", content: "found a" },
];
const ofKimi = withCall.map((message): LlmMessage => {
  const id = "functions.search:0";
  if (message.role === "tool") return { ...message, tool_call_id: id };
  if (message.role !== "assistant") return message;
  return { ...message, tool_calls: [{ id, name: "search", arguments: "{}" }] };
});
const idsOf =
  (complaint: string): Rule =>
  ({ messages }) =>
    messages.some(({ tool_calls = [] }) => tool_calls.some(({ id }) => !/^[a-zA-Z0-9_-]+$/.test(id)))
      ? complaint
      : undefined;

describe("what an endpoint does not take is left out at once, and from then on", () => {
  const cases: Record<string, { rule: Rule; more?: Partial<LlmRequest> }> = {
    stream_options: {
      rule: ({ stream_options }) => (stream_options ? "Unknown field: stream_options" : undefined),
    },
    "stream_options, as Mistral says it": {
      rule: ({ stream_options }) =>
        stream_options
          ? {
              status: 422,
              error: {
                message: '[{"loc":["body","stream_options"],"msg":"Extra inputs are not permitted"}]',
              },
            }
          : undefined,
    },
    tools: {
      rule: ({ tools }) => (tools ? "registry.ollama.ai/library/gemma:2b does not support tools" : undefined),
      more: { tools: [SEARCH], messages: withCall },
    },
    tool_choice: {
      rule: ({ tool_choice }) => (tool_choice ? "tool_choice is not supported" : undefined),
      more: { messages: withCall },
    },
    "forced calls": {
      rule: ({ tool_choice }) =>
        tool_choice === "required" ? "deepseek-reasoner does not support this tool_choice" : undefined,
      more: { tools: [SEARCH], mustCall: true },
    },
    "a system role": {
      rule: ({ messages }) =>
        messages.some(({ role }) => role === "system")
          ? { status: 500, error: { message: "System role not supported" } }
          : undefined,
      more: { messages: [{ role: "system", content: "Be kind." }, ...withCall], tools: [SEARCH] },
    },
    "a text beside calls": {
      rule: ({ messages }) =>
        messages.some(({ content, tool_calls }) => content && tool_calls)
          ? {
              status: 422,
              error: { message: "Assistant message must have either content or tool_calls, but not both." },
            }
          : undefined,
      more: { tools: [SEARCH], messages: severalCalls },
    },
    "a text beside thoughts and calls, of gpt-oss": {
      rule: ({ messages }) =>
        messages.some(
          ({ content, tool_calls, reasoning_content }) => content && tool_calls && reasoning_content,
        )
          ? {
              status: 500,
              error: {
                message:
                  "Cannot pass both content and thinking in an assistant message with tool calls! Put the analysis message in one or the other, but not both.",
              },
            }
          : undefined,
      more: {
        tools: [SEARCH],
        messages: severalCalls.map((message) =>
          message.role === "assistant"
            ? { ...message, continuation: { model: "m", fields: { reasoning_content: "Hm." } } }
            : message,
        ),
      },
    },
    "several calls in one message": {
      rule: ({ messages }) =>
        messages.some(({ tool_calls = [] }) => tool_calls.length > 1)
          ? { status: 500, error: { message: "This model only supports single tool-calls at once!" } }
          : undefined,
      more: { tools: [SEARCH], messages: severalCalls },
    },
    "calls without a text, at xAI": {
      rule: ({ messages }) =>
        messages.some(({ content }) => content === null)
          ? "Invalid request content: Each message must have at least one content element."
          : undefined,
      more: { tools: [SEARCH], messages: withCall },
    },
    "ids with colons, of Bedrock": {
      rule: idsOf(
        "Value 'functions.search:0' at 'messages.2.member.toolUse.toolUseId' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_-]+",
      ),
      more: { tools: [SEARCH], messages: ofKimi },
    },
    "ids with colons, of Claude": {
      rule: idsOf("messages.1.content.0.tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'"),
      more: { tools: [SEARCH], messages: ofKimi },
    },
    "ids of another form": { rule: nineLetterIds, more: { tools: [SEARCH], messages: withCall } },
  };
  for (const [name, { rule, more = {} }] of Object.entries(cases)) {
    test(name, async () => {
      const { strict, llm, delays } = await endpoint([rule], [says("Hi.")]);
      expect((await ask(llm, more)).done?.text).toBe("Hi.");
      expect((await ask(llm, more)).done?.text).toBe("Hi.");
      expect(strict.requests.length).toBe(3);
      expect(delays).toEqual([]);
    });
  }

  test("calls that were made together go one after another, each with its result", async () => {
    const single: Rule = ({ messages }) =>
      messages.some(({ tool_calls = [] }) => tool_calls.length > 1)
        ? "only one tool call per message"
        : undefined;
    const { strict, llm } = await endpoint([...Object.values(EVERYWHERE), single], [says("Hi.")]);
    await ask(llm, { tools: [SEARCH], messages: severalCalls });
    expect(
      strict.requests
        .at(-1)
        ?.messages.map(({ content, tool_calls, tool_call_id }) => [
          content,
          tool_calls?.map(({ id }) => id).join() ?? tool_call_id,
        ]),
    ).toEqual([
      ["Find them.", undefined],
      ["I look.", "a"],
      ["found a", "a"],
      [null, "b"],
      ["found b", "b"],
    ]);
  });

  test("a refusal that does not end with it is a failure", async () => {
    const { strict, llm } = await endpoint([() => "stream_options and everything else is wrong"], []);
    expect((await ask(llm)).error?.code).toBe("model_failed");
    expect(strict.requests.length).toBe(2);
  });
});

test("a model that calls although it must answer is asked without tools, and both requests count", async () => {
  const usage = { choices: [], usage: { prompt_tokens: 100, completion_tokens: 5 } };
  const call = { tool_calls: [{ index: 0, id: "1", function: { name: "search", arguments: "{}" } }] };
  const answers: Answer[] = [
    { events: [delta(call, "tool_calls"), usage] },
    { events: [delta({ content: "Hi." }, "stop"), usage] },
  ];
  // As Ollama does, the endpoint takes tool_choice and ignores it.
  const { strict, llm, delays } = await endpoint(Object.values(EVERYWHERE), answers);
  const { done } = await ask(llm, { tools: [SEARCH], messages: severalCalls, mustAnswer: true });
  expect(done).toMatchObject({ text: "Hi.", usage: { prompt_tokens: 200, completion_tokens: 10 } });
  expect(strict.requests.map(({ tools, tool_choice }) => [tools?.length, tool_choice])).toEqual([
    [1, "none"],
    [undefined, undefined],
  ]);
  expect(JSON.stringify(strict.requests[1]?.messages)).toContain("Result of a tool:\\nfound a");
  expect([strict.refusals, delays]).toEqual([[], []]);
});

describe("what a model needs back is sent back", () => {
  const call = (more: object) =>
    delta(
      { tool_calls: [{ index: 0, id: "1", function: { name: "search", arguments: "{}" }, ...more }] },
      "stop",
    );

  async function secondTurn(rule: Rule, first: unknown[]) {
    const { strict, llm } = await endpoint([rule], [{ events: first }, says("Found.")]);
    const { done } = await ask(llm, { tools: [SEARCH] });
    const step: LlmMessage = {
      role: "assistant",
      content: done?.text ?? "",
      tool_calls: done?.toolCalls ?? [],
      ...(done?.continuation && { continuation: done.continuation }),
    };
    const messages: LlmMessage[] = [
      { role: "user", content: "Find it." },
      step,
      { role: "tool", tool_call_id: "1", content: "x" },
    ];
    const answer = await ask(llm, { tools: [SEARCH], messages });
    return { answer, refusals: strict.refusals };
  }

  test("thought signatures", async () => {
    const first = [call({ extra_content: { google: { thought_signature: "sig" } } })];
    const { answer, refusals } = await secondTurn(thoughtSignatures, first);
    expect(refusals).toEqual([]);
    expect(answer.done?.text).toBe("Found.");
  });

  test("reasoning", async () => {
    const { answer, refusals } = await secondTurn(reasoningContent, [
      delta({ reasoning_content: "Hm." }),
      call({}),
    ]);
    expect(refusals).toEqual([]);
    expect(answer.done?.text).toBe("Found.");
  });
});

describe("an answer in another form", () => {
  const whole = { choices: [{ message: { role: "assistant", content: "Hi." }, finish_reason: "stop" }] };
  const forms: Record<string, Answer> = {
    "a whole JSON answer": { raw: JSON.stringify(whole, null, 2), type: "application/json" },
    "a stream under another type": {
      raw: `: hello\n\ndata: ${JSON.stringify(delta({ content: "Hi." }, "stop"))}\n\n`,
      type: "application/json",
    },
    "with keep-alive chunks": {
      events: ["null", delta({ content: "Hi." }), { choices: null }, delta({}, "stop")],
    },
  };
  for (const [name, answer] of Object.entries(forms)) {
    test(name, async () => {
      const { llm } = await endpoint([], [answer]);
      expect((await ask(llm)).done?.text).toBe("Hi.");
    });
  }
});

describe("a failure says its reason, and is retried only where that may help", () => {
  const cases: Record<string, { answer: Answer; says: string; requests: number }> = {
    "an error with status 200": {
      answer: { raw: '{"error": "Insufficient credits to run this request"}', type: "application/json" },
      says: "Insufficient credits",
      requests: 1,
    },
    "a wrong address": {
      answer: { raw: '{"error": "Unexpected endpoint or method. (POST /chat/completions)"}' },
      says: "Unexpected endpoint",
      requests: 1,
    },
    "a status of the endpoint's own": {
      answer: { raw: '{"base_resp": {"status_code": 1004, "status_msg": "login fail"}}' },
      says: "login fail",
      requests: 4,
    },
    "a web page": {
      answer: { raw: "<!DOCTYPE html><h1>Welcome</h1>", type: "text/html" },
      says: "web page",
      requests: 4,
    },
    "a used up quota": {
      answer: {
        status: 429,
        error: { message: "You exceeded your current quota", code: "insufficient_quota" },
      },
      says: "quota",
      requests: 1,
    },
    "a refused key within the stream": {
      answer: { events: [{ error: { message: "No auth credentials found", code: 401 } }] },
      says: "No auth credentials",
      requests: 1,
    },
    "a rate limit within the stream": {
      answer: { events: [{ error: { message: "Slow down", code: 429 } }] },
      says: "Slow down",
      requests: 4,
    },
    "a call that the endpoint could not read": {
      answer: { status: 400, error: { message: "Failed to call a function.", code: "tool_use_failed" } },
      says: "Failed to call",
      requests: 4,
    },
    "a refusal wrapped in a 500": {
      answer: { status: 500, error: { message: "litellm.BadRequestError: bad role" } },
      says: "bad role",
      requests: 1,
    },
    "a content filter": {
      answer: { events: [delta({ content: "half" }, "content_filter")] },
      says: "content filter",
      requests: 1,
    },
  };
  for (const [name, { answer, says: text, requests }] of Object.entries(cases)) {
    test(name, async () => {
      const { strict, llm } = await endpoint([], [answer]);
      const { error } = await ask(llm);
      expect(error?.code).toBe("model_failed");
      expect(error?.message).toContain(text);
      expect(strict.requests.length).toBe(requests);
    });
  }

  test("what an answer that is none has used is told with the failure", async () => {
    const usage = { prompt_tokens: 900, completion_tokens: 100 };
    const half = { ...delta({ content: "half" }, "content_filter"), usage };
    const { llm } = await endpoint([], [{ events: [half] }]);
    const { error } = await ask(llm);
    expect(error).toBeInstanceOf(NoAnswer);
    expect((error as NoAnswer).spent.usage).toMatchObject(usage);
  });

  test("no failure repeats a secret, or more than a line, of what the endpoint sent", async () => {
    const answers: Answer[] = [
      { raw: `oops, the key sk-secret-1 ${"x".repeat(5000)}` },
      { raw: JSON.stringify({ detail: `sk-secret-1 is wrong ${"x".repeat(5000)}` }) },
      { events: [{ base_resp: { status_code: 1, status_msg: "sk-secret-1 is wrong" } }] },
      // What is quoted of it ends within the secret.
      { raw: `${"x".repeat(191)} sk-secret-1 ${"x".repeat(5000)}` },
    ];
    for (const answer of answers) {
      const { strict } = await endpoint([], [answer]);
      const { llm } = llmFor(strict.url, undefined, (text) => text.replaceAll("sk-secret-1", "[redacted]"));
      const { error, events } = await ask(llm);
      expect(error?.message).toContain("[redact");
      expect(error?.message.length).toBeLessThan(400);
      expect(JSON.stringify([events, error?.message])).not.toContain("sk-");
    }
  });

  test("a rate limit within the stream waits as one outside", async () => {
    const { llm, delays } = await endpoint(
      [],
      [{ events: [{ error: { message: "Slow down", code: 429 } }] }, says("Hi.")],
    );
    expect((await ask(llm)).done?.text).toBe("Hi.");
    expect(delays).toEqual([2500]);
  });

  test("a used up account leaves the turn to the next model", async () => {
    const exhausted: Rule = ({ model }) =>
      model === "m" ? { status: 429, error: { message: "x", code: "insufficient_quota" } } : undefined;
    const { strict, llm } = await endpoint([exhausted], [says("Hi.")]);
    expect((await ask(llm, { fallbackModels: ["other"] })).done).toMatchObject({
      text: "Hi.",
      model: "other",
    });
    expect(strict.requests.length).toBe(2);
  });
});

describe("a slow endpoint", () => {
  async function slow(write: (send: (text: string | Uint8Array) => void, end: () => void) => void) {
    const server = createServer((_, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      write(
        (text) => response.write(text),
        () => response.end(),
      );
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    open.push(
      () => server.closeAllConnections(),
      () => server.close(),
    );
    return llmFor(`http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, 300).llm;
  }
  const event = (value: object) => `data: ${JSON.stringify(value)}\n\n`;

  test("that shows by comments that it reads the prompt is waited for", async () => {
    const llm = await slow((send, end) => {
      let comments = 0;
      const timer = setInterval(() => {
        if (comments++ < 6) return send(": processing\n\n");
        clearInterval(timer);
        send(event(delta({ content: "Hi." }, "stop")));
        end();
      }, 100);
    });
    expect((await ask(llm)).done?.text).toBe("Hi.");
  });

  test("whose first packets end within a field name or a character is understood", async () => {
    const bytes = Buffer.from(`\ufeff: ü\n\n${event(delta({ content: "Grüße 🎉" }, "stop"))}`);
    const llm = await slow((send, end) => {
      let at = 0;
      const timer = setInterval(() => {
        // The first packets have a byte each, the last one the rest.
        const next = at < 12 ? at + 1 : bytes.length;
        send(bytes.subarray(at, next));
        at = next;
        if (at < bytes.length) return;
        clearInterval(timer);
        end();
      }, 5);
    });
    expect((await ask(llm)).done?.text).toBe("Grüße 🎉");
  });

  test.each([
    ["", [delta({ content: "Hi." }, "stop")]],
    [", for a reason that nobody knows", [delta({ content: "Hi." }), delta({}, "over_and_out")]],
  ])("that keeps the connection open behind its answer has answered%s", async (_, chunks) => {
    const llm = await slow((send) => send(chunks.map(event).join("")));
    expect((await ask(llm)).done?.text).toBe("Hi.");
  });

  test("that has a word of its own in each chunk has not ended with the first, however long it pauses", async () => {
    const llm = await slow((send, end) => {
      send(event(delta({ content: "Hel" }, "going_on")));
      send(event(delta({}, "going_on")));
      setTimeout(() => {
        send(event(delta({ content: "lo." }, "going_on")));
        end();
      }, 200);
    });
    expect((await ask(llm)).done?.text).toBe("Hello.");
  });
});

// Further cases of the kinds of faults that real endpoints have shown: broken histories, calls in odd shapes, ends, chunks and waits.

import { describe, expect, test } from "bun:test";
import { getLogger } from "@logtape/logtape";
import { createAnthropicMessages } from "../../../src/llm/anthropic/messages.ts";
import type { AttemptFailure } from "../../../src/llm/attempt.ts";
import type { LlmEvent, LlmMessage, LlmRequest } from "../../../src/llm/llm.ts";
import { createResponses } from "../../../src/llm/responses/responses.ts";
import { createOpenAiLlm } from "../openai-llm.ts";
import { type Answer, delta, EVERYWHERE, startStrictEndpoint } from "../strict-endpoint.ts";

const SEARCH = { name: "search", description: "Searches.", parameters: { type: "object", properties: {} } };
const HELLO: LlmMessage = { role: "user", content: "Hello" };
const WELL: Answer = { events: [delta({ content: "Hi." }, "stop")] };

/** Asks an endpoint with all strict rules. */
async function ask(answers: Answer[], more: Partial<LlmRequest> = {}) {
  const endpoint = await startStrictEndpoint(Object.values(EVERYWHERE), answers);
  const waits: number[] = [];
  const llm = createOpenAiLlm({
    apiKey: "key",
    baseUrl: endpoint.url,
    log: getLogger("heddle"),
    random: () => 0,
    sleep: async (ms) => void waits.push(ms),
  });
  const { signal } = new AbortController();
  const request = { model: "m", fallbackModels: [], messages: [HELLO], tools: [SEARCH], signal, ...more };
  const events: LlmEvent[] = [];
  let kind: string | undefined;
  try {
    for await (const event of llm.stream(request)) events.push(event);
  } catch (error) {
    kind = ((error as Error).cause as AttemptFailure | undefined)?.kind ?? "failed";
  }
  await endpoint.stop();
  const done = events.findLast((event) => event.type === "done");
  const streamed = events.map((event) => (event.type === "text" ? event.text : "")).join("");
  return {
    ...{ text: done?.text, streamed, usage: done?.usage, kind, waits, refusals: endpoint.refusals },
    calls: (done?.toolCalls ?? []).map((call) => `${call.name} ${call.arguments}`),
    sent: endpoint.requests.at(-1)?.messages ?? [],
  };
}

const called = (args: string, name = "search", id = "call_1"): LlmMessage[] => [
  HELLO,
  { role: "assistant", content: "", tool_calls: [{ id, name, arguments: args }] },
  { role: "tool", tool_call_id: id, content: "found" },
];
const one = { id: "c", name: "search", arguments: "{}" };

describe("a history is taken with", () => {
  const deep = `${'{"a":'.repeat(20_000)}1${"}".repeat(20_000)}`;
  const broken = [
    "{'q': 'x'}",
    '{"q": 1,}',
    '{"q": NaN}',
    '{"q": "x"}}',
    deep,
    '"{}"',
    "\ufeff{}",
    "undefined",
    "```json\n{}\n```",
  ];
  test.each(broken.map((args) => [args.slice(0, 20), args]))("arguments %j", async (_, args) => {
    expect(await ask([WELL], { messages: called(args) })).toMatchObject({ text: "Hi.", refusals: [] });
  });

  test.each(["   ", "поиск", "__proto__", "search\n", "a".repeat(70), "🔍"])("the name %j", async (name) => {
    expect(await ask([WELL], { messages: called("{}", name) })).toMatchObject({ text: "Hi.", refusals: [] });
  });

  test.each(["", " ", "a\nb", "é", "x".repeat(41)])("the id %j", async (id) => {
    expect(await ask([WELL], { messages: called("{}", "search", id) })).toMatchObject({
      text: "Hi.",
      refusals: [],
    });
  });

  const result: LlmMessage = { role: "tool", tool_call_id: "c", content: "found" };
  const call: LlmMessage = { role: "assistant", content: "", tool_calls: [one] };
  test.each<[string, LlmMessage[], string]>([
    ["a result of no call", [HELLO, { ...result, tool_call_id: "nope" }, HELLO], "Result of a tool:\nfound"],
    [
      "two results of one call",
      [HELLO, call, result, { ...result, content: "again" }],
      "Result of a tool:\nagain",
    ],
    ["a call without a result", [HELLO, call, HELLO], "(no result)"],
    [
      "two calls of which one has a result",
      [HELLO, { ...call, tool_calls: [one, { ...one, id: "d" }] }, result, HELLO],
      "(no result)",
    ],
    ["a result before its call", [HELLO, result, call, HELLO], "(no result)"],
    ["a call as its last word", [HELLO, call], "(no result)"],
  ])("%s", async (_, messages, text) => {
    const { refusals, sent, ...answer } = await ask([WELL], { messages });
    expect([answer.text, refusals]).toEqual(["Hi.", []]);
    expect(JSON.stringify(sent)).toContain(JSON.stringify(text).slice(1, -1));
  });
});

describe("a call is read", () => {
  const calls = (...pieces: unknown[]): Answer => ({
    events: [...pieces.map((tool_calls) => delta({ tool_calls })), delta({}, "tool_calls")],
  });
  const wanted = 'search {"q":"x"}';
  test.each<[string, Answer]>([
    [
      "whose name comes in pieces",
      calls(
        [{ index: 0, id: "c", function: { name: "sea" } }],
        [{ index: 0, function: { name: "rch", arguments: '{"q":"x"}' } }],
      ),
    ],
    [
      "of a list that is an object",
      calls({ "0": { id: "c", function: { name: "search", arguments: '{"q":"x"}' } } }),
    ],
    [
      "of OpenAI's custom tools",
      calls([{ index: 0, id: "c", type: "custom", custom: { name: "search", input: '{"q":"x"}' } }]),
    ],
    [
      "whose arguments are its input",
      calls([{ index: 0, id: "c", function: { name: "search", input: { q: "x" } } }]),
    ],
    ["of a framework", calls([{ id: "c", name: "search", args: { q: "x" } }])],
    [
      "by its id",
      calls([{ index: 0, id: "c", function: { name: "functions.search:0", arguments: '{"q":"x"}' } }]),
    ],
    [
      "once, although it comes once more as a whole",
      calls(
        [{ index: 0, id: "c", function: { name: "search", arguments: '{"q":' } }],
        [{ index: 0, function: { arguments: '"x"}' } }],
        [{ index: 0, id: "c", function: { name: "search", arguments: '{"q":"x"}' } }],
      ),
    ],
    [
      "with a negative index",
      calls([{ index: -1, id: "c", function: { name: "search", arguments: '{"q":"x"}' } }]),
    ],
  ])("%s", async (_, answer) => {
    expect((await ask([answer])).calls).toEqual([wanted]);
  });

  test("twice, if only its id is the same", async () => {
    const pieces = ["x", "y"].map((q) => ({
      id: "c",
      function: { name: "search", arguments: `{"q":"${q}"}` },
    }));
    expect((await ask([calls(pieces)])).calls).toEqual([wanted, 'search {"q":"y"}']);
  });

  test("of two tools whose names are no pieces of one", async () => {
    const pieces = [
      { index: 0, id: "", function: { name: "search" } },
      { index: 0, id: "", function: { name: "look", arguments: "{}" } },
    ];
    expect((await ask([calls(pieces)])).calls).toEqual(["search ", "look {}"]);
  });
});

describe("an answer is whole", () => {
  test.each<[string, Answer]>([
    [
      "whose end is an object",
      { events: [delta({ content: "Hi." }), delta({}, { reason: "stop" } as never)] },
    ],
    [
      "whose end has another name",
      { events: [{ choices: [{ index: 0, delta: { content: "Hi." }, finishReason: "STOP" }] }] },
    ],
    [
      "of which others come beside",
      {
        events: [
          {
            choices: [
              { index: 0, delta: { content: "Hi" } },
              { index: 1, delta: { content: "Ho" } },
            ],
          },
          { choices: [{ index: 1, delta: { content: "." }, finish_reason: "stop" }] },
          { choices: [{ index: 0, delta: { content: "." }, finish_reason: "stop" }] },
        ],
      },
    ],
    [
      "with the name of the field twice",
      {
        raw: `data: data: ${JSON.stringify(delta({ content: "Hi." }, "stop"))}\n\n`,
        type: "text/event-stream",
      },
    ],
    [
      "in objects without lines between",
      {
        raw: `data: ${JSON.stringify(delta({ content: "Hi" }))}${JSON.stringify(delta({ content: "." }, "stop"))}\n\n`,
        type: "text/event-stream",
      },
    ],
    [
      "in a text of JSON",
      {
        raw: `data: ${JSON.stringify(JSON.stringify(delta({ content: "Hi." }, "stop")))}\n\n`,
        type: "text/event-stream",
      },
    ],
    [
      "wrapped by a gateway",
      {
        raw: JSON.stringify({
          data: { choices: [{ message: { content: "Hi." }, finish_reason: "stop" }] },
          success: true,
        }),
        type: "application/json",
      },
    ],
    [
      "wrapped in a stream",
      {
        raw: `data: ${JSON.stringify({ result: delta({ content: "Hi." }, "stop") })}\n\n`,
        type: "text/event-stream",
      },
    ],
    [
      "of choices that are an object",
      {
        raw: `data: ${JSON.stringify({ choices: { "0": { delta: { content: "Hi." }, finish_reason: "stop" } } })}\n\n`,
        type: "text/event-stream",
      },
    ],
    ["with thoughts in capitals", { events: [delta({ content: "<THINK>Hm</THINK>Hi." }, "stop")] }],
    [
      "behind which the model's own mark stands",
      {
        events: [delta({ content: "Hi." }), delta({ content: "<|im_" }), delta({ content: "end|>" }, "stop")],
      },
    ],
    [
      "behind which two marks stand",
      { events: [delta({ content: "Hi.</s>\n<｜end▁of▁sentence｜>" }, "stop")] },
    ],
  ])("%s", async (_, answer) => {
    expect(await ask([answer])).toMatchObject({ text: "Hi.", streamed: "Hi.", waits: [] });
  });

  test.each(["<s>old</s>", "Write `<|im_end|>`", "It ends with <|im_end|> and goes on."])(
    "and %j keeps its marks",
    async (text) => {
      const pieces = text.match(/.{1,4}/g) ?? [];
      const events = [...pieces.map((content) => delta({ content })), delta({}, "stop")];
      expect(await ask([{ events }])).toMatchObject({ text, streamed: text });
    },
  );
});

test.each<[string, number, object, number]>([
  [
    "Hugging Face, which loads the model",
    503,
    { message: "Model m is currently loading", estimated_time: 20 },
    20_000,
  ],
  ["a field with the seconds", 429, { message: "Too many concurrent requests", retry_after: 3 }, 3_000],
])("%s is waited for", async (_, status, error, ms) => {
  expect(await ask([{ status, error } as Answer, WELL])).toMatchObject({ text: "Hi.", waits: [ms] });
});

test("tokens are counted under the names of other protocols", async () => {
  const events = [
    delta({ content: "Hi." }, "stop"),
    { choices: [], usage: { input_tokens: 12, output_tokens: 3 } },
  ];
  expect((await ask([{ events }])).usage).toEqual({ prompt_tokens: 12, completion_tokens: 3 });
});

describe("what a server leaves in the text is read over", () => {
  const events = (list: { type: string }[]): Answer => ({
    raw: list.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join(""),
    type: "text/event-stream",
  });
  const anthropic = (text: string): Answer =>
    events([
      { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } } as {
        type: string;
      },
      ...(text.match(/[\s\S]{1,5}/g) ?? []).map((piece) => ({
        type: "content_block_delta",
        index: 0,
        delta: { type: "text_delta", text: piece },
      })),
      { type: "message_delta", delta: { stop_reason: "end_turn" } } as { type: string },
      { type: "message_stop" },
    ]);
  const responses = (text: string): Answer =>
    events([
      ...(text.match(/[\s\S]{1,5}/g) ?? []).map((delta) => ({
        type: "response.output_text.delta",
        item_id: "m",
        delta,
      })),
      { type: "response.completed", response: { status: "completed" } } as { type: string },
    ]);
  test.each([
    ["Anthropic's protocol", createAnthropicMessages, anthropic],
    ["responses", createResponses, responses],
  ] as const)("%s", async (_, adapter, answer) => {
    const read = async (text: string) => {
      const endpoint = await startStrictEndpoint([], [answer(text)]);
      const llm = createOpenAiLlm({ apiKey: "k", baseUrl: endpoint.url, log: getLogger("heddle") }, adapter);
      const { signal } = new AbortController();
      const request = { model: "m", fallbackModels: [], messages: [HELLO], tools: [SEARCH], signal };
      const told = await Array.fromAsync(llm.stream(request));
      await endpoint.stop();
      const done = told.findLast((event) => event.type === "done");
      const streamed = told.map((event) => (event.type === "text" ? event.text : "")).join("");
      return [streamed, done?.text, done?.toolCalls.map(({ name }) => name)];
    };
    expect(await read("<think>Hm.</think>Hi [1].<|im_end|>")).toEqual(["Hi [1].", "Hi [1].", []]);
    expect(await read('I look.\n<tool_call>{"name": "search", "arguments": {}}</tool_call>')).toEqual([
      ...["I look.", "I look."],
      ["search"],
    ]);
    expect(await read("Hello there.\n")).toEqual(["Hello there.\n", "Hello there.\n", []]);
  });
});

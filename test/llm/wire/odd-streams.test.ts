// Streams that real servers and proxies send beside what their protocol says, for each of the three protocols.

import { afterAll, expect, test } from "bun:test";
import { createAnthropicMessages } from "../../../src/llm/anthropic/messages.ts";
import { createChatCompletions } from "../../../src/llm/chat-completions/chat-completions.ts";
import { createResponses } from "../../../src/llm/responses/responses.ts";
import { delta as chat } from "../strict-endpoint.ts";
import { calls, data, fails, says, startOneAnswer } from "./one-answer.ts";

const { resultOf, stop: stopServer } = startOneAnswer();
afterAll(stopServer);

const all = chat({ content: "all" });
const stop = chat({}, "stop");
const whole = data(all, stop);

test.each<[string, string, object]>([
  ["[DONE] between blanks", `${whole}data:  [DONE] \n\n`, says("all")],
  ["a keep-alive in words", `data: ping\n\n${whole}`, says("all")],
  ["null and an empty event", `${data("null", "")}event: ping\n\n${whole}`, says("all")],
  ["a null among the choices", data({ choices: [null] }, all, { choices: [null] }, stop), says("all")],
  ["a null before the choice", data({ choices: [null, all.choices[0]] }, stop), says("all")],
  ["no choice in between", data(all, { choices: [] }, stop), says("all")],
  ["only nulls", data({ choices: [null] }, "[DONE]"), fails("not a chat completion")],
  [
    "an empty error beside the text",
    data({ ...all, error: {} }, { ...stop, error: { message: "" } }),
    says("all"),
  ],
  ["an error that is a text", data(all, { error: "slow down a little" }), fails("slow down a little")],
  [
    "an error beside a choice",
    data(all, { error: { code: 402, message: "no credit" }, ...chat({ content: "" }, "error") }),
    fails("no credit", 1),
  ],
  ["an error in a list", data({ error: [{ code: 401, message: "wrong key" }] }), fails("wrong key", 1)],
  [
    "an error as it would be without a stream",
    `${data(all)}{"error":{"message":"fell over"}}\n`,
    fails("fell over"),
  ],
  [
    "an error in words",
    `${data(all)}event: error\ndata: Internal Server Error\n\n`,
    fails("Internal Server Error"),
  ],
  [
    "thoughts alone",
    data(chat({ reasoning: "The answer is 7." }), stop),
    fails("the model has only thought", 2),
  ],
  [
    "thoughts alone, in its text",
    data(chat({ content: "<think>Hm.</think>" }), stop),
    fails("only thought", 2),
  ],
  ["an end in lower case, which is no JSON", data(all, stop, "[done]"), says("all")],
  ["half an event after the answer", `${whole}data: {"choices":[{"ind\n\n`, says("all")],
  ["half an event before its end", `${data(all)}data: {"choices":[{"ind\n\n`, fails("malformed JSON")],
  ["an error after the answer", `${whole}${data({ error: { message: "no usage" } })}`, says("all")],
  [
    "[DONE] without an empty line before it",
    `${whole.replaceAll("\n\n", "\n")}data: [DONE]\n\n`,
    says("all"),
  ],
  [
    "an error within its choice",
    data(all, {
      choices: [{ index: 0, delta: {}, finish_reason: "error", error: { code: 402, message: "no credit" } }],
    }),
    fails("no credit", 1),
  ],
  [
    "an error within its choice that says nothing",
    data({ choices: [{ ...all.choices[0], error: { code: null, message: "" } }] }, stop),
    says("all"),
  ],
  ["no empty lines between events", whole.replaceAll("\n\n", "\n"), says("all")],
  [
    "an event of several lines",
    `data: ${JSON.stringify(all, null, 1).replaceAll("\n", "\ndata: ")}\n\n${data(stop)}`,
    says("all"),
  ],
  ["a number that is none", data(all).replace("null", "NaN") + data(stop), says("all")],
  [
    "a tabulator within a text",
    data(chat({ content: "a NaN, a\tb" }), stop).replace("\\t", "\t"),
    says("a NaN, a\tb"),
  ],
  [
    "Groq's own error",
    data(all, { choices: [], x_groq: { id: "r", error: "over capacity" } }),
    fails("over capacity"),
  ],
  [
    "a text and its call in two choices",
    data({
      choices: [
        { message: { role: "assistant", content: "I look." } },
        {
          message: {
            role: "assistant",
            tool_calls: [{ id: "a", function: { name: "search", arguments: "{}" } }],
          },
        },
      ].map((choice) => ({ ...choice, finish_reason: "tool_calls" })),
    }),
    { text: "I look.", calls: [["search", "{}"]] },
  ],
  [
    "an empty object before the arguments",
    data(
      ...[
        { id: "a", function: { name: "search", arguments: "{}" } },
        { function: { arguments: '{"q"' } },
      ].map((piece) => chat({ tool_calls: [{ index: 0, ...piece }] })),
      chat({ tool_calls: [{ index: 0, function: { arguments: ":1}" } }] }, "tool_calls"),
    ),
    { calls: [["search", '{}{"q":1}']] },
  ],
  ["lines that end in returns", whole.replaceAll("\n", "\r"), says("all")],
  ["an end without an empty line", whole.trimEnd(), says("all")],
  [
    "an end within an event",
    `${data(all)}data: {"choices":[{"delta":{},"finish_reason":"st`,
    fails("ended early"),
  ],
  ["no event at all", ": hello\n\n", fails("answered with nothing")],
  ["no body at all", "", fails("answered with nothing")],
  ["malformed JSON", `${data(all)}data: {"choices":[{{]}\n\n${data(stop)}`, fails("malformed JSON")],
])("chat completions: %s", async (_, raw, result) => {
  expect(await resultOf(raw, createChatCompletions)).toMatchObject(result);
});

const start = { type: "message_start", message: { usage: { input_tokens: 3 }, content: [] } };
const block = (index: number | undefined, content_block: object) => ({
  type: "content_block_start",
  index,
  content_block,
});
const piece = (index: number | undefined, delta: object) => ({ type: "content_block_delta", index, delta });
const spoken = (text: string, index?: number) => [
  block(index, { type: "text", text: "" }),
  piece(index, { type: "text_delta", text }),
  { type: "content_block_stop", index },
];
const ended = (stop_reason: string | null) => ({
  type: "message_delta",
  delta: { stop_reason },
  usage: { output_tokens: 1 },
});
const used = (index: number, input: object, ...parts: string[]) => [
  block(index, { type: "tool_use", id: `toolu_${index}`, name: "search", input }),
  ...parts.map((partial_json) => piece(index, { type: "input_json_delta", partial_json })),
  { type: "content_block_stop", index },
];
/** With the name of each event, which Anthropic sends and some proxies do not. */
const named = (...events: { type: string }[]) =>
  events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join("");
const last = { type: "message_stop" };

test.each<[string, string, object]>([
  [
    "pings and events of tomorrow",
    named(start, { type: "ping" }, { type: "from_tomorrow" }, ...spoken("all", 0), ended("end_turn"), last),
    says("all"),
  ],
  ["events without names", data(start, ...spoken("all", 0), ended("end_turn"), last), says("all")],
  ["[DONE] at the end", named(start, ...spoken("all", 0), ended("end_turn")) + data("[DONE]"), says("all")],
  ["no message_stop", named(start, ...spoken("all", 0), ended("end_turn")), says("all")],
  ["no reason at its end", named(start, ...spoken("all", 0), ended(null), last), says("all")],
  ["neither", named(start, ...spoken("all", 0)), fails("ended early")],
  [
    "a failure after its text",
    named(start, ...spoken("a", 0)) +
      `event: error\ndata: ${JSON.stringify({ type: "error", error: { type: "overloaded_error", message: "Overloaded" } })}\n\n`,
    fails("Overloaded"),
  ],
  [
    "a failure without a name",
    data(start, { type: "error", error: { type: "overloaded_error", message: "Overloaded" } }),
    fails("Overloaded"),
  ],
  [
    "a failure that ends it",
    data({ type: "error", error: { type: "authentication_error", code: 401, message: "invalid x-api-key" } }),
    fails("invalid x-api-key", 1),
  ],
  ["a complaint of a proxy", data({ success: false, msg: "quota is used up" }), fails("quota is used up")],
  ["nothing in it", named(start, ended("end_turn"), last), fails("is empty", 2)],
  [
    "only blanks and thoughts",
    named(
      start,
      block(0, { type: "thinking", thinking: "" }),
      piece(0, { type: "thinking_delta", thinking: "Hm." }),
      ...spoken(" ", 1),
      ended("end_turn"),
      last,
    ),
    fails("the model has only thought", 2),
  ],
  [
    "a limit before any text",
    named(start, block(0, { type: "thinking", thinking: "" }), ended("max_tokens"), last),
    fails("output limit", 2),
  ],
  [
    "all blocks at one place",
    named(start, ...spoken("a", 0), ...spoken("ll", 0), ended("end_turn"), last),
    says("all"),
  ],
  ["no places", data(start, ...spoken("a"), ...spoken("ll"), ended("end_turn"), last), says("all")],
  [
    "no beginnings of blocks",
    data(start, piece(0, { type: "text_delta", text: "all" }), ended("end_turn"), last),
    says("all"),
  ],
  [
    "a whole message",
    JSON.stringify({
      type: "message",
      role: "assistant",
      content: [{ type: "text", text: "all" }],
      stop_reason: "end_turn",
      usage: { input_tokens: 3, output_tokens: 1 },
    }),
    says("all"),
  ],
  [
    "blocks of tomorrow",
    named(
      start,
      block(0, { type: "server_tool_use", id: "s", name: "web_search", input: {} }),
      piece(0, { type: "input_json_delta", partial_json: "{}" }),
      ...spoken("all", 1),
      ended("end_turn"),
      last,
    ),
    says("all"),
  ],
  [
    "a call with its input as an object in a piece",
    named(
      start,
      block(0, { type: "tool_use", id: "a", name: "search", input: {} }),
      piece(0, { type: "input_json_delta", partial_json: { q: 1 } }),
      ended("tool_use"),
      last,
    ),
    calls(["search", '{"q":1}']),
  ],
  [
    "a whole message whose content is a text",
    JSON.stringify({ type: "message", role: "assistant", content: "all", stop_reason: "end_turn" }),
    says("all"),
  ],
  ["a call without input", named(start, ...used(0, {}, ""), ended("tool_use"), last), calls(["search", ""])],
  [
    "a call with its input at once",
    named(start, ...used(0, { q: 1 }), ended("tool_use"), last),
    calls(["search", '{"q":1}']),
  ],
  [
    "a call with half an input",
    named(start, ...used(0, {}, '{"q":', "1"), ended("tool_use"), last),
    calls(["search", '{"q":1']),
  ],
  [
    "a call in a namespace",
    data(
      start,
      block(0, { type: "tool_use", id: "", name: "functions.search", input: {} }),
      ended("tool_use"),
      last,
    ),
    calls(["search", ""]),
  ],
  [
    "a call without a name",
    data(start, block(0, { type: "tool_use", id: "a", input: {} }), ended("tool_use"), last),
    fails("has no name"),
  ],
])("Anthropic: %s", async (_, raw, result) => {
  expect(await resultOf(raw, createAnthropicMessages)).toMatchObject(result);
});

const usedTokens = { prompt_tokens: 12, completion_tokens: 3 };

test("counts of nothing do not take the place of counts", async () => {
  const nothing = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };
  const before = data({ ...all, usage: usedTokens }, stop, { choices: [], usage: nothing });
  expect(await resultOf(before, createChatCompletions)).toMatchObject({ usage: usedTokens });
  const each = data(
    { ...all, usage: nothing },
    { ...stop, usage: nothing },
    { choices: [], usage: usedTokens },
  );
  expect(await resultOf(each, createChatCompletions)).toMatchObject({ usage: usedTokens });
  for (const [first, then] of [
    [
      { input_tokens: 12, output_tokens: 1 },
      { input_tokens: 0, output_tokens: 3 },
    ],
    [
      { input_tokens: 0, output_tokens: 0 },
      { input_tokens: 12, output_tokens: 3 },
    ],
  ]) {
    const begun = { type: "message_start", message: { role: "assistant", content: [], usage: first } };
    const events = [begun, ...spoken("all", 0), { ...ended("end_turn"), usage: then }, last];
    expect(await resultOf(data(...events), createAnthropicMessages)).toMatchObject({ usage: usedTokens });
  }
});

const output = (delta: string, more: object = {}) => ({ type: "response.output_text.delta", delta, ...more });
const completed = (response: object = {}) => ({
  type: "response.completed",
  response: { usage: { input_tokens: 1, output_tokens: 1 }, ...response },
});
const message = (text: string) => ({
  type: "message",
  role: "assistant",
  content: [{ type: "output_text", text }],
});
const called = (fields: object = {}) => ({
  type: "function_call",
  id: "fc_1",
  call_id: "call_1",
  name: "search",
  arguments: "",
  ...fields,
});
const item = (kind: "added" | "done", value: object, output_index = 0) => ({
  type: `response.output_item.${kind}`,
  output_index,
  item: value,
});
const written = (fields: object) => ({
  type: "response.function_call_arguments.done",
  output_index: 0,
  ...fields,
});

test.each<[string, string, object]>([
  [
    "events and items of tomorrow",
    data(
      { type: "response.from_tomorrow" },
      item("added", { type: "web_search_call", id: "ws" }),
      item("done", { type: "web_search_call", id: "ws" }),
      output("all"),
      completed(),
    ),
    says("all"),
  ],
  ["no end", data(output("all"), item("done", message("all")), "[DONE]"), fails("ended early")],
  ["its older end", data(output("all"), { type: "response.done", response: {} }), says("all")],
  ["no pieces of its text", data(item("done", message("all")), completed()), says("all")],
  [
    "two messages",
    data(
      output("I look", { output_index: 0 }),
      output(" it up.", { output_index: 0 }),
      item("done", message("I look it up.")),
      item("added", { id: "m2", ...message("") }, 1),
      output("It is ", { output_index: 1 }),
      output("four.", { output_index: 1 }),
      item("done", { id: "m2", ...message("It is four.") }, 1),
      completed(),
    ),
    says("I look it up.\n\nIt is four."),
  ],
  [
    "two messages, whole",
    data(completed({ output: [message("I look it up."), message("It is four.")] })),
    says("I look it up.\n\nIt is four."),
  ],
  [
    "its parts only when they are whole",
    data(
      { type: "response.content_part.done", output_index: 0, part: { type: "reasoning_text", text: "Hm." } },
      { type: "response.content_part.done", output_index: 1, part: { type: "output_text", text: "all" } },
      completed(),
    ),
    says("all"),
  ],
  ["its text only beside its items", data(completed({ output: [], output_text: "all" })), says("all")],
  ["its text only at the end", data(completed({ output: [message("all")] })), says("all")],
  [
    "its text three times",
    data(
      output("all", { output_index: 0, item_id: "a" }),
      { type: "response.output_text.done", output_index: 0, item_id: "a", text: "all" },
      item("done", { id: "a", ...message("all") }),
      completed({ output: [{ id: "b", ...message("all") }] }),
    ),
    says("all"),
  ],
  [
    "a refusal",
    data(
      { type: "response.refusal.delta", delta: "No." },
      { type: "response.refusal.done", refusal: "No." },
      completed(),
    ),
    says("No."),
  ],
  [
    "a refusal at the end only",
    data(completed({ output: [{ type: "message", content: [{ type: "refusal", refusal: "No." }] }] })),
    says("No."),
  ],
  [
    "a whole response",
    JSON.stringify({
      object: "response",
      status: "completed",
      output: [message("all")],
      usage: { input_tokens: 1, output_tokens: 1 },
    }),
    says("all"),
  ],
  [
    "a cut answer",
    data(output("the ser"), {
      type: "response.incomplete",
      response: { incomplete_details: { reason: "max_output_tokens" } },
    }),
    says("the ser", true),
  ],
  ["cut for no reason", data(output("the ser"), completed({ status: "incomplete" })), says("the ser", true)],
  [
    "cut before any text",
    data({ type: "response.incomplete", response: { incomplete_details: null } }),
    fails("output limit", 2),
  ],
  [
    "filtered",
    data(output("x"), {
      type: "response.incomplete",
      response: { incomplete_details: { reason: "content_filter" } },
    }),
    fails("content filter", 1),
  ],
  [
    "failed without a reason",
    data({ type: "response.failed", response: { error: null } }),
    fails("reports a failure"),
  ],
  [
    "failed for its quota",
    data({
      type: "response.failed",
      response: { error: { code: "insufficient_quota", message: "No quota." } },
    }),
    fails("No quota.", 1),
  ],
  [
    "an error in another error",
    data({ type: "error", error: { type: "invalid_request_error", code: 400, message: "no such field" } }),
    fails("no such field", 1),
  ],
  ["a complaint of a proxy", data({ detail: "quota is used up" }), fails("quota is used up")],
  [
    "a call without pieces",
    data(item("added", called()), written({ item_id: "fc_1", arguments: '{"q":1}' }), completed()),
    calls(["search", '{"q":1}']),
  ],
  [
    "a call with other ids in each event",
    data(
      item("added", called()),
      { type: "response.function_call_arguments.delta", item_id: "x", delta: '{"q"' },
      { type: "response.function_call_arguments.delta", item_id: "y", delta: ":1}" },
      item("done", called({ id: "z", arguments: '{"q":1}' })),
      completed(),
    ),
    calls(["search", '{"q":1}']),
  ],
  [
    "a call at the end only",
    data(completed({ output: [called({ arguments: "{}" })] })),
    calls(["search", "{}"]),
  ],
  [
    "two calls, whole and in pieces",
    data(
      item("done", called({ arguments: "{}" })),
      item("added", called({ id: "fc_2", call_id: "call_2" }), 1),
      { type: "response.function_call_arguments.delta", output_index: 1, delta: "{ }" },
      completed(),
    ),
    calls(["search", "{}"], ["search", "{ }"]),
  ],
  [
    "arguments that are an object",
    data(item("done", called({ arguments: { q: 1 } })), completed()),
    calls(["search", '{"q":1}']),
  ],
  ["nothing in it", data(completed({ output: [] })), fails("is empty", 2)],
])("responses: %s", async (_, raw, result) => {
  expect(await resultOf(raw, createResponses)).toMatchObject(result);
});

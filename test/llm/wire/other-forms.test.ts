// Other forms in which servers and gateways give the parts of an answer, for each of the three protocols.

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
const called = (...pieces: object[]) =>
  data(...pieces.map((piece) => chat({ tool_calls: [piece] })), chat({}, "tool_calls"));
const function_ = (name: string, given = "") => ({ name, arguments: given });
const SEARCHED = { id: "a", function: function_("search", "{}") };

test.each<[string, string, object]>([
  [
    "a name in three pieces",
    called(
      { index: 0, id: "a", function: function_("se") },
      { index: 0, function: function_("ar") },
      { index: 0, function: function_("ch", "{}") },
    ),
    calls(["search", "{}"]),
  ],
  [
    "a name of which each piece has all so far",
    called(
      { index: 0, id: "a", function: function_("se") },
      { index: 0, id: "a", function: function_("sear") },
      { index: 0, id: "a", function: function_("search", "{}") },
    ),
    calls(["search", "{}"]),
  ],
  [
    "two names that are no pieces of a third",
    called(
      { index: 0, id: "a", function: function_("se") },
      { index: 0, id: "b", function: function_("ar") },
    ),
    calls(["se", ""], ["ar", ""]),
  ],
  [
    "a call among the content",
    data(
      chat({
        content: [
          { type: "text", text: "I look." },
          { type: "tool_use", id: "t", name: "search", input: { q: 1 } },
        ],
      }),
      chat({}, "tool_calls"),
    ),
    { text: "I look.", calls: [["search", '{"q":1}']] },
  ],
  [
    "a call that only the message at the end has",
    data(all, {
      choices: [{ message: { content: "all", tool_calls: [SEARCHED] }, finish_reason: "tool_calls" }],
    }),
    { text: "all", calls: [["search", "{}"]] },
  ],
  [
    "a call that the message at the end has again, without its id",
    data(chat({ tool_calls: [{ index: 0, ...SEARCHED }] }), {
      choices: [
        { message: { tool_calls: [{ function: function_("search", "{}") }] }, finish_reason: "tool_calls" },
      ],
    }),
    calls(["search", "{}"]),
  ],
  [
    "a name in the place of the function",
    called({ index: 0, id: "a", function: "search", arguments: '{"q":1}' }),
    calls(["search", '{"q":1}']),
  ],
  [
    "a text one deeper",
    data(chat({ content: [{ type: "text", text: { value: "all" } }] }), stop),
    says("all"),
  ],
  ["a text under its old name", data(chat({ text: "all" }), stop), says("all")],
  ["content beside the choice", data({ choices: [{ content: "all", finish_reason: "stop" }] }), says("all")],
  [
    "a whole message without its end",
    JSON.stringify({ choices: [{ message: { content: "all" } }] }),
    says("all"),
  ],
  ["half a stream without its end", data(all), fails("ended early")],
])("chat completions: %s", async (_, raw, result) => {
  expect(await resultOf(raw, createChatCompletions)).toMatchObject(result);
});

/** Events whose type is their name only. */
const named = (...events: [string, object][]) =>
  events.map(([name, event]) => `event: ${name}\ndata: ${JSON.stringify(event)}\n\n`).join("");
const completed = { type: "response.completed", response: { status: "completed", output: [] } };

test.each<[string, string, object]>([
  [
    "a type that is only the name of its event",
    named(["response.output_text.delta", { delta: "all" }], ["response.completed", { response: {} }]),
    says("all"),
  ],
  [
    "a delta that is a part",
    data({ type: "response.output_text.delta", delta: { text: "all" } }, completed),
    says("all"),
  ],
  [
    "a whole message whose content is a text",
    JSON.stringify({
      object: "response",
      status: "completed",
      output: [{ type: "message", content: "all" }],
    }),
    says("all"),
  ],
])("responses: %s", async (_, raw, result) => {
  expect(await resultOf(raw, createResponses)).toMatchObject(result);
});

const block = (content_block: object) => ({ type: "content_block_start", index: 0, content_block });
const piece = (delta: object, index?: number) => ({ type: "content_block_delta", index, delta });
const ended = (stop_reason: string) => [
  { type: "message_delta", delta: { stop_reason } },
  { type: "message_stop" },
];
const use = block({ type: "tool_use", id: "t", name: "search", input: {} });
const input = { type: "input_json_delta", partial_json: '{"q":1}' };

test.each<[string, string, object]>([
  [
    "a type that is only the name of its event",
    named(
      ["content_block_delta", { index: 0, delta: { type: "text_delta", text: "all" } }],
      ["message_delta", { delta: { stop_reason: "end_turn" } }],
      ["message_stop", {}],
    ),
    says("all"),
  ],
  [
    "deltas without their kind",
    data(block({ type: "text", text: "" }), piece({ text: "all" }, 0), ...ended("end_turn")),
    says("all"),
  ],
  [
    "the input of a call without its place",
    data(use, piece(input), ...ended("tool_use")),
    calls(["search", '{"q":1}']),
  ],
  [
    "the input of a call after its end",
    data(use, { type: "content_block_stop", index: 0 }, piece(input, 0), ...ended("tool_use")),
    calls(["search", '{"q":1}']),
  ],
])("Anthropic: %s", async (_, raw, result) => {
  expect(await resultOf(raw, createAnthropicMessages)).toMatchObject(result);
});

// Further cases of the kinds of faults that endpoints have shown, for each of the three protocols: counts, ends, errors within a good
// stream, and names and arguments of calls.

import { afterAll, describe, expect, test } from "bun:test";
import { createAnthropicMessages } from "../../../src/llm/anthropic/messages.ts";
import { createChatCompletions } from "../../../src/llm/chat-completions/chat-completions.ts";
import { createResponses } from "../../../src/llm/responses/responses.ts";
import { argumentsAsJson, readArguments } from "../../../src/llm/wire/arguments.ts";
import { offeredName } from "../../../src/llm/wire/tool-names.ts";
import { delta as chat } from "../strict-endpoint.ts";
import { calls, data, fails, says, startOneAnswer } from "./one-answer.ts";

const { resultOf, stop } = startOneAnswer();
afterAll(stop);

/** An answer of each protocol: a text, how it ends, and what it says that it used. */
const chatAnswer = (end: unknown, usage: unknown, text = "all") =>
  data(chat({ content: text }), chat({}, end as string), { choices: [], usage }, "[DONE]");
const anthropicAnswer = (end: unknown, usage: unknown, text = "all") =>
  data(
    { type: "message_start", message: { content: [] } },
    { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
    { type: "content_block_delta", index: 0, delta: { type: "text_delta", text } },
    { type: "message_delta", delta: { stop_reason: end }, usage },
    { type: "message_stop" },
  );
const responsesAnswer = (details: unknown, usage: unknown, text = "all") =>
  data(
    { type: "response.output_text.delta", delta: text },
    {
      type: details ? "response.incomplete" : "response.completed",
      response: { usage, incomplete_details: details ?? null },
    },
  );

describe("tokens are counted that come", () => {
  const counted = { prompt_tokens: 12, completion_tokens: 3 };
  test.each<[string, unknown]>([
    ["as texts", { prompt_tokens: "12", completion_tokens: "3", input_tokens: "12", output_tokens: "3" }],
    ["as means", { prompt_tokens: 11.6, completion_tokens: 3.2, input_tokens: 11.6, output_tokens: 3.2 }],
    ["one deeper", { tokens: { input_tokens: 12, output_tokens: 3 }, billed_units: { input_tokens: 1 } }],
    ["in another's names", { inputTokens: 12, outputTokens: 3, totalTokens: 15 }],
    ["in Gemini's names", { promptTokenCount: 12, candidatesTokenCount: 3 }],
  ])("%s", async (_, usage) => {
    expect(await resultOf(chatAnswer("stop", usage), createChatCompletions)).toMatchObject({
      usage: counted,
    });
    expect(await resultOf(anthropicAnswer("end_turn", usage), createAnthropicMessages)).toMatchObject({
      usage: counted,
    });
    expect(await resultOf(responsesAnswer(null, usage), createResponses)).toMatchObject({ usage: counted });
  });

  test.each([["as a list", [{ prompt_tokens: 12, completion_tokens: 3 }]]])("%s", async (_, usage) => {
    expect(await resultOf(chatAnswer("stop", usage), createChatCompletions)).toMatchObject({
      usage: counted,
    });
  });

  test.each(["twelve", "", "12 tokens", "1e9", "-1", true, {}, Number.MAX_VALUE])(
    "and %j is none, or is clamped",
    async (count) => {
      const usage = { prompt_tokens: count, completion_tokens: 3 };
      const { text, usage: read } = (await resultOf(chatAnswer("stop", usage), createChatCompletions)) as {
        text?: string;
        usage?: { prompt_tokens: number } | null;
      };
      expect(text).toBe("all");
      expect([undefined, 2_147_483_647]).toContain(read?.prompt_tokens);
    },
  );
});

describe("an answer ends", () => {
  test.each(["never_heard_of", "STOPPED_BY_MOON", "tool_call", "eos_token", "COMPLETE"])(
    "whole with %s",
    async (reason) => {
      expect(await resultOf(chatAnswer(reason, null), createChatCompletions)).toMatchObject(says("all"));
      expect(await resultOf(anthropicAnswer(reason, null), createAnthropicMessages)).toMatchObject(
        says("all"),
      );
    },
  );

  test.each(["null", "None", "in_progress", " "])("not with %j, which is no end", async (reason) => {
    const first = chat({ content: "a" }, reason);
    expect(await resultOf(data(first), createChatCompletions)).toMatchObject(fails("ended early"));
    const rest = data(chat({ content: "ll" }, reason), chat({}, "stop"));
    expect(await resultOf(data(first) + rest, createChatCompletions)).toMatchObject(says("all"));
  });

  test("cut where a pause or a limit is followed by another word", async () => {
    const raw = data(chat({ content: "all" }, "length"), chat({}, "stop"), "[DONE]");
    expect(await resultOf(raw, createChatCompletions)).toMatchObject(says("all", true));
    expect(await resultOf(anthropicAnswer("pause_turn", null), createAnthropicMessages)).toMatchObject(
      says("all", true),
    );
    expect(
      await resultOf(anthropicAnswer("model_context_window_exceeded", null), createAnthropicMessages),
    ).toMatchObject(says("all", true));
    expect(
      await resultOf(responsesAnswer({ reason: "max_tool_calls" }, null), createResponses),
    ).toMatchObject(says("all", true));
  });

  test("filtered, in the words of each", async () => {
    const filtered = fails("content filter", 1);
    for (const reason of ["SAFETY", "content_filtered", "IMAGE_SAFETY", "PROHIBITED_CONTENT", "ERROR_TOXIC"])
      expect(await resultOf(chatAnswer(reason, null), createChatCompletions)).toMatchObject(filtered);
    expect(await resultOf(anthropicAnswer("refusal", null), createAnthropicMessages)).toMatchObject(filtered);
    expect(await resultOf(responsesAnswer({ reason: "safety" }, null), createResponses)).toMatchObject(
      filtered,
    );
  });

  test("with nothing, where no choice is in it", async () => {
    for (const raw of [JSON.stringify({ choices: [] }), data({ choices: [] }, "[DONE]")])
      expect(await resultOf(raw, createChatCompletions)).toMatchObject(fails("has no choices"));
  });
});

describe("an error within a good stream is judged by its words", () => {
  test.each<[string, object, number]>([
    ["vLLM", { object: "error", message: "No such model", type: "NotFoundError", code: 404 }, 1],
    ["vLLM, without a code", { object: "error", message: "Bad field", type: "BadRequestError" }, 1],
    [
      "Anthropic",
      { type: "error", error: { type: "authentication_error", message: "invalid x-api-key" } },
      1,
    ],
    [
      "Anthropic, overloaded",
      { type: "error", error: { type: "overloaded_error", message: "Overloaded" } },
      4,
    ],
    [
      "OpenAI",
      { error: { message: "Wrong key", type: "invalid_request_error", code: "invalid_api_key" } },
      1,
    ],
    ["OpenAI, of the minute", { error: { message: "Slow down", code: "rate_limit_exceeded" } }, 4],
    ["Gemini", { error: { message: "No access", status: "PERMISSION_DENIED" } }, 1],
    ["Gemini, of the minute", { error: { message: "Later", status: "RESOURCE_EXHAUSTED" } }, 4],
    ["a code that is a text", { error: { message: "No credit", code: "402" } }, 1],
    ["a gateway, beside its words", { success: false, msg: "Wrong key", code: 401 }, 1],
    ["a gateway that filters", { error: { message: "No", code: "content_filter" } }, 1],
    ["words alone", { error: "Rate limit reached" }, 4],
    ["a server that fell over", { error: { message: "Oops" } }, 4],
  ])("%s", async (_, error, attempts) => {
    for (const adapter of [createChatCompletions, createAnthropicMessages, createResponses]) {
      expect(await resultOf(data(error), adapter)).toMatchObject({
        failed: expect.stringMatching(/No |Bad |invalid|Overloaded|Wrong|Slow|Later|Rate|Oops|No$/),
        attempts,
      });
    }
  });
});

describe("what a protocol has beside texts and calls is read over", () => {
  test("Anthropic's own tools", async () => {
    const raw = data(
      { type: "message_start", message: { content: [] } },
      {
        type: "content_block_start",
        index: 0,
        content_block: { type: "server_tool_use", id: "srvtoolu_1", name: "web_search", input: {} },
      },
      { type: "content_block_delta", index: 0, delta: { type: "input_json_delta", partial_json: '{"q":1}' } },
      { type: "content_block_stop", index: 0 },
      {
        type: "content_block_start",
        index: 1,
        content_block: {
          type: "web_search_tool_result",
          tool_use_id: "srvtoolu_1",
          content: { type: "web_search_tool_result_error", error_code: "max_uses_exceeded" },
        },
      },
      { type: "content_block_stop", index: 1 },
      { type: "content_block_start", index: 2, content_block: { type: "text", text: "" } },
      { type: "content_block_delta", index: 2, delta: { type: "citations_delta", citation: { url: "x" } } },
      { type: "content_block_delta", index: 2, delta: { type: "text_delta", text: "all" } },
      { type: "message_delta", delta: { stop_reason: "end_turn" } },
      { type: "message_stop" },
    );
    expect(await resultOf(raw, createAnthropicMessages)).toMatchObject(says("all"));
  });

  test("OpenAI's own tools, and a response without its name", async () => {
    const items = ["web_search_call", "code_interpreter_call", "mcp_call", "image_generation_call"];
    const own = items.flatMap((type, output_index) => [
      { type: "response.output_item.added", output_index, item: { type, id: type } },
      { type: `response.${type}.completed`, item_id: type },
      { type: "response.output_item.done", output_index, item: { type, id: type, result: "x".repeat(99) } },
    ]);
    expect(
      await resultOf(data(...own) + responsesAnswer(null, { input_tokens: 1 }), createResponses),
    ).toMatchObject(says("all"));
    const output = [{ type: "message", content: [{ type: "output_text", text: "all" }] }];
    expect(
      await resultOf(JSON.stringify({ id: "r", status: "completed", output }), createResponses),
    ).toMatchObject(says("all"));
  });
});

describe("a call is read", () => {
  test.each<[string, string]>([
    ["in Python", "{'q': 'it\\'s', 'n': None, 'b': True}"],
    ["with a comma too many", '{"q":"it\'s","n":null,"b":true,}'],
    ["in a fence", '```json\n{"q":"it\'s","n":null,"b":true}\n```'],
    ["encoded three times", JSON.stringify(JSON.stringify(JSON.stringify({ q: "it's", n: null, b: true })))],
    ["behind a mark of the order of bytes", '\ufeff{"q":"it\'s","n":null,"b":true}'],
  ])("whose arguments are %s", async (_, written) => {
    expect(readArguments(written)).toEqual({ args: { q: "it's", n: null, b: true } });
  });

  test.each(['"\\"null\\""', '""', '" "', "null"])("%j is no argument at all", (written) => {
    expect(readArguments(written)).toEqual({ args: {} });
  });

  test.each(["{'q': x}", "{'q': 1} and more", "[{'q': 1}]", "{q: 1}", `${'"'.repeat(9)}`])(
    "and %j stays what cannot be read",
    (written) => {
      expect(readArguments(written).problem).toBeString();
    },
  );

  test.each<[string, string]>([
    ["search<|channel|>commentary", "search"],
    ["search<|constrain|>json", "search"],
    ["`search`", "search"],
    ["search()", "search"],
    ["default_api.Search", "search"],
    ["functions.search:0", "search"],
    ["look-up", "look_up"],
    ["lookUp", "look_up"],
    ["nothing like it", "nothing like it"],
    ["<|", "<|"],
    ["a_b", "a_b"],
  ])("named %j", (given, meant) => {
    expect(offeredName(given, new Set(["search", "look_up", "ab", "a-b", "A_B"]))).toBe(meant);
  });

  test("whose name has a mark of its channel", async () => {
    const call = { index: 0, id: "c", function: { name: "search<|channel|>json", arguments: "{'q': 1}" } };
    const raw = data(chat({ tool_calls: [call] }), chat({}, "tool_calls"), "[DONE]");
    expect(await resultOf(raw, createChatCompletions)).toMatchObject(calls(["search", "{'q': 1}"]));
  });
});

describe("JSON that is nested without end", () => {
  const DEPTH = 60_000;
  const deep = `${'{"a":'.repeat(DEPTH)}1${"}".repeat(DEPTH)}`;
  const calling = (args: string, more = "") =>
    `data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"a"${more},"function":{"name":"search","arguments":${args}}}]}}]}\n\n${data(chat({}, "tool_calls"))}`;

  test.each<[string, string, object]>([
    ["as arguments that are an object", calling(deep), fails("malformed JSON")],
    ["beside a call", calling('"{}"', `,"extra_content":${deep}`), fails("malformed JSON")],
    ["as a chunk", `data: ${deep}\n\n`, fails("malformed JSON")],
    ["as an answer that is no stream", deep, fails("instead of an answer")],
    [
      "as a call in the text",
      data(chat({ content: `{"name":"search","arguments":${deep}}` }, "stop")),
      { calls: [] },
    ],
  ])("%s is no answer, at once", async (_, raw, result) => {
    expect(await resultOf(raw, createChatCompletions)).toMatchObject(result);
  });

  test("as the text of arguments is told to the model", () => {
    expect(readArguments(deep)).toEqual({ problem: "nested deeper than 64 levels" });
    expect(argumentsAsJson(deep)).toBe("{}");
  });
});

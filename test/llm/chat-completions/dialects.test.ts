// Further forms in which endpoints and proxies answer: ends, names, places of the parts, and errors with status 200.

import { expect, test } from "bun:test";
import type { AttemptFailure } from "../../../src/llm/attempt.ts";
import { createAnswer } from "../../../src/llm/chat-completions/answer.ts";
import { eventsOf } from "../events-of.ts";
import { delta } from "../strict-endpoint.ts";

const offered = new Set(["search", "look"]);
function read(...chunks: unknown[]) {
  const answer = createAnswer({ origin: "m", offered, isRepeated: () => false });
  for (const chunk of chunks) answer.add(chunk);
  return answer.finish();
}
function failure(...chunks: unknown[]): AttemptFailure {
  try {
    read(...chunks);
  } catch (error) {
    return error as AttemptFailure;
  }
  throw new Error("No failure.");
}
const called = (...chunks: unknown[]) => read(...chunks).toolCalls.map((call) => [call.name, call.arguments]);
const choice = (fields: object) => ({ choices: [fields] });

test.each(["eos", "end_turn", "STOP", "FINISH_REASON_STOP", "unknown", "tool_use"])(
  "%s is a whole answer",
  (reason) => {
    expect(read(delta({ content: "all" }, reason))).toMatchObject({ text: "all", isCut: false });
  },
);

test.each([
  ...[
    "MAX_TOKENS",
    "FINISH_REASON_MAX_TOKENS",
    "max_output_tokens",
    "max_new_tokens",
    "token_limit",
    "truncated",
  ],
  "context_length_exceeded",
])("%s is a cut answer", (reason) => {
  expect(read(delta({ content: "the ser" }, reason))).toMatchObject({ isCut: true });
});

test.each(["SAFETY", "guardrail_intervened", "content-filtered", "refusal", "moderation", "risk_control"])(
  "%s is a filtered answer",
  (reason) => {
    expect(failure(delta({ content: "half" }, reason)).kind).toBe("filtered");
  },
);

test.each([
  "MALFORMED_FUNCTION_CALL",
  "unexpected_tool_call",
  "timeout",
  "cancelled",
  "engine_overloaded",
  "repetition",
])("%s may be asked for again", (reason) => {
  expect(failure(delta({ content: "half" }, reason)).kind).toBe("server");
});

test.each([
  { success: false, msg: "quota gone" },
  { code: 1113, msg: "quota gone" },
  { errors: ["quota gone"] },
  { errors: [{ message: "quota gone" }], success: false },
  { detail: [{ loc: ["body"], msg: "quota gone" }] },
  { error_code: 17, error_msg: "quota gone" },
  { Message: "quota gone" },
  { response: { error: { message: "quota gone" } } },
  { choices: [], message: "quota gone" },
])("an error with status 200 is told: %j", (body) => {
  expect(failure(body).message).toContain("quota gone");
});

test("what a ping says is no failure, and a body that says nothing is no chat completion", () => {
  const ping = { type: "ping", message: "still there" };
  expect(read(ping, delta({ content: "all" }, "stop")).text).toBe("all");
  expect(failure({ id: 7 }).message).toContain("not a chat completion");
});

test("two calls whose indexes are texts stay two", () => {
  const piece = (index: string, fields: object) => delta({ tool_calls: [{ index, ...fields }] });
  expect(
    called(
      piece("0", { id: "a", function: { name: "search", arguments: "" } }),
      piece("1", { id: "b", function: { name: "look", arguments: "" } }),
      piece("0", { function: { arguments: '{"q":' } }),
      piece("1", { function: { arguments: '{"p":' } }),
      piece("0", { function: { arguments: "1}" } }),
      piece("1", { function: { arguments: "2}" } }),
      delta({}, "tool_calls"),
    ),
  ).toEqual([
    ["search", '{"q":1}'],
    ["look", '{"p":2}'],
  ]);
});

test.each<[string, unknown[]]>([
  ["beside the id", [delta({ tool_calls: [{ index: 0, id: "a", name: "search", arguments: '{"q":1}' }] })]],
  [
    "under the schema's name",
    [delta({ tool_calls: [{ id: "a", function: { name: "search", parameters: { q: 1 } } }] })],
  ],
  [
    "in a list of a list",
    [delta({ tool_calls: [[{ id: "a", function: { name: "search", arguments: '{"q":1}' } }]] })],
  ],
  [
    "in the form of 2023",
    [
      delta({ function_call: { name: "search", arguments: '{"q"' } }),
      delta({ function_call: { arguments: ":1}" } }),
    ],
  ],
  [
    "in the last chunk as a whole message",
    [
      delta({ content: "" }),
      choice({
        delta: {},
        message: { tool_calls: [{ id: "a", function: { name: "search", arguments: '{"q":1}' } }] },
      }),
    ],
  ],
  [
    "with a namespace",
    [delta({ tool_calls: [{ id: "a", function: { name: "functions.search", arguments: '{"q":1}' } }] })],
  ],
  [
    "in other letters",
    [delta({ tool_calls: [{ id: "a", function: { name: "Search", arguments: '{"q":1}' } }] })],
  ],
])("a call %s", (_, chunks) => {
  expect(called(...chunks, delta({}, "stop"))).toEqual([["search", '{"q":1}']]);
});

test("thoughts go back as LiteLLM and Copilot sent them", () => {
  const piece = (fields: object) => delta({ thinking_blocks: [{ type: "thinking", ...fields }] });
  const answer = read(
    piece({ thinking: "Hm" }),
    piece({ thinking: ".", signature: "" }),
    piece({ thinking: "", signature: "sig" }),
    piece({ thinking: "So." }),
    delta({ thinking_blocks: [{ type: "redacted_thinking", data: "EmwK" }] }),
    delta({ reasoning_opaque: "x9", reasoning_text: "Hm" }),
    delta({ tool_calls: [{ id: "a", function: { name: "search", arguments: "{}" } }] }, "tool_calls"),
  );
  expect(answer.continuation?.fields).toEqual({
    reasoning_text: "Hm",
    reasoning_opaque: "x9",
    thinking_blocks: [
      { type: "thinking", thinking: "Hm.", signature: "sig" },
      { type: "thinking", thinking: "So." },
      { type: "redacted_thinking", data: "EmwK" },
    ],
  });
});

test("the name of a tool that nobody offered stays", () => {
  expect(
    called(delta({ tool_calls: [{ id: "a", function: { name: "os.rm", arguments: "{}" } }] }, "stop")),
  ).toEqual([["os.rm", "{}"]]);
});

test("a whole message at the end does not repeat what came before", () => {
  expect(
    read(delta({ content: "all" }), choice({ delta: {}, message: { content: "all" }, finish_reason: "stop" }))
      .text,
  ).toBe("all");
});

test.each<[string, unknown]>([
  ["a text of older protocols", choice({ text: "all" })],
  ["a delta that is a text", choice({ delta: "all" })],
  ["content that is a part", choice({ delta: { content: { type: "text", text: "all" } } })],
])("%s", (_, chunk) => {
  expect(read(chunk, delta({}, "stop")).text).toBe("all");
});

test("tokens are found within the choice and in Groq's own field", () => {
  const usage = { prompt_tokens: 11, completion_tokens: 5 };
  for (const end of [
    choice({ delta: {}, finish_reason: "stop", usage }),
    { ...delta({}, "stop"), x_groq: { usage } },
  ]) {
    expect(read(delta({ content: "all" }), end).usage).toMatchObject(usage);
  }
});

test("of the channels of gpt-oss that a server leaves in the text, the last is the answer", () => {
  const text =
    "<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant<|channel|>final<|message|>All good.<|return|>";
  expect(read(delta({ content: text }, "stop")).text).toBe("All good.");
  const quoted = "The mark is <|channel|>final<|message|>, as the manual says.";
  expect(read(delta({ content: quoted }, "stop")).text).toBe(quoted);
});

test.each([
  ["as lines", (chunks: string[]) => `${chunks.join("\n")}\n`],
  ["as one list", (chunks: string[]) => `[${chunks.join(",\n")}]`],
])("chunks %s become events", async (_, write) => {
  const chunks = [delta({ content: "all" }), delta({}, "stop")];
  expect(await eventsOf(write(chunks.map((chunk) => JSON.stringify(chunk))))).toEqual(chunks);
});

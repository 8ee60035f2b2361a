// What requests of the OpenAI-compatible API are read as, and which field a refusal names.

import { describe, expect, test } from "bun:test";
import { HeddleError } from "../../../src/errors.ts";
import { readCompletion } from "../../../src/http/openai/completions.ts";
import { readResponseRequest } from "../../../src/http/openai/responses.ts";

const named = (name: string) => ({ type: "function", function: { name, parameters: { type: "object" } } });
const flat = (name: string) => ({ type: "function", name, parameters: { type: "object" }, strict: false });
const completion = (more: object) =>
  readCompletion({ model: "b", messages: [{ role: "user", content: "Hi" }], ...more });
const response = (more: object) => readResponseRequest({ model: "b", input: "Hi", ...more });

function refusal(read: () => unknown): [string, string | undefined] | undefined {
  try {
    read();
    return undefined;
  } catch (error) {
    if (error instanceof HeddleError) return [error.code, error.field];
    throw error;
  }
}

describe("tool_choice", () => {
  const both = (choice: unknown, inner = choice) => [
    completion({ tools: [named("a"), named("b")], tool_choice: choice }),
    response({ tools: [flat("a"), flat("b")], tool_choice: inner }),
  ];
  const of = (read: ReturnType<typeof both>) =>
    read.map(({ tools, mustCall }) => [tools.map(({ name }) => name).join(), mustCall]);

  test("each form, in both forms of the API", () => {
    const same = (tools: string, mustCall?: true | string) => [
      [tools, mustCall],
      [tools, mustCall],
    ];
    expect(of(both("auto"))).toEqual(same("a,b"));
    expect(of(both(null))).toEqual(same("a,b"));
    expect(of(both("none"))).toEqual(same(""));
    expect(of(both("required"))).toEqual(same("a,b", true));
    const one = { type: "function", function: { name: "b" } };
    expect(of(both(one, { type: "function", name: "b" }))).toEqual(same("a,b", "b"));
    const allowed = { mode: "auto", tools: [named("b")] };
    const inner = { type: "allowed_tools", mode: "required", tools: [{ type: "function", name: "b" }] };
    expect(of(both({ type: "allowed_tools", allowed_tools: allowed }, inner))).toEqual([
      ["b", undefined],
      ["b", true],
    ]);
  });

  test("what cannot be is refused by its name", () => {
    const refused = (tool_choice: unknown, tools: unknown[] = [named("a")]) =>
      refusal(() => completion({ tools, tool_choice }));
    const wrong: [string, string] = ["bad_request", "tool_choice"];
    expect(refused("sometimes")).toEqual(wrong);
    expect(refused("required", [])).toEqual(wrong);
    expect(refused({ type: "function", function: { name: "c" } })).toEqual(wrong);
    expect(refused({ type: "function" })).toEqual(wrong);
    expect(refused({ type: "web_search" })).toEqual(wrong);
    expect(refused({ type: "allowed_tools", allowed_tools: { mode: "x", tools: [] } })).toEqual([
      "bad_request",
      "tool_choice.mode",
    ]);
    expect(refused({ type: "allowed_tools", allowed_tools: { mode: "required", tools: [] } })).toEqual(wrong);
  });
});

test("fields that would change the answer and that a bot does not have are refused by their names", () => {
  const ask = { role: "user", content: "Hi" };
  const cases: [() => unknown, string][] = [
    [() => completion({ functions: [{ name: "a" }] }), "functions"],
    [() => completion({ function_call: { name: "a" } }), "function_call"],
    [() => completion({ audio: { voice: "alloy", format: "mp3" } }), "audio"],
    [() => completion({ modalities: ["text", "audio"] }), "modalities"],
    [() => completion({ n: 2 }), "n"],
    [() => completion({ stream: "yes" }), "stream"],
    [() => completion({ messages: [{ role: "function", content: "x" }] }), "messages.0.role"],
    [() => completion({ messages: [ask, { role: "tool", content: "x" }] }), "messages.1.tool_call_id"],
    [() => response({ conversation: "conv_1" }), "conversation"],
    [() => response({ prompt: { id: "pmpt_1" } }), "prompt"],
    [() => response({ background: true }), "background"],
    [() => response({ previous_response_id: 1 }), "previous_response_id"],
    [() => response({ stream: 1 }), "stream"],
    [() => response({ parallel_tool_calls: "no" }), "parallel_tool_calls"],
    [() => response({ tools: [{ type: "web_search" }] }), "tools.0"],
    [
      () => response({ input: [{ ...ask }, { type: "function_call_output", output: "x" }] }),
      "input.1.call_id",
    ],
    [() => response({ input: [{ type: "item_reference", id: "msg_x" }, ask] }), "input.0.id"],
  ];
  expect(cases.map(([read]) => refusal(read)?.[1])).toEqual(cases.map(([, field]) => field));
});

test("what is usual or empty is taken", () => {
  const plain = {
    modalities: ["text"],
    audio: null,
    functions: [],
    function_call: "auto",
    stream: null,
    n: 1,
    logprobs: true,
  };
  const limits = { max_completion_tokens: 5, stop: ["x"], parallel_tool_calls: false, store: true };
  expect(completion({ ...plain, ...limits })).toMatchObject({ isStream: false, tools: [] });
  const usual = { background: false, conversation: null, prompt: null, store: true, truncation: "auto" };
  expect(response({ ...usual, stream: true })).toMatchObject({ isStream: true, tools: [] });
});

test("an item that is named by its id stands for itself and all before it", () => {
  const digits = "0198c0de0198c0de0198c0de0198c0de";
  const id = "0198c0de-0198-c0de-0198-c0de0198c0de";
  const user = (content: string) => ({ role: "user", content });
  const said = { type: "item_reference", id: `msg_resp_${digits}_2` };
  expect(response({ input: [user("a"), said, user("b")] })).toMatchObject({
    turns: [{ role: "user", content: "b" }],
    previous: { task: id, field: "input.1.id" },
  });
  const called = { type: "item_reference", id: `fc_${digits}` };
  const result = { type: "function_call_output", call_id: `call_${digits}`, output: "sunny" };
  expect(response({ input: [user("a"), called, result] })).toMatchObject({
    turns: [{ role: "tool", content: "sunny", tool_call_id: `call_${digits}` }],
    previous: { call: `call_${digits}`, field: "input.1.id" },
  });
});

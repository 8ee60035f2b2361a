// What endpoints really send, by the reports of those who met it.

import { describe, expect, test } from "bun:test";
import type { AttemptFailure } from "../../../src/llm/attempt.ts";
import { createAnswer } from "../../../src/llm/chat-completions/answer.ts";
import { readArguments } from "../../../src/llm/wire/arguments.ts";
import { delta } from "../strict-endpoint.ts";

const offered = new Set(["search", "look"]);
/** What somebody wrote earlier in the conversation. */
const REPEATED = '{"name":"search","arguments":{"q":"all"}}';
function read(...chunks: unknown[]) {
  const answer = createAnswer({ origin: "m", offered, isRepeated: (text) => text === REPEATED });
  for (const chunk of chunks) answer.add(chunk);
  return answer.finish();
}
const failure = (...chunks: unknown[]): AttemptFailure => {
  try {
    read(...chunks);
  } catch (error) {
    return error as AttemptFailure;
  }
  throw new Error("No failure.");
};
const piece = (call: object) => delta({ tool_calls: [call] });
const called = (...chunks: unknown[]) =>
  read(...chunks, delta({}, "tool_calls")).toolCalls.map((call) => [call.name, call.arguments]);
const fn = (name: string | null, args?: unknown) => ({ function: { name, arguments: args } });

describe("tool calls", () => {
  const two = [
    ["search", '{"q":1}'],
    ["look", '{"q":2}'],
  ];
  test("all with index 0 and different ids", () => {
    const chunks = [
      piece({ index: 0, id: "a", ...fn("search", '{"q":1}') }),
      piece({ index: 0, id: "b", ...fn("look", '{"q":2}') }),
    ];
    expect(called(...chunks)).toEqual(two);
  });

  test("all with index 0 and no id, of different tools or twice of one", () => {
    expect(
      called(
        piece({ index: 0, id: "", ...fn("search", '{"q":1}') }),
        piece({ index: 0, id: "", ...fn("look", '{"q":2}') }),
        piece({ index: 0, id: "", ...fn("look", '{"q":3}') }),
      ),
    ).toEqual([...two, ["look", '{"q":3}']]);
  });

  test("without index and id, in one delta, with objects as arguments", () => {
    expect(called(delta({ tool_calls: [fn("search", { q: 1 }), fn("look", { q: 2 })] }))).toEqual(two);
  });

  test("with a new id and an empty name in each piece, with an index or without", () => {
    for (const index of [{ index: 0 }, {}]) {
      expect(
        called(
          piece({ ...index, id: "1", ...fn("search", "") }),
          piece({ ...index, id: "2", ...fn("", '{"q"') }),
          piece({ ...index, id: "3", ...fn("", ":1}") }),
        ),
      ).toEqual([["search", '{"q":1}']]);
    }
  });

  test("with the name repeated in each piece, null in later ones, or late", () => {
    const repeated = ['{"q', '":1', "}", ""].map((part) =>
      piece({ index: 0, id: "a", ...fn("search", part) }),
    );
    expect(called(...repeated)).toEqual([["search", '{"q":1}']]);
    expect(
      called(piece({ index: 0, id: "a", ...fn("search", "") }), piece({ index: 0, ...fn(null, '{"q":1}') })),
    ).toEqual([["search", '{"q":1}']]);
    expect(
      called(piece({ index: 0, id: "a", ...fn(null, '{"q":1}') }), piece({ index: 0, ...fn("search", "") })),
    ).toEqual([["search", '{"q":1}']]);
  });

  test("interleaved by index, which may begin with 1", () => {
    expect(
      called(
        piece({ index: 1, id: "a", ...fn("search", '{"q"') }),
        piece({ index: 2, id: "b", ...fn("look", '{"q"') }),
        piece({ index: 1, function: { arguments: ":1}" } }),
        piece({ index: 2, function: { arguments: ":2}" } }),
      ),
    ).toEqual(two);
  });

  test("get ids of nine letters and digits where the endpoint sends none", () => {
    const { toolCalls } = read(delta({ tool_calls: [fn("search", "{}"), fn("look", "{}")] }, "stop"));
    for (const { id } of toolCalls) expect(id).toMatch(/^[A-Za-z0-9]{9}$/);
    expect(new Set(toolCalls.map(({ id }) => id)).size).toBe(2);
  });

  test("keep what their model wants back", () => {
    const extra_content = { google: { thought_signature: "sig" } };
    const { toolCalls, continuation } = read(
      delta({ reasoning_content: "I " }),
      delta({ reasoning_content: "think", reasoning_details: [{ type: "reasoning.text", text: "x" }] }),
      delta(
        { tool_calls: [{ index: 0, id: "a", type: "function", extra_content, ...fn("search", "{}") }] },
        "stop",
      ),
    );
    expect(toolCalls[0]?.continuation).toEqual({ model: "m", fields: { extra_content } });
    expect(continuation).toEqual({
      model: "m",
      fields: { reasoning_content: "I think", reasoning_details: [{ type: "reasoning.text", text: "x" }] },
    });
  });

  const written: Record<string, string> = {
    "tool_call tags": '<tool_call>\n{"name": "search", "arguments": {"q": 1}}\n</tool_call>',
    "tool_call tags behind a text": 'Wait.<tool_call>{"name": "search", "arguments": {"q": 1}}</tool_call>',
    "an unclosed tag": '<tool_call>{"name": "search", "arguments": {"q": 1}}',
    "Qwen Coder's tags": "<tool_call><function=search><parameter=q>\n1\n</parameter></function></tool_call>",
    "Mistral's mark": '[TOOL_CALLS][{"name": "search", "arguments": {"q": 1}}]',
    "bare JSON": '{"name": "search", "parameters": {"q": 1}}',
    "a fence": '```json\n{"name": "search", "arguments": "{\\"q\\": 1}"}\n```',
    "OpenAI's shape": '[{"type": "function", "function": {"name": "search", "arguments": "{\\"q\\": 1}"}}]',
  };
  for (const [name, text] of Object.entries(written)) {
    test(`written as text: ${name}`, () => {
      const { toolCalls, text: rest } = read(delta({ content: text }, "stop"));
      expect(toolCalls.map((call) => [call.name, JSON.parse(call.arguments)])).toEqual([
        ["search", { q: 1 }],
      ]);
      expect(rest).toBe(name.endsWith("a text") ? "Wait." : "");
    });
  }

  test("written as text are no calls where the model repeats what somebody wrote", () => {
    expect(read(delta({ content: REPEATED }, "stop"))).toMatchObject({ text: REPEATED, toolCalls: [] });
    expect(read(delta({ content: `So: <tool_call>${REPEATED}</tool_call>` }, "stop"))).toMatchObject({
      text: "So:",
      toolCalls: [],
    });
  });

  test("written as text, behind a text with tags, keep that text", () => {
    const text = "Wait.<tool_call><function=search><parameter=q>1</parameter></function></tool_call>";
    expect(read(delta({ content: text }, "stop"))).toMatchObject({
      text: "Wait.",
      toolCalls: [{ name: "search" }],
    });
  });

  test("written as text, of a tool that is not offered, are left out; other JSON is an answer", () => {
    expect(
      read(delta({ content: 'Hi.<tool_call>{"name":"rm","arguments":{}}</tool_call>' }, "stop")),
    ).toMatchObject({
      text: "Hi.",
      toolCalls: [],
    });
    const json = '{"name": "Ada", "arguments": "none"}';
    expect(read(delta({ content: json }, "stop"))).toMatchObject({ text: json, toolCalls: [] });
  });
});

describe("how an answer ends", () => {
  test("at the output limit it is marked as cut, text and calls", () => {
    expect(read(delta({ content: "1. stop the ser" }, "length"))).toMatchObject({ isCut: true });
    expect(read(delta({ tool_calls: [fn("search", "{}")] }, "max_tokens"))).toMatchObject({ isCut: true });
    expect(read(delta({ content: "all" }, "stop"))).toMatchObject({ isCut: false });
  });

  test("by a content filter, with a text or without one, it is no answer", () => {
    for (const content of ["half a te", ""]) {
      expect(failure(delta({ content }, "content_filter"))).toMatchObject({
        kind: "filtered",
        message: expect.stringContaining("content filter"),
      });
    }
  });

  test("by an error of the endpoint it may be asked for again", () => {
    expect(failure(delta({ content: "half" }, "error"))).toMatchObject({ kind: "server" });
  });

  test("a usage that no column holds is clamped; one that is none is left out", () => {
    const usage = (prompt: unknown, completion: unknown) =>
      read(delta({ content: "x" }, "stop"), {
        choices: null,
        usage: { prompt_tokens: prompt, completion_tokens: completion },
      }).usage;
    expect(usage(4_294_967_295, 2)).toEqual({ prompt_tokens: 2_147_483_647, completion_tokens: 2 });
    expect(usage(-1, 2)).toBeNull();
    expect(usage("many", 2)).toBeNull();
  });
});

describe("chunks out of the ordinary", () => {
  test("null, pings and chunks without choices are skipped", () => {
    const { text } = read(null, "ping", { type: "ping" }, { choices: null }, delta({ content: "x" }, "stop"));
    expect(text).toBe("x");
  });

  test("a list of parts counts with its texts, not with its thoughts", () => {
    const content = [
      { type: "thinking", thinking: [{ type: "text", text: "hm" }] },
      { type: "text", text: "Hello" },
    ];
    expect(read(delta({ content }, "stop")).text).toBe("Hello");
  });

  test("a whole message instead of a delta", () => {
    const message = { role: "assistant", content: "Hello" };
    expect(read({ choices: [{ message, finish_reason: "stop" }] }).text).toBe("Hello");
  });

  test("an error in a shape of the endpoint's own says what it says", () => {
    expect(() => read({ base_resp: { status_code: 1004, status_msg: "login fail" } })).toThrow("login fail");
    expect(() => read({ detail: "Model is loading" })).toThrow("Model is loading");
  });
});

describe("thoughts", () => {
  const cases: [string, string][] = [
    ["<think>hm</think>Hello", "Hello"],
    ["\n<think>\nhm\n</think>\n\nHello", "Hello"],
    ["hm, well</think>Hello", "Hello"],
    ["<think>a</think>One. <think>b</think>Two.", "One. Two."],
    ["Hello<think>hm", "Hello"],
    ["[THINK]hm[/THINK]Hello", "Hello"],
    ["◁think▷hm◁/think▷Hello", "Hello"],
    ["<thinking>hm</thinking>Hello", "Hello"],
    ["Write `<think>` and `</think>`.", "Write `<think>` and `</think>`."],
    ["I think so.", "I think so."],
    // Gemma's template opens the thought, so that its end alone comes.
    ["hm\n<channel|>Hello", "Hello"],
    ["<|channel>thought\n<channel|>Hello", "Hello"],
  ];
  for (const [text, expected] of cases) {
    test(JSON.stringify(text), () => expect(read(delta({ content: text }, "stop")).text).toBe(expected));
  }

  test("alone are an empty answer", () => {
    expect(failure(delta({ content: "<think>hm</think>" }, "stop")).kind).toBe("empty");
    expect(failure(delta({ content: "<think>hm" }, "stop")).kind).toBe("empty");
  });
});

describe("arguments", () => {
  const cases: [string, object][] = [
    ["", {}],
    ["null", {}],
    ['{"a":1}', { a: 1 }],
    ['"{\\"a\\":1}"', { a: 1 }],
    ['{"a":1}{"a":1}', { a: 1 }],
    ['{}{"a":1}', { a: 1 }],
    ["{ }\n{ }", {}],
    ['{"a":1}\n</tool_call>', { a: 1 }],
    ['{"a":"one\ntwo \\n \\" three"}', { a: 'one\ntwo \n " three' }],
  ];
  for (const [text, args] of cases) {
    test(JSON.stringify(text), () => expect(readArguments(text)).toEqual({ args } as never));
  }
  for (const text of ['{"a": "unfin', '["a"]', "7", '{"a":1}{"b":2}', "words", '"words"']) {
    test(`${JSON.stringify(text)} is refused with a reason`, () =>
      expect(readArguments(text).problem).toMatch(/\w{3}/));
  }
});

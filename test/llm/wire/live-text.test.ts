import { expect, test } from "bun:test";
import { createLiveText } from "../../../src/llm/wire/live-text.ts";
import { withoutThoughts } from "../../../src/llm/wire/thoughts.ts";

/** What is shown of a text that comes in pieces of this size. */
function shown(
  text: string,
  size: number,
  options: Partial<Parameters<typeof createLiveText>[0]> = {},
): string {
  const live = createLiveText({ hasTools: true, startsInThought: false, ...options });
  let all = "";
  for (let at = 0; at < text.length; at += size) all += live.add(text.slice(at, at + size));
  return all;
}

test.each([
  ["Hello there.", "Hello there."],
  ["<think>Well, let me see.</think>\n\nHello.", "Hello."],
  ["\n<think>a</think>Hello <think>b</think> you.\n", "Hello  you."],
  ["[THINK]a[/THINK]Hello.", "Hello."],
  ["◁think▷a < b◁/think▷ Hello.", "Hello."],
  ["<|channel>thought\nI think<channel|>Hello.", "Hello."],
  ["<unused94>thought\nI think<unused95>Hello.", "Hello."],
  ["<|inner_prefix|>I think<|inner_suffix|>Hello.", "Hello."],
  ["<|START_THINKING|>I think<|END_THINKING|><|START_RESPONSE|>Hello.<|END_RESPONSE|>", "Hello."],
  ["<|begin_of_thought|>I<|end_of_thought|>\n<|begin_of_solution|>Hello.<|end_of_solution|>", "Hello."],
  ["It is <|begin_of_box|>42<|end_of_box|>, a < b.", "It is 42, a < b."],
  [
    "`<|begin_of_box|>` begins the answer:\n```\n<|end_of_box|>\n```\nOk?",
    "`<|begin_of_box|>` begins the answer:\n```\n<|end_of_box|>\n```\nOk?",
  ],
  [
    "The tag `<think>` begins thoughts, a < b and [1], as is known.",
    "The tag `<think>` begins thoughts, a < b and [1], as is known.",
  ],
  ["Hello. <think>and now", "Hello."],
  ["Use:\n```xml\n<think>\nhm\n</think>\n```\nOk?", "Use:\n```xml\n<think>\nhm\n</think>\n```\nOk?"],
  [
    "~~~\n<think>a</think>[THINK]b[/THINK]\n~~~\nIt <think>hm</think>is.",
    "~~~\n<think>a</think>[THINK]b[/THINK]\n~~~\nIt is.",
  ],
  ["The mark is:\n```\n<think>\n```\nOk?", "The mark is:\n```\n<think>\n```\nOk?"],
  ["<think>```\ncode</think>Hello.", "Hello."],
  ["<|channel|>analysis<|message|>I think<|end|><|channel|>final<|message|>Hello.", ""],
  ['Let me look.\n<tool_call>{"name":"search"}</tool_call>', "Let me look."],
  ['{"name": "search", "arguments": {"query": "a rather long question, so that it is looked at"}}', ""],
  ['```json\n[{"name": "search", "arguments": {}}]\n```', ""],
])("%j", (text, live) => {
  for (const size of [1, 2, 3, 7, 1000]) expect([size, shown(text, size)]).toEqual([size, live]);
  if (live !== "" && !text.includes("<tool_call>")) expect(withoutThoughts(text).startsWith(live)).toBeTrue();
});

test("an answer in JSON is shown once it is known to be none of a call", () => {
  const json = `{"title": "${"x".repeat(100)}", "name": "y"}`;
  for (const size of [1, 7, 1000]) expect(shown(json, size)).toBe(json);
  expect(shown('{"name": "x"}', 3, { hasTools: false })).toBe('{"name": "x"}');
});

test("thoughts without a beginning are not shown of a model that is known for it", () => {
  const text = "First I look.\n</think>\n\nHello.";
  for (const size of [1, 5, 1000]) expect(shown(text, size, { startsInThought: true })).toBe("Hello.");
});

test.each([
  ["Okay, the user wants\n</think>\n\nHello.", "Hello."],
  ["  We need to look.</think>Hello.", "Hello."],
  ["首先，我看</think>Hello.", "Hello."],
  ["Okay, I will do that for you.", ""],
  ["Okra is a vegetable.", "Okra is a vegetable."],
  ["Hello there, you.", "Hello there, you."],
  ["<think>Hm</think>Hello.", "Hello."],
  ["S", ""],
])("of a model that has not answered yet, %j is looked at", (text, live) => {
  for (const size of [1, 5, 1000]) {
    expect([size, shown(text, size, { startsInThought: "perhaps" })]).toEqual([size, live]);
  }
});

test("a flood of blanks is not looked through again for each", () => {
  const live = createLiveText({ hasTools: true, startsInThought: "perhaps" });
  for (let at = 0; at < 100_000; at++) expect(live.add(" ")).toBe("");
  expect(live.add("x").trim()).toBe("x");
});

test("an example in the thoughts of a model that does not mark their beginning ends none of them", () => {
  expect(withoutThoughts("We show\n```\n<think>\n```\nand stop.</think>\nHello.")).toBe("Hello.");
  expect(withoutThoughts("We open\n```\nand stop.</think>\nHello.\n```\n<think>\n```")).toBe(
    "Hello.\n```\n<think>\n```",
  );
});

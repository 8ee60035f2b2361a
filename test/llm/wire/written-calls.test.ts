// Calls that a server leaves in the text, in the formats of the models' templates: each is made, and none of it is shown.

import { describe, expect, test } from "bun:test";
import type { AttemptFailure } from "../../../src/llm/attempt.ts";
import { createAnswer } from "../../../src/llm/chat-completions/answer.ts";
import { delta } from "../strict-endpoint.ts";

const TOOLS = new Map<string, Record<string, unknown>>([
  [
    "search",
    {
      type: "object",
      properties: {
        q: { type: "string" },
        limit: { type: "integer" },
        tags: { type: "array", items: { type: "string" } },
        all: { anyOf: [{ type: "boolean" }, { type: "null" }] },
      },
    },
  ],
  ["list_all", { type: "object", properties: {} }],
]);

interface Asked {
  mustAnswer?: boolean;
  tools?: typeof TOOLS;
  isRepeated?: (text: string) => boolean;
}

/** What becomes of a text that comes in pieces of this size: what is shown of it at once, and what is left at its end. */
function answerTo(text: string, size: number, { mustAnswer, tools = TOOLS, isRepeated }: Asked = {}) {
  const offered = new Set(mustAnswer ? [] : tools.keys());
  const answer = createAnswer({ origin: "m", offered, tools, isRepeated: isRepeated ?? (() => false) });
  let shown = "";
  for (let at = 0; at < text.length; at += size) {
    shown += answer.add(delta({ content: text.slice(at, at + size) }));
  }
  shown += answer.add(delta({}, "stop"));
  const { text: whole, toolCalls } = answer.finish();
  return {
    shown,
    text: whole,
    calls: toolCalls.map(({ name, arguments: json }) => [name, JSON.parse(json)]),
  };
}

const SEARCH = ["search", { q: "12", limit: 3, tags: ["a", "b"], all: null }];
const JSON_ARGUMENTS = '{"q":"12","limit":3,"tags":["a","b"],"all":null}';
const PARAMETERS = [
  ["q", "12"],
  ["limit", "3"],
  ["tags", '["a","b"]'],
  ["all", "null"],
] as const;
const named = (open: string, close: string) =>
  PARAMETERS.map(([name, value]) => `${open}${name}">${value}${close}\n`).join("");

const one: Record<string, string> = {
  "Kimi K2": `<|tool_calls_section_begin|><|tool_call_begin|>functions.search:0<|tool_call_argument_begin|>${JSON_ARGUMENTS}<|tool_call_end|><|tool_calls_section_end|>`,
  "Kimi K2, without the section": `<|tool_call_begin|>functions.search:12<|tool_call_argument_begin|> ${JSON_ARGUMENTS} <|tool_call_end|>`,
  "Kimi K2, unclosed": `<|tool_calls_section_begin|><|tool_call_begin|>search:0<|tool_call_argument_begin|>${JSON_ARGUMENTS}`,
  "DeepSeek V3": `<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>search\n\`\`\`json\n${JSON_ARGUMENTS}\n\`\`\`<｜tool▁call▁end｜><｜tool▁calls▁end｜>`,
  "DeepSeek V3.1": `<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>search<｜tool▁sep｜>${JSON_ARGUMENTS}<｜tool▁call▁end｜><｜tool▁calls▁end｜><｜end▁of▁sentence｜>`,
  "DeepSeek V3.1, printed plainly": `<|tool_calls_begin|><|tool_call_begin|>search<|tool_sep|>${JSON_ARGUMENTS}<|tool_call_end|><|tool_calls_end|>`,
  "DeepSeek V3.2": `<｜DSML｜function_calls>\n<｜DSML｜invoke name="search">\n<｜DSML｜parameter name="q" string="true">12</｜DSML｜parameter>\n<｜DSML｜parameter name="limit" string="false">3</｜DSML｜parameter>\n<｜DSML｜parameter name="tags" string="false">["a","b"]</｜DSML｜parameter>\n<｜DSML｜parameter name="all" string="false">null</｜DSML｜parameter>\n</｜DSML｜invoke>\n</｜DSML｜function_calls>`,
  "DeepSeek V4, without its section": `<｜DSML｜invoke name="search">${named('<｜DSML｜parameter name="', "</｜DSML｜parameter>")}</｜DSML｜invoke>`,
  "DeepSeek V4, with double bars": `<｜｜DSML｜｜tool_calls><｜｜DSML｜｜invoke name="search">${named('<｜｜DSML｜｜parameter name="', "</｜｜DSML｜｜parameter>")}</｜｜DSML｜｜invoke></｜｜DSML｜｜tool_calls>`,
  "DeepSeek V4, with plain bars": `<|DSML|tool_calls><|DSML|invoke name="search">${named('<|DSML|parameter name="', "</|DSML|parameter>")}</|DSML|invoke></|DSML|tool_calls>`,
  "GLM 4.5": `<tool_call>search\n${PARAMETERS.map(([key, value]) => `<arg_key>${key}</arg_key>\n<arg_value>${value}</arg_value>\n`).join("")}</tool_call>`,
  "GLM 4.7": `<tool_call>search${PARAMETERS.map(([key, value]) => `<arg_key>${key}</arg_key><arg_value>${value}</arg_value>`).join("")}</tool_call>`,
  "MiniMax M2": `<minimax:tool_call>\n<invoke name="search">\n${named('<parameter name="', "</parameter>")}</invoke>\n</minimax:tool_call>`,
  "MiniMax M1": `<tool_calls>\n{"name": "search", "arguments": ${JSON_ARGUMENTS}}\n</tool_calls>`,
  Hunyuan: `<tool_calls>[{"name": "search", "arguments": ${JSON_ARGUMENTS}}]</tool_calls>`,
  "gpt-oss": `<|channel|>analysis<|message|>I look.<|end|><|start|>assistant<|channel|>commentary to=functions.search <|constrain|>json<|message|>${JSON_ARGUMENTS}<|call|>`,
  "gpt-oss, the recipient first": `<|start|>assistant to=functions.search<|channel|>commentary json<|message|>${JSON_ARGUMENTS}`,
  "gpt-oss, without its marks": `analysisI look it up.assistantcommentary to=functions.search json${JSON_ARGUMENTS}`,
  "gpt-oss, a call alone": `commentary to=functions.search json${JSON_ARGUMENTS}`,
  "Llama 3.2": `[search(q="12", limit=3, tags=['a', "b"], all=None)]`,
  "Llama 4": `<|python_start|>[search(q='12', limit=3, tags=["a", "b"], all=None)]<|python_end|>`,
  "Llama 3.1, built in": `<|python_tag|>search.call(q="12", limit=3, tags=["a","b"], all=None)<|eom_id|>`,
  "Llama 3.1": `<function=search>${JSON_ARGUMENTS}</function>`,
  "Llama 3.3, without the end of its tag": `<function=search${JSON_ARGUMENTS}</function>`,
  LFM: `<|tool_call_start|>[search(q="12", limit=3, tags=["a", "b"], all=null)]<|tool_call_end|>`,
  OLMo: `<function_calls>\nsearch(q="12", limit=3, tags=["a", "b"], all=null)\n</function_calls>`,
  "Gemma 3": `\`\`\`tool_code\nsearch(q="12", limit=3, tags=["a", "b"], all=None)\n\`\`\``,
  "Gemma 4": `<|tool_call>call:search{q:<|"|>12<|"|>,limit:3,tags:[<|"|>a<|"|>,<|"|>b<|"|>],all:null}<tool_call|>`,
  FunctionGemma: `<start_function_call>call:search{q:<escape>12<escape>,limit:3,tags:[<escape>a<escape>,<escape>b<escape>],all:null}<end_function_call>`,
  "Mistral, with a mark for the arguments": `[TOOL_CALLS]search[ARGS]${JSON_ARGUMENTS}`,
  "Mistral, with an id": `[TOOL_CALLS]search[CALL_ID]9sx3jd82k[ARGS]${JSON_ARGUMENTS}</s>`,
  "Mistral, without marks": `[TOOL_CALLS]search${JSON_ARGUMENTS}`,
  "Qwen Coder": `<tool_call>\n<function=search>\n${PARAMETERS.map(([key, value]) => `<parameter=${key}>\n${value}\n</parameter>\n`).join("")}</function>\n</tool_call>`,
  Seed: `<seed:tool_call><function=search>${PARAMETERS.map(([key, value]) => `<parameter=${key}>${value}</parameter>`).join("")}</function></seed:tool_call>`,
  Step: `<steptml:invoke name="search">${named('<steptml:parameter name="', "</steptml:parameter>")}</steptml:invoke>`,
  Claude: `<function_calls>\n<invoke name="search">\n${named('<parameter name="', "</parameter>")}</invoke>\n</function_calls>`,
  Nemotron: `<TOOLCALL>[{"name": "search", "arguments": ${JSON_ARGUMENTS}}]</TOOLCALL>`,
  Granite: `<|tool_call|>[{"name": "search", "arguments": ${JSON_ARGUMENTS}}]`,
  Phi: `functools[{"name": "search", "arguments": ${JSON_ARGUMENTS}}]`,
  Command: `<|START_ACTION|>[{"tool_call_id": "0", "tool_name": "search", "parameters": ${JSON_ARGUMENTS}}]<|END_ACTION|>`,
  InternLM: `<|action_start|><|plugin|>\n{"name": "search", "parameters": ${JSON_ARGUMENTS}}<|action_end|>`,
  Apertus: `<|tools_prefix|>[{"search": ${JSON_ARGUMENTS}}]<|tools_suffix|>`,
  LongCat: `<longcat_tool_call>{"name": "search", "arguments": ${JSON_ARGUMENTS}}</longcat_tool_call>`,
};

describe("a call in the format of", () => {
  test.each(Object.entries(one))("%s", (_, text) => {
    for (const size of [1, 7, 10_000]) {
      expect([size, answerTo(text, size)]).toEqual([
        size,
        { shown: "", text: expect.not.stringContaining("search"), calls: [SEARCH] },
      ]);
    }
  });

  // What stands alone is a call because nothing else stands there.
  const marked = Object.entries(one).filter(([, text]) => !/^[[`a-z]|^<\|(?:channel|start)\|>/.test(text));
  test.each([...marked, ["Mistral", `[TOOL_CALLS][{"name":"search","arguments":${JSON_ARGUMENTS}}]`]])(
    "%s, behind a text",
    (_, text) => {
      for (const size of [1, 7, 10_000]) {
        const { shown, text: whole, calls } = answerTo(`I look [1] for <b>.\n\n${text}`, size);
        expect([size, shown, calls]).toEqual([size, "I look [1] for <b>.", [SEARCH]]);
        expect(whole).toStartWith("I look [1] for <b>.");
      }
    },
  );
});

test("several calls in one answer", () => {
  const texts = [
    `<|tool_calls_section_begin|><|tool_call_begin|>functions.search:0<|tool_call_argument_begin|>{"q":"a"}<|tool_call_end|><|tool_call_begin|>functions.list_all:1<|tool_call_argument_begin|>{}<|tool_call_end|><|tool_calls_section_end|>`,
    `<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>search<｜tool▁sep｜>{"q":"a"}<｜tool▁call▁end｜><｜tool▁call▁begin｜>list_all<｜tool▁sep｜>{}<｜tool▁call▁end｜><｜tool▁calls▁end｜>`,
    `<tool_call>search<arg_key>q</arg_key><arg_value>a</arg_value></tool_call>\n<tool_call>list_all</tool_call>`,
    `<minimax:tool_call><invoke name="search"><parameter name="q">a</parameter></invoke><invoke name="list_all"></invoke></minimax:tool_call>`,
    `[TOOL_CALLS]search[ARGS]{"q":"a"}[TOOL_CALLS]list_all[ARGS]{}`,
    `[search(q="a"), list_all()]`,
    `<|python_tag|>{"name":"search","parameters":{"q":"a"}}; {"name":"list_all","parameters":{}}`,
    `<|tool_call>call:search{q:<|"|>a<|"|>}<tool_call|><|tool_call>call:list_all{}<tool_call|>`,
    `<|channel|>commentary to=functions.search<|message|>{"q":"a"}<|call|><|start|>assistant<|channel|>commentary to=functions.list_all<|message|>{}<|call|>`,
    `<tool_calls>\n{"name":"search","arguments":{"q":"a"}}\n{"name":"list_all","arguments":{}}\n</tool_calls>`,
  ];
  for (const text of texts) {
    expect([text, answerTo(text, 3).calls]).toEqual([
      text,
      [
        ["search", { q: "a" }],
        ["list_all", {}],
      ],
    ]);
  }
});

test("values that are hard to read", () => {
  const call = (text: string) => answerTo(text, 10_000).calls[0]?.[1];
  expect(call(`[search(q='it\\'s "so"\\n\\u00e9 \\\\', limit=-3)]`)).toEqual({
    q: 'it\'s "so"\né \\',
    limit: -3,
  });
  expect(call(`[search(q={"a": [1, 2.5e3, True], 'b': {}},)]`)).toEqual({ q: { a: [1, 2500, true], b: {} } });
  const code = "if a < b:\n    print('<x>')\n";
  expect(
    call(`<tool_call><function=search><parameter=q>\n${code}\n</parameter></function></tool_call>`),
  ).toEqual({
    q: code,
  });
  expect(
    call(`<tool_call>search<arg_key>q</arg_key><arg_value>{"not": "an object"}</arg_value></tool_call>`),
  ).toEqual({
    q: '{"not": "an object"}',
  });
  expect(call(`<|tool_call>call:search{q:<|"|>a "b" {c}, d: 1<|"|>}<tool_call|>`)).toEqual({
    q: 'a "b" {c}, d: 1',
  });
});

test.each([
  // Text that is like a call, and is none.
  ["[1](https://example.org) and [search](https://example.org/s)", 0],
  ['[search(q="x") is how you call it]', 0],
  ['[search(q="x")] finds it.', 0],
  ["[print(q=1)]", 0],
  ["[search(1)]", 0],
  ["analysis of the text: it is fine", 0],
  ["analysisWe begin.", 0],
  ["Use `<tool_call>` for calls, and `<|tool_call_begin|>`.", 0],
  ["Write <invoke name=x> in XML, and <function_calls>none</function_calls>.", 0],
  ["<tool_calls>are listed below</tool_calls>", 0],
  ['```json\n{"title": "x"}\n```', 0],
])("%j stays", (text) => {
  for (const size of [1, 5, 1000]) {
    const answer = answerTo(text, size);
    expect([size, answer]).toEqual([size, { shown: expect.any(String), text, calls: [] }]);
    expect(text.startsWith(answer.shown)).toBeTrue();
  }
});

test("a call of an unknown tool is left out, and one that the conversation already has is none", () => {
  const kimi = (name: string) =>
    `<|tool_call_begin|>functions.${name}:0<|tool_call_argument_begin|>{"q":"a"}<|tool_call_end|>`;
  expect(answerTo(`Hm.\n${kimi("rm")}`, 9)).toEqual({ shown: "Hm.", text: "Hm.", calls: [] });
  expect(answerTo(`Hm.\n${kimi("search")}`, 9, { isRepeated: () => true })).toMatchObject({
    text: "Hm.",
    calls: [],
  });
});

describe("where no tool may be called any more", () => {
  test("calls are taken out of the answer", () => {
    for (const text of [
      one["Kimi K2"],
      one["GLM 4.5"],
      one["DeepSeek V3.2"],
      one.Hunyuan,
      one["Qwen Coder"],
    ]) {
      const answer = answerTo(`It is 5.\n${text}`, 4, { mustAnswer: true });
      expect(answer).toEqual({ shown: "It is 5.", text: "It is 5.", calls: [] });
    }
  });

  test("an answer that is nothing else is none", () => {
    for (const text of [one["Kimi K2"], one["Llama 3.2"], one.Phi, one["gpt-oss"]]) {
      let failure: Partial<AttemptFailure> = {};
      try {
        answerTo(text ?? "", 4, { mustAnswer: true });
      } catch (error) {
        failure = error as AttemptFailure;
      }
      expect(failure).toMatchObject({ kind: "empty", message: expect.stringContaining("none may be made") });
    }
  });

  test("without any tool in the conversation, what is written about calls is an answer", () => {
    for (const text of [
      one["Kimi K2"] ?? "",
      one["GLM 4.5"] ?? "",
      '[{"name": "search", "arguments": {}}]',
    ]) {
      expect(answerTo(text, 4, { tools: new Map() })).toEqual({ shown: text, text, calls: [] });
    }
  });
});

describe("gpt-oss", () => {
  test.each([
    [
      "<|channel|>analysis<|message|>I think<|end|><|start|>assistant<|channel|>final<|message|>Hello.<|return|>",
      "Hello.",
    ],
    ["<|channel|>final<|message|>Hello.", "Hello."],
    ["analysisWe should greet.assistantfinalHello.", "Hello."],
    ["<|channel|>commentary<|message|>I look it up.<|end|>", "I look it up."],
  ])("%j", (text, expected) => {
    for (const size of [1, 6, 1000])
      expect(answerTo(text, size)).toEqual({ shown: "", text: expected, calls: [] });
  });

  test("thoughts alone are an empty answer", () => {
    expect(() => answerTo("<|channel|>analysis<|message|>I think", 5)).toThrow("the answer is empty");
  });
});

// Times everything that parses outside text on adversarial texts of 10 kB and 100 kB. Smaller ones come first, so that
// an exponential parser fails at once instead of running for ever.

import { describe, expect, test } from "bun:test";
import { Type as t } from "@sinclair/typebox";
import { isMarked } from "../../integrations/_forge/markers.ts";
import { splitText } from "../../integrations/_forge/split-text.ts";
import { describeEvent } from "../../integrations/github/events/describe.ts";
import { keyAt, parsePointer } from "../../integrations/webhook/payload.ts";
import { faultIn, renderPrompt } from "../../integrations/webhook/prompt.ts";
import { cutText } from "../../src/agent/cut-text.ts";
import { htmlToMarkdown } from "../../src/agent/tools/html/html-to-markdown.ts";
import { createToolRanking } from "../../src/agent/tools/ranking.ts";
import { toToolResult } from "../../src/agent/tools/result.ts";
import { mentionsIn } from "../../src/capabilities/mentions.ts";
import { namesTool } from "../../src/capabilities/tool-patterns.ts";
import { frontMatterReader } from "../../src/content/front-matter.ts";
import { tagList } from "../../src/content/tags.ts";
import { compareVersions } from "../../src/content/templates/compatible.ts";
import { storable, storableJson } from "../../src/db/storable.ts";
import { findInLiteral } from "../../src/integrations/discovery/find-in-literal.ts";
import { locate } from "../../src/integrations/discovery/locate.ts";
import { importedPaths } from "../../src/integrations/review/imports.ts";
import { createAnswer } from "../../src/llm/chat-completions/answer.ts";
import { createEvents } from "../../src/llm/event-stream.ts";
import { readCommands } from "../../src/llm/offline.ts";
import { toOpenAiFailure } from "../../src/llm/openai-client.ts";
import { readRetryAfter, waitAsked } from "../../src/llm/wait-asked.ts";
import { argumentsWithoutControlTokens, withoutControlTokens } from "../../src/llm/wire/control-tokens.ts";
import { createLiveText } from "../../src/llm/wire/live-text.ts";
import { repairedJson } from "../../src/llm/wire/repaired-json.ts";
import { createOutput } from "../../src/processes/output.ts";
import { createRedactor } from "../../src/redact.ts";
import { callSites } from "../../src/runtime/call-sites.ts";
import { compileSchema } from "../../src/schema/json-schema.ts";
import { nearest } from "../../src/schema/nearest.ts";
import { chunkMarkdown } from "../../src/search/chunk.ts";
import { searchableText } from "../../src/search/lexemes.ts";
import { parsePath } from "../../src/workspace/path.ts";
import { type Growth, growthOf } from "./growth.ts";

const keep = (text: string) => text;
function readAll(text: string, size: number) {
  const events = createEvents();
  const all: unknown[] = [];
  try {
    for (let at = 0; at < text.length; at += size)
      all.push(...events.feed(`data: ${text.slice(at, at + size)}`));
    all.push(...events.end());
  } catch {
    // Malformed, or too long.
  }
  return all;
}
const redactor = createRedactor();
redactor.add("a-secret-of-some-length-0123456789", "another/secret+with=signs&more-0123");
const readFront = frontMatterReader(t.Object({ name: t.Optional(t.String()) }));
const validate = compileSchema(t.Object({ name: t.String() }, { additionalProperties: false }));

const PARSERS: Record<string, (text: string) => unknown> = {
  mentionsIn,
  searchableText,
  chunkMarkdown: (text) => chunkMarkdown(text),
  "chunkMarkdown, as what is searched": (text) =>
    chunkMarkdown(text).map(({ breadcrumb, content }) => searchableText(`${breadcrumb}\n${content}`)),
  readCommands,
  "events of a model's answer": (text) => readAll(text, text.length),
  "events of a model's answer, in pieces": (text) => readAll(text, 41),
  "events of a model's answer, without empty lines": (text) =>
    readAll(text.replaceAll(/(.{9})/g, "$1\ndata: {"), 64),
  withoutControlTokens,
  argumentsWithoutControlTokens: (text) =>
    argumentsWithoutControlTokens(JSON.stringify({ text, escaped: "\\u003c" })),
  frontMatter: readFront,
  tagList,
  nearest: (text) => nearest(text, ["integration", "title", "content"]),
  "nearest, of long words": (text) => nearest("integration", [text]),
  storable,
  storableJson: (text) => storableJson({ [text]: [text] }),
  cutText: (text) => cutText(text, 30_000),
  toToolResult: (text) => toToolResult(text, keep),
  "toToolResult, an object": (text) => toToolResult({ error: text }, keep),
  namesTool: (text) => namesTool(["github_*_*_*", "*a*a*a*a*a*b"])(text),
  "namesTool, the pattern": (text) =>
    namesTool([text.replaceAll("a", "*a"), `${"*a".repeat(60)}b`])("a".repeat(64)),
  htmlToMarkdown: (text) => htmlToMarkdown(text, "https://a.example/"),
  "htmlToMarkdown, ends of nothing": (text) =>
    htmlToMarkdown("<b>".repeat(text.length / 7) + "</i>".repeat(text.length / 7), "https://a.example/"),
  rankTools: (text) => createToolRanking()([{ name: text, description: text }], text),
  locate: (text) => locate(Object.assign(new Error("x"), { stack: text }), "/integrations/mine"),
  importedPaths: (text) => importedPaths("a.ts", text),
  "importedPaths, of settings": (text) => importedPaths("tsconfig.json", text),
  callSites: (text) => callSites(text, () => false),
  "callSites, of comments": (text) => callSites("//require\n".repeat(text.length / 10), () => false),
  "callSites, of arguments": (text) => callSites(`const load = require;load("./" + ${text}`, () => false),
  findInLiteral: (text) => findInLiteral(`const SETUP = ${text}`, "SETUP", ["a"]),
  "an answer that is white space, as it comes": (text) => {
    const live = createLiveText({ hasTools: false, startsInThought: false });
    for (let at = 0; at < text.length; at += 5) live.add("     ");
  },
  "an answer that has calls in its text, as it comes": (text) => {
    const offered = new Set(["search"]);
    const answer = createAnswer({ origin: "m", offered, isRepeated: () => false });
    for (let at = 0; at < text.length; at += 40) {
      answer.add({ choices: [{ delta: { content: text.slice(at, at + 40) } }] });
    }
    answer.add({ choices: [{ delta: {}, finish_reason: "stop" }] });
    try {
      answer.finish();
    } catch {
      // Nothing is left of it.
    }
  },
  "messages of a model's endpoint": (text) => toOpenAiFailure(new Error(text), { hide: keep, now: 0 }),
  readRetryAfter: (text) => readRetryAfter(new Headers({ "retry-after": text.replace(/[^ -~]/g, "") }), 0),
  repairedJson,
  "how long an endpoint asks to wait": (text) => waitAsked({ message: text }),
  redact: redactor.redact,
  "output of a process": (text) => {
    const output = createOutput({ redact: keep, onLine: () => {}, pause: async () => {} });
    void output.write(new TextEncoder().encode(text), "stdout");
    output.end();
  },
  compareVersions: (text) => compareVersions(text, "1.0"),
  parsePath,
  validate: (text) => validate({ [text]: 1 }),
  "webhook: a template": faultIn,
  "webhook: a payload": (text) =>
    renderPrompt("{{text}} {{.}}", { endpoint: "e", event: "x", payload: { text } }),
  "webhook: a pointer": parsePointer,
  "webhook: a key": (text) => keyAt({ a: text }, "/a"),
  "github: a comment": (text) =>
    describeEvent("issue_comment", {
      action: "created",
      issue: { number: 1, title: text },
      comment: { body: text, user: { login: text } },
    }),
  "github: a push": (text) =>
    describeEvent("push", {
      ref: text,
      commits: Array(20).fill({ id: text, message: text }),
      sender: { login: text },
    }),
  "github: a marker": isMarked,
  "github: an answer": (text) => splitText(text, 1000),
};

/** Each seed is repeated; the part before the bar appears once at the start, and the part after it once at the end. */
const UNITS = [
  ...[
    "a",
    " ",
    "\n",
    "\t",
    ".",
    "/",
    "-",
    "#",
    "`",
    "~",
    "=",
    "<",
    ">",
    "{",
    "}",
    '"',
    "'",
    "\\",
    "@",
    ":",
    ";",
    ",",
    "\u0000",
    "é",
    "日",
  ],
  ...[
    "ab ",
    "a.",
    "a/",
    "a@",
    ". ",
    "# ",
    " #",
    "a\n",
    "#a\n",
    "# a\n\nx\n",
    "```\n",
    "~~~\n",
    "> ",
    "a\n=\n",
    "---\n",
    "- a\n",
  ],
  ...[
    "</s>",
    "<|im_end|><|im_end|>",
    "data: {}",
    "<tool_calls>",
    "<invoke name=",
    "<function=search><parameter=",
    "<tool_call>|<arg_key>|",
    "[TOOL_CALLS]",
    "<|tool_call_begin|><|tool_call_end|>",
    "<|DSML|invoke name=|",
    "[search(q=|[|",
    '[search(q="|\\n|',
    "functools[|{|",
    "```json\n|{|",
    "<|channel|>commentary to=functions.search<|message|>{",
    "analysisW|assistantfinal|",
    '<|tool_call>call:search{q:<|"|>|',
    "<think>|a</think>|",
  ],
  ...[
    "@skill:",
    "@skill:a./",
    "/a {\n",
    "/a {}\n",
    '"\\',
    '{"',
    '\\"',
    "{{",
    "{{a}}",
    "{{a",
    "<a",
    "<script",
    "<style>",
    "</",
    "<!--",
    "/*",
    "//",
    "%41",
    "%",
    "&lt;",
  ],
  ...[
    "\u0301",
    "\u0301\u0316",
    "\u0316\u0301",
    "\u1100",
    "\u200d",
    "\u{1f600}",
    "\ud800",
    "ﷺ",
    "Σ.",
    "İ",
    "\u001b[",
    "\u001b[;",
    "\u009b",
    "\u001b]8;;",
    "<|",
    "<|a",
    "[INST",
    "＜｜",
    "<div>",
    "<blockquote>a",
    "<ul><li>",
    "<a href=x>",
    "<pre>\n",
    "<!--",
    "&amp",
  ],
  ...[
    "@skill:a|.|x",
    "# |.|\n\ntext",
    "# | |x",
    "# | #|x",
    "# a|.|\n\n# b\n\nc",
    "````````|````\n|",
    '/a {|"\\"|',
    "/a {|{|",
    "---\n|a\n|",
    "a|\u0301|",
    "\u001b[|;|",
    "\u001b]|a|",
    "<| |/webhook-data",
    "`|`|\n```\n",
    "(|:1|)",
    "/integrations/mine|:1|",
    ":|1|:1",
  ],
];

function textOf(unit: string, size: number): string {
  const [before = "", middle, after = ""] =
    unit.includes("|") && unit.split("|").length === 3 ? unit.split("|") : ["", unit, ""];
  return before + (middle ?? unit).repeat(Math.ceil(size / (middle ?? unit).length)) + after;
}

/**
 * Describes a case in which the parser takes superlinear time; the largest text decides, because caches no longer help
 * there.
 */
function steepness(parse: (text: string) => unknown, unit: string): string | undefined {
  const work = (size: number) => {
    const text = textOf(unit, size);
    return () => {
      try {
        parse(text);
      } catch {
        // Rejecting a text is fine as long as it is fast.
      }
    };
  };
  const early = growthOf(work(1_000), work(10_000), 10);
  if (early.isSteep) return inWords(unit, early);
  if (!growthOf(work(10_000), work(100_000), 10).isSteep) return undefined;
  // Measure twice: garbage collection or a busy machine may make one measurement look superlinear.
  const late = [1, 2].map(() => {
    Bun.gc(true);
    return growthOf(work(100_000), work(800_000), 8);
  });
  const [first] = late;
  return first && late.every(({ isSteep }) => isSteep) ? inWords(unit, first) : undefined;
}

const inWords = (unit: string, { small, large }: Growth): string =>
  `${JSON.stringify(unit)}: ${small.toFixed(1)} → ${large.toFixed(1)} ms`;

describe.each(Object.entries(PARSERS))("%s takes linear time", (_, parse) => {
  test("on any text", () => {
    expect(UNITS.flatMap((unit) => steepness(parse, unit) ?? [])).toEqual([]);
  });
});

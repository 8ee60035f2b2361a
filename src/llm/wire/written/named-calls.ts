// Calls that are a name, a mark, and JSON: Kimi, DeepSeek and Mistral.

import { type WrittenCall, withJson } from "./written-call.ts";

const ARGUMENTS = "<|tool_call_argument_begin|>";

/** `functions.search:0<|tool_call_argument_begin|>{…}<|tool_call_end|>` */
export const readKimiCalls = (text: string): (WrittenCall | undefined)[] =>
  partsOf(text, "<|tool_call_begin|>", "<|tool_call_end|>").map((part) => {
    const at = part.indexOf(ARGUMENTS);
    if (at < 0) return undefined;
    const id = part.slice(0, at).trim();
    return withJson(id.replace(/:\d{1,6}$/, ""), part.slice(at + ARGUMENTS.length));
  });

const SEPARATOR = "<｜tool▁sep｜>";
const FENCE = "```";

/** `search<｜tool▁sep｜>{…}`; before 3.1, `function<｜tool▁sep｜>search` and a fence with the JSON. */
export const readDeepSeekCalls = (text: string): (WrittenCall | undefined)[] =>
  partsOf(text, "<｜tool▁call▁begin｜>", "<｜tool▁call▁end｜>").map((part) => {
    const at = part.indexOf(SEPARATOR);
    if (at < 0) return undefined;
    const [head, rest] = [part.slice(0, at).trim(), part.slice(at + SEPARATOR.length)];
    const fence = rest.indexOf(FENCE);
    if (head !== "function" || fence < 0) return withJson(head, rest);
    const begin = rest.indexOf("\n", fence);
    const end = rest.indexOf(FENCE, fence + FENCE.length);
    return withJson(rest.slice(0, fence).trim(), rest.slice(begin, end < 0 ? rest.length : end));
  });

/** `search[ARGS]{…}`, with an id before that in some versions, and without a mark in others. */
export function readMistralCall(text: string): (WrittenCall | undefined)[] {
  const at = text.indexOf("{");
  if (at < 0) return [];
  const [name = ""] = text.slice(0, at).split(/\[CALL_ID\]|\[ARGS\]/);
  return [withJson(name.trim(), text.slice(at))];
}

/** What stands behind each beginning, as far as its end. */
function partsOf(text: string, begin: string, end: string): string[] {
  const parts = text.split(begin);
  // The first one is what stands before the first beginning, unless the block itself began with it.
  const calls = (parts[0] ?? "").trim() === "" ? parts.slice(1) : parts;
  return calls.map((part) => {
    const at = part.indexOf(end);
    return at < 0 ? part : part.slice(0, at);
  });
}

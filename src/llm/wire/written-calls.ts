// Recovers tool calls that a model wrote into its text, because its server did not recognise them as calls.

import { readArguments } from "./arguments.ts";

type JsonObject = Record<string, unknown>;

export interface WrittenCall {
  name: string;
  /** JSON text. */
  arguments: string;
}

/** How open models mark a call. Between the marks stands JSON, or the tags of Qwen Coder. */
const CLOSING: Record<string, string> = {
  "<tool_call>": "</tool_call>",
  "[TOOL_CALLS]": "[/TOOL_CALLS]",
  "<|python_tag|>": "<|eom_id|>",
  "<function=": "</function>",
};
const MOST_BLOCKS = 128;
const OPENING = /<tool_call>|\[TOOL_CALLS\]|<\|python_tag\|>|<function=/g;

export interface WrittenCallsOptions {
  /** The names of the tools that may be called. */
  offered: ReadonlySet<string>;
  /** Whether the conversation already has this text: repeating what somebody wrote is not a call. */
  isRepeated: (text: string) => boolean;
}

/**
 * Returns the calls, and the text without any marked block. A text that is nothing but the JSON of a call counts as
 * well.
 */
export function readWrittenCalls(
  text: string,
  options: WrittenCallsOptions,
): { text: string; calls: WrittenCall[] } {
  const bare = permitted(withoutFence(text.trim()), readJsonCalls, options);
  if (bare.length > 0) return { text: "", calls: bare };
  const calls: WrittenCall[] = [];
  const kept: string[] = [];
  let [at, blocks] = [0, 0];
  for (const opening of text.matchAll(OPENING)) {
    // A mark inside the block before it.
    if (opening.index < at) continue;
    const [mark] = opening;
    const closing = text.indexOf(CLOSING[mark] ?? "", opening.index);
    // The name of a function stands in its opening tag, which therefore belongs to what is read.
    const start = mark === "<function=" ? opening.index : opening.index + mark.length;
    const inner = text.slice(start, closing < 0 ? text.length : closing);
    // The conversation is searched for each block.
    if (blocks++ < MOST_BLOCKS) calls.push(...permitted(withoutFence(inner.trim()), readBlock, options));
    kept.push(text.slice(at, opening.index));
    at = closing < 0 ? text.length : closing + (CLOSING[mark] ?? "").length;
  }
  return at === 0 ? { text, calls } : { text: [...kept, text.slice(at)].join("").trim(), calls };
}

type Read = (text: string) => (WrittenCall | undefined)[];

function permitted(text: string, read: Read, { offered, isRepeated }: WrittenCallsOptions): WrittenCall[] {
  const calls = read(text).flatMap((call) => (call && offered.has(call.name) ? [call] : []));
  return calls.length > 0 && isRepeated(text) ? [] : calls;
}

const readBlock: Read = (text) => {
  const functionAt = text.indexOf("<function=");
  return functionAt >= 0 ? [readFunctionTags(text.slice(functionAt))] : readJsonCalls(text);
};

const FENCE = "```";

function withoutFence(text: string): string {
  if (!text.startsWith(FENCE) || !text.endsWith(FENCE)) return text;
  const start = text.indexOf("\n");
  return start < 0 ? text : text.slice(start + 1, -FENCE.length).trim();
}

function readJsonCalls(text: string): (WrittenCall | undefined)[] {
  if (!text.startsWith("{") && !text.startsWith("[")) return [];
  try {
    const value: unknown = JSON.parse(text);
    return (Array.isArray(value) ? value : [value]).map(fromJson);
  } catch {
    return [];
  }
}

/** `{"name": …, "arguments": …}`, with `parameters` for Llama, or within `function`. */
function fromJson(value: unknown): WrittenCall | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const outer = value as JsonObject;
  const call = typeof outer.function === "object" && outer.function !== null ? outer.function : outer;
  const { name, arguments: args, parameters = args } = call as JsonObject;
  if (typeof name !== "string" || parameters === undefined) return undefined;
  const read = readArguments(typeof parameters === "string" ? parameters : JSON.stringify(parameters));
  return read.args && { name, arguments: JSON.stringify(read.args) };
}

/** `<function=name><parameter=key>value</parameter>…`. A value that is JSON is taken as such. */
function readFunctionTags(text: string): WrittenCall | undefined {
  const head = text.indexOf(">");
  if (head < 0) return undefined;
  const parameters = text
    .slice(head + 1)
    .split("<parameter=")
    .slice(1)
    .map(readParameter);
  const args = Object.fromEntries(parameters);
  return { name: text.slice("<function=".length, head).trim(), arguments: JSON.stringify(args) };
}

function readParameter(text: string): [string, unknown] {
  const end = text.indexOf(">");
  const closing = text.indexOf("</parameter>", end);
  const value = text.slice(end + 1, closing < 0 ? text.length : closing);
  return [text.slice(0, Math.max(end, 0)).trim(), jsonOrText(value.replace(/^\n/, "").replace(/\n$/, ""))];
}

function jsonOrText(value: string): unknown {
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

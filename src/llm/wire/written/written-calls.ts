// Recovers tool calls that a model wrote into its text, because its server did not recognise them as calls.

import { offeredName } from "../tool-names.ts";
import { type Format, formatOf, OPENINGS, withUsualMarks } from "./formats.ts";
import { readBareJson } from "./json-calls.ts";
import { readPythonCalls } from "./literal-calls.ts";
import type { ReadCalls, SchemaOf, WrittenCall } from "./written-call.ts";

export interface WrittenCallsOptions {
  /** The names of the tools that a call may name. */
  offered: ReadonlySet<string>;
  /** The parameters of a tool. Default: not known. */
  schemaOf?: SchemaOf;
  /** Whether the conversation already has this text: repeating what somebody wrote is not a call. */
  isRepeated: (text: string) => boolean;
}

export interface Read {
  /** Without any marked block. */
  text: string;
  calls: WrittenCall[];
}

/** The conversation is searched for each block. */
const MOST_BLOCKS = 128;

/** Returns the calls, and the text without them. A text that is nothing but a call counts as well. */
export function readWrittenCalls(given: string, options: WrittenCallsOptions): Read {
  const text = withUsualMarks(given);
  const bare = bareCalls(text.trim(), options);
  if (bare.length > 0) return { text: "", calls: bare };
  const calls: WrittenCall[] = [];
  const kept: string[] = [];
  const find = createFinder(text);
  let [at, blocks] = [0, 0];
  for (const opening of text.matchAll(OPENINGS)) {
    const format = formatOf(opening[0]);
    // A mark inside the block before it, or one that is quoted.
    if (!format || opening.index < at || text[opening.index - 1] === "`") continue;
    const block = blockAt(opening.index, opening[0], format, find);
    const inner = text.slice(block.begin, block.end).trim();
    const read = blocks++ < MOST_BLOCKS ? permitted(withoutFence(inner), format.read, options) : [];
    const isText = format.isPlain === true && read.length === 0;
    kept.push(text.slice(at, isText ? block.next : opening.index));
    calls.push(...read);
    at = block.next;
  }
  return at === 0 ? { text: given, calls } : { text: [...kept, text.slice(at)].join("").trim(), calls };
}

interface Block {
  begin: number;
  end: number;
  /** Where the text behind it begins. */
  next: number;
}

function blockAt(index: number, mark: string, { closings, isWhole }: Format, find: Find): Block {
  const behind = index + mark.length;
  const begin = isWhole ? index : behind;
  const found = closings.map((closing) => ({ closing, end: find(closing, behind) }));
  const [first] = found.toSorted((a, b) => a.end - b.end);
  if (!first || first.end === Number.POSITIVE_INFINITY) {
    return { begin, end: Number.MAX_SAFE_INTEGER, next: Number.MAX_SAFE_INTEGER };
  }
  // A closing that is itself an opening begins the next block.
  const next = formatOf(first.closing) ? first.end : first.end + first.closing.length;
  return { begin, end: first.end, next };
}

type Find = (mark: string, from: number) => number;

/** Finds marks at ascending places, and looks through the text only once for each. */
function createFinder(text: string): Find {
  const found = new Map<string, number>();
  return (mark, from) => {
    const known = found.get(mark);
    if (known !== undefined && known >= from) return known;
    const at = text.indexOf(mark, from);
    const place = at < 0 ? Number.POSITIVE_INFINITY : at;
    found.set(mark, place);
    return place;
  };
}

function permitted(text: string, read: ReadCalls, options: WrittenCallsOptions): WrittenCall[] {
  const { offered, isRepeated, schemaOf = () => undefined } = options;
  const calls = knownCalls(
    read(text, (name) => schemaOf(offeredName(name, offered))),
    options,
  );
  return calls.length > 0 && isRepeated(text) ? [] : calls;
}

/** Those of tools that may be named. */
export const knownCalls = (
  calls: readonly (WrittenCall | undefined)[],
  { offered }: Pick<WrittenCallsOptions, "offered">,
): WrittenCall[] =>
  calls.flatMap((call) => {
    const name = call && offeredName(call.name, offered);
    return call && name !== undefined && offered.has(name) ? [{ ...call, name }] : [];
  });

const FENCE = "```";

/** Of a text that is nothing else. */
function bareCalls(text: string, options: WrittenCallsOptions): WrittenCall[] {
  const { language, inner } = fenced(text);
  // Phi writes this word before its list.
  const json = inner.startsWith("functools[") ? inner.slice("functools".length) : inner;
  const calls = permitted(json, readBareJson, options);
  if (calls.length > 0) return calls;
  if (!inner.startsWith("[") && language !== "tool_code") return [];
  const written = readPythonCalls(inner);
  const known = permitted(inner, () => written, options);
  return known.length === written.length ? known : [];
}

const withoutFence = (text: string): string => fenced(text).inner;

function fenced(text: string): { language: string; inner: string } {
  if (!text.startsWith(FENCE) || !text.endsWith(FENCE)) return { language: "", inner: text };
  const start = text.indexOf("\n");
  if (start < 0) return { language: "", inner: text };
  return {
    language: text.slice(FENCE.length, start).trim(),
    inner: text.slice(start + 1, -FENCE.length).trim(),
  };
}

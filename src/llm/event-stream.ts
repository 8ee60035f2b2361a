// Reads the events of an answer, whatever it was sent as. The vendors' packages know only their own vendor's form: they break off at
// `[DONE]` with a blank or at a keep-alive in words, and one of them skips every event without a name.

import type { Redact } from "../redact.ts";
import { AttemptFailure } from "./attempt.ts";
import { createCommentFilter, withoutLeadingBlanks } from "./comments.ts";
import { CHECK_ADDRESS, failureIn } from "./failure.ts";
import { isObject } from "./fields.ts";
import { jsonIn } from "./json.ts";
import { createObjectScanner } from "./wire/json-object.ts";
import { repairedJson } from "./wire/repaired-json.ts";

/** Characters of an answer that is not a stream, and of one event. */
const MAX_LENGTH = 4_000_000;
const SHOWN = 200;

export interface ReadEventsOptions {
  /** Ends the events when it is aborted. */
  signal: AbortSignal;
  /** Replaces secrets in what is quoted. */
  hide: Redact;
}

/**
 * Yields the JSON values of an event stream, many at once if many have arrived, because each yield costs more than reading a value. An endpoint
 * that does not stream is understood as well: a JSON answer counts as a stream of one event, and a text that is not JSON becomes an object with a
 * `message`. Throws an AttemptFailure for an event that reports a failure, for malformed JSON, and for what is neither a stream nor JSON.
 */
export async function* readEvents(
  body: ReadableStream<Uint8Array>,
  { signal, hide }: ReadEventsOptions,
): AsyncGenerator<unknown[], void> {
  const events = createEvents();
  const decoder = new TextDecoder();
  const text = (bytes: Uint8Array) => decoder.decode(bytes, { stream: true });
  const withoutComments = createCommentFilter();
  const whole: string[] = [];
  let start: Uint8Array = new Uint8Array();
  let length = 0;
  let isStream: boolean | undefined;
  for await (const came of chunksOf(body, signal)) {
    let chunk = came;
    if (isStream === undefined) {
      start = withoutLeadingBlanks(start.byteLength === 0 ? came : Buffer.concat([start, came]));
      isStream = isFieldOrComment(start);
      chunk = start;
    }
    if (isStream) for (const part of withoutComments(chunk)) yield* together(events.feed(text(part)));
    else if (isStream === false) whole.push(text(chunk));
    length += came.byteLength;
    if (!isStream && length > MAX_LENGTH) throw new AttemptFailure("endless", "the response is too long");
    if (events.isDone()) return;
  }
  if (signal.aborted) return;
  const last = decoder.decode(isStream === undefined ? start : undefined);
  if (isStream) {
    yield* together(events.feed(last));
    yield* together(events.end());
  } else {
    const values = valuesIn([...whole, last].join("").trim(), hide);
    yield* together(values.values().map((value) => checked(value)));
  }
}

/** A real stream brings a few events at once, a flood thousands. */
const FEWEST_TOGETHER = 16;
/** Events between which other work need not have a turn. */
const MOST_TOGETHER = 256;

/** What was read before a failure is told before it. */
function* together(events: Iterable<unknown>): Generator<unknown[], void> {
  let read: unknown[] = [];
  try {
    for (const event of events) {
      if (read.push(event) < MOST_TOGETHER) continue;
      yield read;
      read = [];
    }
  } catch (error) {
    if (read.length > 0) yield read;
    throw error;
  }
  if (read.length >= FEWEST_TOGETHER) yield read;
  else for (const event of read) yield [event];
}

async function* chunksOf(
  body: ReadableStream<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void> {
  const reader = body.getReader();
  // Reading a body may go on waiting although its request was aborted.
  const stop = () => void reader.cancel().catch(() => undefined);
  signal.addEventListener("abort", stop, { once: true });
  try {
    if (signal.aborted) return;
    for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value;
  } finally {
    signal.removeEventListener("abort", stop);
    stop();
  }
}

const FIELDS = [":", "data:", "event:", "id:", "retry:"];
const LONGEST_FIELD = 6;
/** The bytes of a byte order mark. */
const MARK = "\u00ef\u00bb\u00bf";

/** Every line of an event stream begins with the name of a field, or with a colon. Undefined: too short to tell. */
function isFieldOrComment(bytes: Uint8Array): boolean | undefined {
  const text = String.fromCharCode(...bytes.subarray(0, LONGEST_FIELD));
  if (FIELDS.some((field) => text.startsWith(field))) return true;
  return [...FIELDS, MARK].some((field) => field.startsWith(text)) ? undefined : false;
}

/** Reads events from the text of a stream, which comes in pieces. */
export function createEvents() {
  /** The parts of a line that has not ended. */
  let line: string[] = [];
  let endsWithReturn = false;
  let name = "";
  let data: string[] = [];
  let length = 0;
  let isDone = false;

  /** Events that have been read, and not been given away. */
  let ready: unknown[] = [];

  function dispatch(isWhole = true): void {
    const event = name;
    name = "";
    if (data.length === 0) return;
    // Some proxies write the name of the field twice.
    const text = data
      .join("\n")
      .trim()
      .replace(/^data: ?/, "");
    data = [];
    length = 0;
    if (text === "") return;
    if (text === "[DONE]") isDone = true;
    else {
      const value = valueIn(text);
      const values = value === undefined ? objectsIn(text) : [value];
      if (values.length === 0) values.push(...repairedIn(text));
      if (values.length > 0) ready.push(...values.map((one) => checked(one, event)));
      else if (isWhole) throw new AttemptFailure("garbled", "an event of the answer is malformed JSON");
    }
  }

  function addData(value: string): void {
    // Some servers leave out the empty line that ends an event.
    const [first] = data;
    const isNext = value.startsWith("{") || value.trim() === "[DONE]";
    const mayBeWhole = data.length === 1 && first?.endsWith("}") && isNext;
    if (mayBeWhole && valueIn(first ?? "") !== undefined) dispatch();
    length += value.length;
    if (length > MAX_LENGTH) throw new AttemptFailure("endless", "an event of the answer is too long");
    data.push(value);
  }

  function add(whole: string): void {
    // A server that fails within its stream may write its error as it would have without one.
    const isBare = whole.startsWith("{");
    const colon = whole.indexOf(":");
    const field = colon < 0 ? whole : whole.slice(0, colon);
    const value = colon < 0 ? "" : whole.slice(whole[colon + 1] === " " ? colon + 2 : colon + 1);
    if (isBare || whole === "") dispatch();
    if (isBare) addData(whole);
    if (isBare) dispatch();
    else if (field === "data") addData(value);
    else if (field === "event") name = value.trim();
  }

  function* taken(): Generator<unknown, void> {
    const events = ready;
    ready = [];
    yield* events;
  }

  return {
    /** Whether the endpoint has said that nothing follows. */
    isDone: () => isDone,
    *feed(text: string): Generator<unknown, void> {
      let at = endsWithReturn && text[0] === "\n" ? 1 : 0;
      endsWithReturn = text === "" ? endsWithReturn : text.endsWith("\r");
      const endOfLine = lineEndsIn(text);
      for (let end = endOfLine(at); end >= 0; end = endOfLine(at)) {
        add(line.length > 0 ? line.join("") + text.slice(at, end) : text.slice(at, end));
        line = [];
        at = text[end] === "\r" && text[end + 1] === "\n" ? end + 2 : end + 1;
        if (ready.length > 0) yield* taken();
        if (isDone) return;
      }
      if (at < text.length) line.push(text.slice(at));
    },
    /** What came before the connection ended counts if it is whole. */
    *end(): Generator<unknown, void> {
      const last = line.join("");
      if (last !== "") add(last);
      dispatch(false);
      yield* taken();
    },
  };
}

/** Returns a function that finds where the line ends that begins at a place; the places must ascend. */
function lineEndsIn(text: string): (from: number) => number {
  const next = { "\n": -1, "\r": -1 };
  const find = (mark: "\n" | "\r", from: number): number => {
    if (next[mark] < from) {
      const found = text.indexOf(mark, from);
      next[mark] = found < 0 ? text.length : found;
    }
    return next[mark];
  };
  return (from) => {
    const end = Math.min(find("\n", from), find("\r", from));
    return end < text.length ? end : -1;
  };
}

/** Objects that stand one behind another, where a server has left out the lines between them. */
function objectsIn(text: string): unknown[] {
  const values: unknown[] = [];
  for (let at = 0; at < text.length; ) {
    const end = createObjectScanner().feed(text, at);
    const value = end === undefined ? undefined : jsonIn(text.slice(at, end));
    if (end === undefined || value === undefined) return [];
    values.push(value);
    at = end;
  }
  return values;
}

/** What becomes JSON when it is repaired. */
function repairedIn(text: string): unknown[] {
  const value = jsonIn(repairedJson(text));
  return value === undefined ? [] : [value];
}

/** Undefined for malformed JSON. */
function valueIn(text: string): unknown {
  const value = jsonIn(text);
  return value === undefined && !/^[{[]/.test(text) ? { message: text } : value;
}

function checked(value: unknown, name = ""): unknown {
  const failure = failureIn(value, name);
  if (failure) throw failure;
  return isObject(value) && value.type === undefined && NAMES_EVENT.test(name)
    ? { ...value, type: name }
    : value;
}

/** Those of OpenAI's responses and of Anthropic, which some servers do not repeat in the event itself. */
const NAMES_EVENT = /^(?:response\.[a-z_.]{1,60}|message_[a-z]{1,20}|content_block_[a-z]{1,20})$/;

/** Some servers and proxies send chunks as lines, or as one list. */
function valuesIn(text: string, hide: Redact): unknown[] {
  if (text === "") return [];
  const whole = jsonIn(text) ?? jsonIn(repairedJson(text));
  if (whole !== undefined) return Array.isArray(whole) ? whole : [whole];
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  const values = lines.map(jsonIn);
  if (lines.length > 1 && !values.includes(undefined)) return values;
  // Secrets are replaced before the cut: half of one would not be recognised.
  const said = text.startsWith("<") ? "a web page" : `"${hide(text).slice(0, SHOWN)}"`;
  throw new AttemptFailure(
    "garbled",
    `the endpoint answered with ${said} instead of an answer; ${CHECK_ADDRESS}`,
  );
}

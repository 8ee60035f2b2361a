// Structured logs on standard error: JSON lines for machines, pretty lines for people. Every known secret is redacted
// before a line leaves the process.

import { AsyncLocalStorage } from "node:async_hooks";
import { inspect } from "node:util";
import {
  configure,
  getLogger,
  jsonLinesFormatter,
  type Logger,
  type LogRecord,
  withContext,
} from "@logtape/logtape";
import { getPrettyFormatter } from "@logtape/pretty";
import type { KeptLine } from "./log-buffer.ts";
import { escaped, isLoggable, loggableValue, withoutControls } from "./log-error.ts";
import type { Redact } from "./redact.ts";
import { createLineWriter } from "./runtime/line-writer.ts";
import { ownWrite } from "./runtime/stray-output.ts";

export type { Logger } from "@logtape/logtape";

export const LOG_LEVELS = ["debug", "info", "warning", "error"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
export type LogFormat = "json" | "pretty";

export interface LogOptions {
  level: LogLevel;
  format: LogFormat;
  redact: Redact;
  /** Writes a finished line; standard error by default. */
  write?: (line: string) => void;
  /** Takes each line as an object as well. */
  keep?: (line: Omit<KeptLine, "id">) => void;
}

/** Sets up logging for the process and returns Heddle's root logger; children are made with `getChild`. */
export async function createLog(options: LogOptions): Promise<Logger> {
  const format = options.format === "json" ? jsonFormatter(options.redact) : pretty();
  const write =
    options.write ??
    createLineWriter({
      stream: { write: (text, done) => ownWrite(process.stderr)(text, done) },
      notice: (lost) => format(lostLines(lost)),
    }).write;
  const keeping = options.keep && jsonFormatter(options.redact);
  await configure({
    reset: true,
    contextLocalStorage: new AsyncLocalStorage(),
    sinks: {
      out(record) {
        const shown = loggable(record);
        write(withoutControls(options.redact(format(shown)), hasColors()));
        if (keeping) options.keep?.(keptLine(shown, options.redact, keeping(shown)));
      },
    },
    loggers: [
      { category: "heddle", lowestLevel: options.level, sinks: ["out"] },
      { category: ["logtape", "meta"], lowestLevel: "error", sinks: ["out"] },
    ],
  });
  return rootLogger();
}

/** Each line that the work writes, whichever part of the server it calls, has the correlation id among its facts. */
export const correlated = <Result>(correlationId: string, work: () => Result): Result =>
  withContext({ correlation_id: correlationId }, work);

function loggable(record: LogRecord): LogRecord {
  const { message, properties } = record;
  return {
    ...record,
    // Parts at even positions are the message's own text, which an integration may have built from anything.
    message: message.map((part, at) => (at % 2 === 0 ? escaped(String(part)) : loggableValue(part))),
    properties: Object.fromEntries(
      Object.entries(properties).map(([name, value]) => [name, loggableValue(value)]),
    ),
  };
}

/**
 * Redacts texts before they become JSON, since a secret with quotes in it would not be recognised afterwards. The message
 * is one sentence: its values are not quoted, and an error in it is its text. Among the properties an error stays complete.
 */
const jsonFormatter =
  (redact: Redact) =>
  ({ message, properties, ...record }: LogRecord): string => {
    const shown = (part: unknown) => (typeof part === "string" ? redact(part) : part);
    const facts = Object.entries(properties).map(([name, value]) => [name, shown(value)]);
    return jsonLinesFormatter({
      ...record,
      message: [message.map((part) => shown(inWords(part))).join("")],
      properties: Object.fromEntries(facts),
    });
  };

/** Takes the facts from the line's JSON, so that nothing of the record itself is kept. */
function keptLine(record: LogRecord, redact: Redact, json: string): Omit<KeptLine, "id"> {
  const { timestamp, level, category, message, properties } = record;
  return {
    at: new Date(timestamp),
    level,
    part: category[1] ?? "heddle",
    message: redact(message.map(inWords).join("")),
    correlation_id: typeof properties.correlation_id === "string" ? properties.correlation_id : null,
    properties: propertiesIn(redact(json)),
  };
}

function inWords(part: unknown): string {
  if (typeof part === "string") return part;
  if (isLoggable(part)) return part.toJSON().message;
  try {
    return JSON.stringify(part) ?? String(part);
  } catch {
    // It is circular, has a bigint, or a toJSON that throws.
    return inOneLine(Object(part));
  }
}

function propertiesIn(json: string): Record<string, unknown> {
  try {
    return { ...(JSON.parse(json) as { properties?: object }).properties };
  } catch {
    // A secret whose redaction made it something else than JSON.
    return {};
  }
}

const lostLines = (lost: number): LogRecord => ({
  category: ["heddle", "log"],
  level: "warning",
  message: ["", lost, " log lines could not be written and are lost"],
  rawMessage: "{lost} log lines could not be written and are lost",
  properties: { lost },
  timestamp: Date.now(),
});

/** Heddle's root logger; silent until `createLog` has run. */
export const rootLogger = (): Logger => getLogger("heddle");

/** Colours are for terminals; in a journal or a file they are noise. */
const hasColors = (): boolean => process.stderr.isTTY === true;

/** Inlines texts into the message, because the formatter would quote and colour them within the sentence. */
function pretty(): (record: LogRecord) => string {
  const format = getPrettyFormatter({
    icons: false,
    colors: hasColors(),
    timestamp: "time",
    categoryWidth: 20,
    properties: false,
    wordWrap: false,
  });
  return (record) => format({ ...record, message: withTextsInline(record.message) });
}

/** Values are at the odd positions of a message; texts and plain objects are merged into the parts around them. */
function withTextsInline(message: readonly unknown[]): unknown[] {
  const inline: unknown[] = [String(message[0] ?? "")];
  for (let at = 1; at < message.length; at += 2) {
    const value = message[at];
    const after = String(message[at + 1] ?? "");
    const text = isPlain(value) ? inOneLine(value) : value;
    if (typeof text === "string")
      inline.push(`${inline.pop()}${isPlain(value) ? text : escaped(text)}${after}`);
    else inline.push(value, after);
  }
  return inline;
}

const isPlain = (value: unknown): value is object =>
  typeof value === "object" && value !== null && !isLoggable(value);

/** An error within the object is still shown with its frames, each on a line of its own. */
const inOneLine = (value: object): string =>
  inspect(value, { breakLength: Number.POSITIVE_INFINITY, compact: true, colors: hasColors() });

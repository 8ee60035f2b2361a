// The one line that `log` of the SDK writes in a process of its own, and that the server reads there: the level in
// brackets, the message, and the fields as JSON behind a tab. A process in another language may write the same.

import { inspect } from "node:util";
import type { SdkLogLevel } from "./backend.ts";
import type { JsonObject } from "./json.ts";

export interface LogLine {
  level: SdkLogLevel;
  message: string;
  fields: JsonObject;
}

/** A message may hold line ends, which would make several records of it. */
export function logLine(level: SdkLogLevel, message: string, fields?: JsonObject): string {
  const text = `[${level}] ${String(message).replace(/[\r\n\t]/g, (end) => ESCAPES[end] ?? " ")}`;
  return fields === undefined || Object.keys(fields).length === 0 ? text : `${text}\t${jsonOf(fields)}`;
}

const ESCAPES: Record<string, string> = { "\r": "\\r", "\n": "\\n", "\t": "\\t" };

/** Undefined for a line of any other kind. A line that was cut has lost its fields, and keeps its level. */
export function readLogLine(line: string): LogLine | undefined {
  const level = LEVELS.find((name) => line.startsWith(`[${name}] `));
  if (!level) return undefined;
  const text = line.slice(level.length + 3);
  const tab = text.lastIndexOf("\t{");
  const fields = tab < 0 ? undefined : objectIn(text.slice(tab + 1));
  return fields ? { level, message: text.slice(0, tab), fields } : { level, message: text, fields: {} };
}

const LEVELS: readonly SdkLogLevel[] = ["debug", "info", "warning", "error"];

function jsonOf(fields: JsonObject): string {
  try {
    return JSON.stringify(fields, (_, value: unknown) => {
      if (value instanceof Error) return `${value.name}: ${value.message}`;
      return typeof value === "bigint" ? String(value) : value;
    });
  } catch {
    // Circular, or with a toJSON that throws.
    return JSON.stringify({ fields: inspect(fields, { breakLength: Number.POSITIVE_INFINITY }) });
  }
}

function objectIn(json: string): JsonObject | undefined {
  try {
    return JSON.parse(json) as JsonObject;
  } catch {
    return undefined;
  }
}

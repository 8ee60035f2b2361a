// The line format of the SDK's `log` in a process, which the server reads: the level in brackets, the message, a tab,
// and the fields as JSON. A process in another language may write the same.

import { inspect } from "node:util";
import type { SdkLogLevel } from "./backend.ts";
import type { JsonObject } from "./json.ts";

export interface LogLine {
  level: SdkLogLevel;
  message: string;
  fields: JsonObject;
}

/** Writes one line. Line ends within the message are escaped, since they would make it several records. */
export function logLine(level: SdkLogLevel, message: string, fields?: JsonObject): string {
  const text = `[${level}] ${String(message).replace(/[\r\n\t]/g, (end) => ESCAPES[end] ?? " ")}`;
  return fields === undefined || Object.keys(fields).length === 0 ? text : `${text}\t${jsonOf(fields)}`;
}

const ESCAPES: Record<string, string> = { "\r": "\\r", "\n": "\\n", "\t": "\\t" };

/** Parses a line; undefined for a line of any other kind. A truncated line loses its fields but keeps its level. */
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
    // The fields are circular, or a toJSON throws.
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

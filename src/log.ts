// Structured logs on standard error: JSON lines for machines, pretty lines for people. Every known
// secret is replaced before a line leaves the process.

import { configure, getLogger, jsonLinesFormatter, type Logger, type LogRecord } from "@logtape/logtape";
import { getPrettyFormatter } from "@logtape/pretty";
import { messageOf } from "./errors.ts";
import type { Redact } from "./redact.ts";

export type { Logger } from "@logtape/logtape";

export const LOG_LEVELS = ["debug", "info", "warning", "error"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
export type LogFormat = "json" | "pretty";

export interface LogOptions {
  level: LogLevel;
  format: LogFormat;
  redact: Redact;
  /** Where finished lines go; standard error by default. */
  write?: (line: string) => void;
}

/** Sets up logging for the process and returns Heddle's root logger; children are made with `getChild`. */
export async function createLog(options: LogOptions): Promise<Logger> {
  const write = options.write ?? ((line: string) => void process.stderr.write(line));
  const format = options.format === "json" ? json : pretty();
  await configure({
    reset: true,
    sinks: { out: (record) => write(options.redact(format(record))) },
    loggers: [
      { category: "heddle", lowestLevel: options.level, sinks: ["out"] },
      { category: ["logtape", "meta"], lowestLevel: "error", sinks: ["out"] },
    ],
  });
  return rootLogger();
}

/** As JSON an error in the message would be "{}". Among the properties it stays whole. */
const json = (record: LogRecord): string =>
  jsonLinesFormatter({
    ...record,
    message: record.message.map((part) => (part instanceof Error ? messageOf(part) : part)),
  });

/** Heddle's root logger; silent until `createLog` has run. */
export const rootLogger = (): Logger => getLogger("heddle");

function pretty() {
  // Colours are for terminals; in a journal or a file they are noise.
  const colors = process.stderr.isTTY === true;
  return getPrettyFormatter({
    icons: false,
    colors,
    timestamp: "time",
    categoryWidth: 20,
    properties: false,
    wordWrap: false,
  });
}

// Writes a process's output lines to the server's log, each at its own level and with its own fields.

import type { Logger } from "../log.ts";
import { logText } from "../log-text.ts";
import { readLogLine } from "../sdk/log-line.ts";
import type { OutputLine } from "./output.ts";

/** A line without a level, such as ordinary output of a program, is logged as info. */
export function logOutput(log: Logger, { text, source, level: own = "info" }: OutputLine): void {
  // Heddle's own lines are sentences and not output to be parsed.
  const line = source === "heddle" ? undefined : readLogLine(text);
  if (line) logText(log, line.level, line.message, { fields: line.fields, source });
  else logText(log, own, text, { source });
}

// A line of a process in the server's log: at the level that it names, with the fields that it carries.

import type { Logger } from "../log.ts";
import { readLogLine } from "../sdk/log-line.ts";
import type { OutputLine } from "./output.ts";

/** A line that names no level is logged as info, like whatever a program prints. */
export function logOutput(log: Logger, { text, source }: OutputLine): void {
  // Heddle's own lines are sentences, and no output.
  const line = source === "heddle" ? undefined : readLogLine(text);
  if (!line) {
    log.info("{text}", { text, source });
    return;
  }
  const { level, message, fields } = line;
  const hasFields = Object.keys(fields).length > 0;
  log[level](hasFields ? "{text} {fields}" : "{text}", {
    ...fields,
    text: message,
    source,
    ...(hasFields && { fields }),
  });
}

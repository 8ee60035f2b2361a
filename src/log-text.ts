// Writes lines whose text was made by somebody else, such as an integration's code.

import { inspect } from "node:util";
import type { Logger, LogLevel } from "./log.ts";

/**
 * The text is not a template: braces in it stand for themselves. The fields are shown behind it, for people too, and are among the
 * properties by their names.
 */
export function logText(
  log: Logger,
  level: LogLevel,
  text: unknown,
  { fields = {}, ...facts }: { fields?: Record<string, unknown> | undefined } & Record<string, unknown> = {},
): void {
  const hasFields = Object.keys(fields).length > 0;
  log[level](hasFields ? "{text} {fields}" : "{text}", {
    ...fields,
    ...facts,
    text: typeof text === "string" ? text : inspect(text),
    ...(hasFields && { fields }),
  });
}

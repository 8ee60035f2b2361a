// Integrations run in this process: what their code prints, or lets slip in a timer say, belongs in the log, where no
// secret is shown, and must neither end the server nor stand between its own lines.

import { format } from "node:util";
import { messageOf } from "./errors.ts";
import { rootLogger } from "./log.ts";

const LEVELS = {
  debug: "debug",
  trace: "debug",
  log: "info",
  info: "info",
  dir: "info",
  table: "info",
  warn: "warn",
  error: "error",
} as const;

/** For the rest of the process. Its own words are written to standard output itself: see `say`. */
export function containStrays(): void {
  const report = (error: unknown) =>
    rootLogger().error("An error that nobody caught: {error}", { error: messageOf(error), cause: error });
  process.on("unhandledRejection", report);
  process.on("uncaughtException", report);
  for (const [method, level] of Object.entries(LEVELS) as [keyof typeof LEVELS, "debug" | "info"][]) {
    console[method] = (...values: unknown[]) =>
      rootLogger()
        .getChild("console")
        [level]("{text}", { text: format(...values) });
  }
}

/** A line of the program's own on standard output, just as it is. */
export function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

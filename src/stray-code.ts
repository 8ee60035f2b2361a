// Integrations run in this process: what their code prints, or lets slip in a timer say, belongs in the log, where no
// secret is shown, and must neither end the server nor stand between its own lines.

import { isUtf8 } from "node:buffer";
import { format } from "node:util";
import { messageOf } from "./errors.ts";
import { rootLogger } from "./log.ts";
import type { Redact } from "./redact.ts";

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

/**
 * For the rest of the process: that an output cannot be written is no error that nobody caught. That would be logged, on
 * standard error, and so make the next one. A command whose standard output is lost ends with 1.
 */
export function containOutputs(): void {
  let isTold = false;
  process.stderr.on("error", () => undefined);
  process.stdout.on("error", (error: Error & { code?: string }) => {
    // Whoever closed the pipe has read enough.
    if (error.code === "EPIPE" || isTold) return;
    isTold = true;
    process.exitCode = 1;
    process.stderr.write(`heddle: Standard output cannot be written: ${error.message}\n`);
  });
}

/**
 * What integrations write to the outputs of the process by themselves passes the redactor, too. Returns how to undo it. The
 * log's own lines pass it once more, which changes nothing.
 */
export function redactOutputs(redact: Redact): () => void {
  const undo = [process.stdout, process.stderr].map((stream) => {
    const write = stream.write;
    const redacted = (chunk: string | Uint8Array, ...rest: unknown[]) =>
      Reflect.apply(write, stream, [redactedChunk(chunk, redact), ...rest]);
    stream.write = redacted as typeof stream.write;
    return () => {
      if (stream.write === redacted) stream.write = write;
    };
  });
  return () => {
    for (const one of undo) one();
  };
}

function redactedChunk(chunk: string | Uint8Array, redact: Redact): string | Uint8Array {
  if (typeof chunk === "string") return redact(chunk);
  if (!isUtf8(chunk)) return chunk;
  const text = Buffer.from(chunk).toString("utf8");
  const redacted = redact(text);
  return redacted === text ? chunk : redacted;
}

/** A line of the program's own on standard output, just as it is. */
export function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

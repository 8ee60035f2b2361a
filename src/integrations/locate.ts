import { HeddleError } from "../errors.ts";

/** A place in a source file; lines and columns from 1. */
export interface Place {
  file: string;
  line: number;
  column: number;
}

const FRAME = /\(?(?:file:\/\/)?((?:\/|[A-Za-z]:\\)[^()]*?):(\d+):(\d+)\)?$/;

/** Where in the folder an error came from, by its stack, whose positions the runtime has mapped to the sources. */
export function locate(error: unknown, folder: string): Place | undefined {
  if (!(error instanceof Error) || typeof error.stack !== "string") return undefined;
  for (const text of error.stack.split("\n")) {
    const [, file, line, column] = FRAME.exec(text.trim()) ?? [];
    if (file?.startsWith(folder)) return { file, line: Number(line), column: Number(column) };
  }
  return undefined;
}

/** An error that `locate` finds in this place. */
export function errorAt(file: string, line: number, reason: string): Error {
  const error = new HeddleError("validation", reason);
  error.stack = `${reason}\n    at ${file}:${line}:1`;
  return error;
}

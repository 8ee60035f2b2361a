import { HeddleError } from "../../errors.ts";

/** A location in a source file; lines and columns count from 1. */
export interface SourceLocation {
  file: string;
  line: number;
  column: number;
}

const POSITION = /:(\d{1,9}):(\d{1,9})\)?$/;
/** Characters that may precede the file in a line of a stack. */
const BEFORE_FILE = ["", " ", "(", "/"];

/** Where in the folder an error was thrown, according to its stack, whose positions the runtime has mapped to the sources. */
export function locate(error: unknown, folder: string): SourceLocation | undefined {
  if (!(error instanceof Error) || typeof error.stack !== "string") return undefined;
  for (const text of error.stack.split("\n")) {
    const frame = text.trim();
    const position = POSITION.exec(frame);
    // The search starts after the last parenthesis, because the text before it may contain anything.
    const start = frame.indexOf(folder, frame.lastIndexOf("(") + 1);
    if (!position || start === -1 || !BEFORE_FILE.includes(frame.charAt(start - 1))) continue;
    const [, line, column] = position;
    return { file: frame.slice(start, position.index), line: Number(line), column: Number(column) };
  }
  return undefined;
}

/** An error that `locate` finds at this line. */
export function errorAt(file: string, line: number, reason: string): Error {
  const error = new HeddleError("validation", reason);
  error.stack = `${reason}\n    at ${file}:${line}:1`;
  return error;
}

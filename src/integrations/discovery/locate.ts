import { HeddleError } from "../../errors.ts";

/** A place in a source file; lines and columns from 1. */
export interface Place {
  file: string;
  line: number;
  column: number;
}

const POSITION = /:(\d{1,9}):(\d{1,9})\)?$/;
/** What stands before the file in a stack's line. */
const BEFORE_FILE = ["", " ", "(", "/"];

/** Where in the folder an error came from, by its stack, whose positions the runtime has mapped to the sources. */
export function locate(error: unknown, folder: string): Place | undefined {
  if (!(error instanceof Error) || typeof error.stack !== "string") return undefined;
  for (const text of error.stack.split("\n")) {
    const frame = text.trim();
    const position = POSITION.exec(frame);
    // After the last parenthesis: the words before it may be anybody's.
    const start = frame.indexOf(folder, frame.lastIndexOf("(") + 1);
    if (!position || start === -1 || !BEFORE_FILE.includes(frame.charAt(start - 1))) continue;
    const [, line, column] = position;
    return { file: frame.slice(start, position.index), line: Number(line), column: Number(column) };
  }
  return undefined;
}

/** An error that `locate` finds in this place. */
export function errorAt(file: string, line: number, reason: string): Error {
  const error = new HeddleError("validation", reason);
  error.stack = `${reason}\n    at ${file}:${line}:1`;
  return error;
}

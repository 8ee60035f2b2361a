import { HeddleError } from "../../errors.ts";
import { type ByteSource, type LineOptions, readLines } from "./read-lines.ts";

/** See the export of heddle/sdk. */
export async function* readJsonLines<Value = unknown>(
  source: ByteSource,
  options?: LineOptions,
): AsyncGenerator<Value> {
  let number = 0;
  for await (const line of readLines(source, options)) {
    number++;
    if (line.trim() === "") continue;
    yield parse(line, number) as Value;
  }
}

function parse(line: string, number: number): unknown {
  try {
    return JSON.parse(line);
  } catch (cause) {
    throw new HeddleError("upstream", `Line ${number} of the stream must be JSON; got ${shown(line)}.`, {
      cause,
    });
  }
}

const shown = (line: string): string => JSON.stringify(line.length > 60 ? `${line.slice(0, 60)}…` : line);

// The answer of a run with an output_schema: JSON that matches it.

import { errorMessage, HeddleError } from "../errors.ts";
import { checkDepth } from "../schema/json-text.ts";
import { compileOutputSchema } from "../schema/output-schema.ts";
import type { JsonObject } from "../sdk/types.ts";

export interface OutputReader {
  /** What is wrong with an answer, for the model to mend it. */
  problemWith(text: string): string | undefined;
  /** The data of an answer in which nothing is wrong. */
  read(text: string): unknown;
}

const MOST_PROBLEMS = 10;

/** @throws HeddleError `validation` when the schema cannot be compiled; it was checked when the message arrived. */
export function createOutputReader(schema: JsonObject): OutputReader {
  const validate = compileOutputSchema(schema);
  return {
    problemWith(text) {
      let value: unknown;
      try {
        value = parse(text);
      } catch {
        // The parser's own message quotes the answer, which errors and traces must not.
        return "it must be one JSON value, and nothing else";
      }
      const problems = validate(value).slice(0, MOST_PROBLEMS);
      if (problems.length === 0) return undefined;
      return problems
        .map(({ field, message }) => `${field === "" ? "the value" : field} ${message}`)
        .join("; ");
    },
    read: parse,
  };
}

/** Models often put JSON into a code block, whatever they are told. */
function parse(text: string): unknown {
  const json = withoutFence(text.trim());
  try {
    checkDepth(json);
    return JSON.parse(json);
  } catch (error) {
    throw new HeddleError("invalid_output", errorMessage(error));
  }
}

function withoutFence(text: string): string {
  if (!text.startsWith("```")) return text;
  const start = text.indexOf("\n");
  const end = text.lastIndexOf("```");
  return start < 0 || end <= start ? text : text.slice(start + 1, end);
}

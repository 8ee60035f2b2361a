// Reads Markdown with YAML front matter: fields between two lines of "---" above the text.

import type { TSchema } from "@sinclair/typebox";
import { compileOwnSchema } from "../schema/json-schema.ts";
import { readYaml, type TextProblem } from "./yaml-text.ts";

export type Markdown<Fields> =
  | { ok: true; fields: Fields; body: string }
  | { ok: false; problem: TextProblem };

/** Makes a reader for one kind of file. A text without front matter has no fields; the schema decides whether that is valid. */
export function frontMatterReader<Schema extends TSchema>(
  schema: Schema,
): (text: string) => Markdown<Schema["static"]> {
  const validate = compileOwnSchema(schema);
  return (text) => {
    const front = frontOf(text);
    const yaml = readYaml(text.slice(front.start, front.end));
    // The first line of the YAML is the second line of the file.
    if (!yaml.ok) {
      const { reason, line } = yaml.problem;
      return { ok: false, problem: { reason, ...(line !== undefined && { line: line + 1 }) } };
    }
    const fields = yaml.value ?? {};
    const [first] = validate(fields);
    if (first) {
      const name = first.field === "" ? "The front matter" : first.field;
      return {
        ok: false,
        problem: { reason: `${name} ${first.message}`, line: yaml.lineOf(first.field) + 1 },
      };
    }
    return { ok: true, fields, body: text.slice(front.bodyAt).trim() };
  };
}

/** Offsets of the start and end of the YAML and of the start of the body; all zero without front matter. */
function frontOf(text: string): { start: number; end: number; bodyAt: number } {
  let start = 0;
  for (let at = 0; at < text.length; ) {
    const next = text.indexOf("\n", at);
    const after = next === -1 ? text.length : next + 1;
    const line = text.slice(at, after).trimEnd();
    if (at === 0) {
      if (next === -1 || line.replace("\uFEFF", "") !== FENCE) break;
      start = after;
    } else if (line === FENCE) {
      return { start, end: at, bodyAt: after };
    }
    at = after;
  }
  return { start: 0, end: 0, bodyAt: 0 };
}

const FENCE = "---";

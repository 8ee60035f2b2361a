// Markdown with fields in YAML above it, between two lines of "---".

import type { TSchema } from "@sinclair/typebox";
import { compileOwnSchema } from "./json-schema.ts";
import { readYaml, type TextProblem } from "./yaml-text.ts";

export type Markdown<Fields> =
  | { ok: true; fields: Fields; body: string }
  | { ok: false; problem: TextProblem };

const FRONT = /^\uFEFF?---[ \t]*\r?\n(?<yaml>(?:[^\n]*\n)*?)---[ \t]*(?:\r?\n|$)/;

/** A reader for one kind of file. A text without front matter has no fields, so the schema decides whether it may. */
export function frontMatterReader<Schema extends TSchema>(
  schema: Schema,
): (text: string) => Markdown<Schema["static"]> {
  const validate = compileOwnSchema(schema);
  return (text) => {
    const front = FRONT.exec(text);
    const yaml = readYaml(front?.groups?.yaml ?? "");
    // Its first line is the second one of the file.
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
    return { ok: true, fields, body: text.slice(front?.[0].length ?? 0).trim() };
  };
}

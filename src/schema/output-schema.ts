// The JSON Schema of an answer, which comes with a message from outside. Only keywords that are checked in linear time are
// allowed: no regular expressions (`pattern`, `format` is not checked), no references, nothing that compares all items.

import { errorMessage } from "../errors.ts";
import { compileAnswerSchema, type Validate, type Violation } from "./json-schema.ts";

const MOST_CHARACTERS = 16_000;
const MOST_LEVELS = 12;

const NOT_SUPPORTED =
  "is not supported in an output_schema, which may have types, properties, items, enums, limits and anyOf, oneOf, allOf and not, but no regular expressions, references or uniqueItems";

/** How the value of a keyword is read: as one schema, as a list or an object of schemas, or as it is. */
type Reading = "schema" | "schemas" | "named" | "value";

const KEYWORDS: Record<string, Reading> = {
  properties: "named",
  additionalProperties: "schema",
  items: "schema",
  prefixItems: "schemas",
  anyOf: "schemas",
  oneOf: "schemas",
  allOf: "schemas",
  not: "schema",
};
const PLAIN =
  "type enum const required minimum maximum exclusiveMinimum exclusiveMaximum multipleOf minLength maxLength minItems maxItems minProperties maxProperties title description default examples format nullable deprecated readOnly writeOnly $schema $id $comment";
for (const name of PLAIN.split(" ")) KEYWORDS[name] = "value";

/** Returns what is wrong with the schema itself, or undefined. `field` is relative to it. */
export function outputSchemaProblem(schema: unknown): Violation | undefined {
  if (!isObject(schema)) return { field: "", message: "must be a JSON Schema, which is an object" };
  const size = JSON.stringify(schema).length;
  if (size > MOST_CHARACTERS) {
    return { field: "", message: `must have at most ${MOST_CHARACTERS} characters of JSON; got ${size}` };
  }
  const found = problemIn(schema, [], 1);
  if (found) return found;
  try {
    compileAnswerSchema(withoutNames(schema));
    return undefined;
  } catch (error) {
    return { field: "", message: `must be a valid JSON Schema: ${errorMessage(error)}` };
  }
}

/** Compiles a schema in which `outputSchemaProblem` found nothing. */
export const compileOutputSchema = (schema: Record<string, unknown>): Validate =>
  compileAnswerSchema(withoutNames(schema));

/** `$id` and `$schema` would have to be resolved; they say nothing about the answer. */
function withoutNames({ $id: _id, $schema: _dialect, ...schema }: Record<string, unknown>): object {
  return schema;
}

function problemIn(schema: unknown, path: string[], level: number): Violation | undefined {
  if (typeof schema === "boolean") return undefined;
  if (!isObject(schema)) return at(path, "must be a JSON Schema, which is an object");
  if (level > MOST_LEVELS) return at(path, `must have at most ${MOST_LEVELS} levels of schemas`);
  for (const [name, value] of Object.entries(schema)) {
    const reading = Object.hasOwn(KEYWORDS, name) ? KEYWORDS[name] : undefined;
    const here = [...path, name];
    if (reading === undefined) {
      return at(here, NOT_SUPPORTED);
    }
    if (level > 1 && (name === "$id" || name === "$schema")) return at(here, "is only allowed at the top");
    for (const [key, inner] of innerOf(reading, value)) {
      const found = problemIn(inner, [...here, ...key], level + 1);
      if (found) return found;
    }
  }
  return undefined;
}

/** The schemas in the value of a keyword, with their paths. A value of another form is left to the validation that follows. */
function innerOf(reading: Reading, value: unknown): [path: string[], schema: unknown][] {
  if (reading === "schema") return [[[], value]];
  if (reading === "schemas" && Array.isArray(value)) return value.map((one, index) => [[String(index)], one]);
  if (reading === "named" && isObject(value))
    return Object.entries(value).map(([name, one]) => [[name], one]);
  return [];
}

const at = (path: string[], message: string): Violation => ({ field: path.join("."), message });

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

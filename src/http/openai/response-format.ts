// The form that the client wants the answer in, as the schema that the run's answer must match.

import type { JsonObject } from "../../db/schema.ts";
import { invalid, isObject } from "./invalid.ts";

/** Reads `response_format` of chat completions, and `text.format` of responses, whose schema is one level higher. */
export function outputSchemaIn(format: unknown, field: string): { outputSchema?: JsonObject } {
  if (format === undefined || format === null) return {};
  if (!isObject(format)) throw invalid(field, "an object");
  const { type } = format;
  if (type === "text") return {};
  if (type === "json_object") return { outputSchema: { type: "object" } };
  if (type !== "json_schema") throw invalid(`${field}.type`, '"text", "json_object" or "json_schema"');
  const isNested = field === "response_format";
  const inner = isNested && isObject(format.json_schema) ? format.json_schema : format;
  if (!isObject(inner.schema))
    throw invalid(`${field}.${isNested ? "json_schema.schema" : "schema"}`, "a JSON Schema");
  return { outputSchema: withoutReferences(inner.schema, field) };
}

/** Definitions that are used several times grow with each level. */
const MOST_PARTS = 2_000;

/**
 * Clients write nested types as references to definitions, which an answer's schema must not have: each is replaced by what it names.
 * One that leads nowhere stays, and is refused with its place.
 */
function withoutReferences(root: JsonObject, field: string): JsonObject {
  let parts = 0;

  function resolved(value: unknown, within: readonly string[]): unknown {
    if (++parts > MOST_PARTS) throw invalid(field, "a smaller schema");
    if (Array.isArray(value)) return value.map((one) => resolved(one, within));
    if (!isObject(value)) return value;
    const { $ref: reference, ...own } = value;
    // A property may have this name, too.
    if (typeof reference === "string") {
      if (within.includes(reference))
        throw invalid(field, `a schema that does not contain itself (${reference})`);
      const target = targetOf(reference, root);
      if (!isObject(target)) return value;
      return resolved({ ...target, ...own }, [...within, reference]);
    }
    return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, resolved(inner, within)]));
  }

  const { $defs: _named, definitions: _older, ...rest } = root;
  return resolved(rest, ["#"]) as JsonObject;
}

const targetOf = (reference: string, root: JsonObject): unknown =>
  /^#\/(?:\$defs|definitions)\//.test(reference)
    ? reference
        .split("/")
        .slice(1)
        .reduce<unknown>((at, name) => (isObject(at) && Object.hasOwn(at, name) ? at[name] : undefined), root)
    : undefined;

// Which fields of a dispatch_config its dispatcher knows: what it declares may be shown unless it is a secret, and what
// nobody declares may be anything.

import type { JsonObject } from "../db/schema.ts";
import { isHarmlessName } from "../secrets/names.ts";
import type { Secrecy } from "../secrets/vault.ts";

/** `schema` is the dispatcher's, undefined for one that declares nothing. */
export function secrecyIn(schema: JsonObject | undefined, path: readonly string[]): Secrecy {
  // Of one that declares nothing at all, plainly harmless names may be shown: of a guide's dispatcher there are no others.
  if (!schema) return isHarmlessName(path.at(-1) ?? "") ? "by name" : "sealed";
  let schemas = alternatives(schema);
  for (const [at, name] of path.entries()) {
    schemas = schemas.flatMap((one) => schemasOf(one, name)).flatMap(alternatives);
    if (schemas.some(({ secret }) => secret === true)) return "sealed";
    if (at === path.length - 1 && schemas.some(({ secret }) => secret === false)) return "open";
  }
  return schemas.some(isLeaf) ? "by name" : "sealed";
}

/** Anything goes where nothing is said, and then nothing is known of what stands there. */
const isLeaf = (schema: JsonObject): boolean =>
  schema.type !== undefined || schema.const !== undefined || schema.enum !== undefined;

function schemasOf(schema: JsonObject, name: string): JsonObject[] {
  const { properties, patternProperties, additionalProperties, items, prefixItems } = schema;
  if (isObject(properties) && Object.hasOwn(properties, name)) return objects(properties[name]);
  const inArray = /^\d+$/.test(name) ? [items, prefixItems].flat() : [];
  const inRecord = isObject(patternProperties) ? Object.values(patternProperties) : [];
  return objects(...inArray, ...inRecord, additionalProperties);
}

const alternatives = (schema: JsonObject): JsonObject[] => {
  const parts = [schema.anyOf, schema.oneOf, schema.allOf].flat();
  return [schema, ...objects(...parts).flatMap(alternatives)];
};

const objects = (...values: unknown[]): JsonObject[] => values.filter(isObject);

const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

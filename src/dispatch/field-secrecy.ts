// Decides which fields of a dispatch_config may be shown: those that the dispatcher declares and that are not secret. An
// undeclared field may hold anything.

import type { JsonObject } from "../db/schema.ts";
import { isHarmlessName } from "../secrets/names.ts";
import type { Secrecy } from "../secrets/vault.ts";

/** `schema` is the dispatcher's; undefined when it declares none. */
export function secrecyIn(schema: JsonObject | undefined, path: readonly string[]): Secrecy {
  // Without a schema, as in the guide's dispatchers, only plainly harmless names may be shown.
  if (!schema) return isHarmlessName(path.at(-1) ?? "") ? "by name" : "sealed";
  let schemas = alternatives(schema);
  for (const [at, name] of path.entries()) {
    schemas = schemas.flatMap((one) => schemasOf(one, name)).flatMap(alternatives);
    if (schemas.some(({ secret }) => secret === true)) return "sealed";
    if (at === path.length - 1 && schemas.some(({ secret }) => secret === false)) return "open";
  }
  return schemas.some(isLeaf) ? "by name" : "sealed";
}

/** A schema without a type allows any value, so nothing is known about it. */
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

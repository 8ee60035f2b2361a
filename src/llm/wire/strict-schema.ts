// The schema of an answer in the part of JSON Schema to which Anthropic holds its models: every object is closed, and limits of numbers,
// lengths and the like are unknown. What is left out is in the prompt, and the answer is checked against the original.

import { type Fields, isObject } from "../fields.ts";

/** A grammar is made of it, whose size the vendor limits. */
const MOST_PLACES = 100;
const FORMATS = "date-time time date duration email hostname uri ipv4 ipv6 uuid".split(" ");
/** What they ask for cannot be left out without a change of what is meant, nor said in other words. */
const BEYOND = ["not", "allOf", "prefixItems"];

/** Undefined: it cannot be said so, because it has objects with any names, say. */
export function strictSchema(schema: Fields): Fields | undefined {
  let left = MOST_PLACES;
  const strict = (given: unknown): Fields | undefined => {
    left -= 1;
    if (!isObject(given) || left < 0 || BEYOND.some((word) => word in given)) return undefined;
    const variants = given.anyOf ?? given.oneOf;
    const words = { ...textIn(given, "title"), ...textIn(given, "description") };
    const meant = Array.isArray(variants)
      ? both("anyOf", all(variants.map(strict)))
      : (valuesOf(given) ?? ofType(given, strict));
    return meant && { ...meant, ...words };
  };
  return strict(schema);
}

const textIn = (given: Fields, name: string): Fields =>
  typeof given[name] === "string" ? { [name]: given[name] } : {};

const all = (schemas: (Fields | undefined)[]): Fields[] | undefined =>
  schemas.length > 0 && schemas.every((schema) => schema !== undefined) ? schemas : undefined;

const both = (name: string, value: unknown): Fields | undefined =>
  value === undefined ? undefined : { [name]: value };

function valuesOf({ enum: values, const: only }: Fields): Fields | undefined {
  const isPlain = (value: unknown) => typeof value !== "object" || value === null;
  if (only !== undefined && isPlain(only)) return { const: only };
  return Array.isArray(values) && values.length > 0 && values.every(isPlain) ? { enum: values } : undefined;
}

function ofType(given: Fields, strict: (schema: unknown) => Fields | undefined): Fields | undefined {
  const { type, items, minItems, format } = given;
  const types = Array.isArray(type) ? type : [type];
  if (!types.every((one) => typeof one === "string")) return undefined;
  const object = types.includes("object") ? closed(given, strict) : {};
  const item = types.includes("array") ? both("items", strict(items)) : {};
  if (!object || !item) return undefined;
  const isFew = types.includes("array") && (minItems === 0 || minItems === 1);
  const isFormat = types.includes("string") && FORMATS.includes(String(format));
  return { type, ...object, ...item, ...(isFew && { minItems }), ...(isFormat && { format }) };
}

function closed(
  { properties, required, additionalProperties: others = false }: Fields,
  strict: (schema: unknown) => Fields | undefined,
): Fields | undefined {
  if (!isObject(properties) || others !== false) return undefined;
  const names = Object.keys(properties);
  const schemas = names.length === 0 ? [] : all(names.map((name) => strict(properties[name])));
  if (!schemas) return undefined;
  return {
    properties: Object.fromEntries(names.map((name, at) => [name, schemas[at]])),
    ...(Array.isArray(required) && { required }),
    additionalProperties: false,
  };
}

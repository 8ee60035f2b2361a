// A call that a model wrote into its text, and what the readers of the formats share.

import { type Fields, isObject } from "../../fields.ts";
import { jsonIn } from "../../json.ts";
import { readArguments } from "../arguments.ts";

export interface WrittenCall {
  name: string;
  /** JSON text. */
  arguments: string;
}

/** The parameters of a tool, if they are known: a format without types writes the text "5" as it writes the number. */
export type SchemaOf = (name: string) => Fields | undefined;

/** Returns undefined for each part that should be a call and is none. */
export type ReadCalls = (text: string, schemaOf: SchemaOf) => (WrittenCall | undefined)[];

const NAME = /^[\w.:/-]{1,200}$/;

/** A call whose arguments are JSON. */
export function withJson(name: string, json: string): WrittenCall | undefined {
  const { args } = readArguments(json);
  return args && NAME.test(name) ? { name, arguments: JSON.stringify(args) } : undefined;
}

/** A call whose arguments are texts, of which each may be JSON. */
export function withTexts(
  name: string,
  texts: readonly [key: string, text: string, isText?: boolean][],
  schemaOf: SchemaOf,
): WrittenCall | undefined {
  if (!NAME.test(name)) return undefined;
  const schema = schemaOf(name);
  const properties = isObject(schema?.properties) ? schema.properties : {};
  const args = texts.map(([key, text, isText = false]) => [
    key,
    isText ? text : readValue(text, typesOf(Object.hasOwn(properties, key) ? properties[key] : undefined)),
  ]);
  return { name, arguments: JSON.stringify(Object.fromEntries(args)) };
}

/** The value that the text stands for, where these types are wanted. Default: what it looks like. */
function readValue(text: string, types: ReadonlySet<string>): unknown {
  const value = jsonIn(text);
  if (value === undefined) return text;
  if (!types.has("string")) return value;
  return typeof value !== "string" && types.has(typeName(value)) ? value : text;
}

function typeName(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}

function typesOf(schema: unknown, depth = 0): Set<string> {
  if (!isObject(schema) || depth > 2) return new Set();
  const { type, enum: values, const: only } = schema;
  const variants = [schema.anyOf, schema.oneOf].flatMap((list) => (Array.isArray(list) ? list : []));
  const named = (Array.isArray(type) ? type : [type]).filter((one) => typeof one === "string");
  const listed = (Array.isArray(values) ? values : only === undefined ? [] : [only]).map(typeName);
  const all = [...named, ...listed, ...variants.flatMap((one) => [...typesOf(one, depth + 1)])];
  return new Set(all.map((one) => (one === "integer" ? "number" : one)));
}

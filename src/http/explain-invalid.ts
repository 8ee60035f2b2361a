// Explains in words what an invalid field of a request must be.

import type { ValueError } from "@sinclair/typebox/errors";
import type { ValidationError } from "elysia";
import { HeddleError } from "../errors.ts";
import { isTextOfValue } from "../schema/openapi-schema.ts";
import { patternWords } from "../schema/pattern-words.ts";

/** The keywords of a JSON Schema that are used here. */
interface Schema {
  type?: string | string[];
  title?: string;
  const?: unknown;
  enum?: unknown[];
  format?: string;
  pattern?: string;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  minProperties?: number;
  anyOf?: Schema[];
}

/** What is invalid if no field is. */
const UNNAMED: Record<string, string> = { body: "The body", property: "A parameter" };

export function explainInvalid(error: ValidationError): HeddleError {
  const problem = error.valueError && deepest(error.valueError);
  const schema = problem?.schema as Schema | undefined;
  // Elysia reports numbers in queries without their name, so Heddle's schemas carry it as their title. The same goes
  // for path parameters whose name in the router differs from the documented one.
  const path = problem?.path.slice(1).replaceAll("/", ".") ?? "";
  const field = error.type === "params" || path === "" ? (schema?.title ?? path) : path;
  const name = field || (UNNAMED[error.type] ?? error.type);
  const say = (text: string) =>
    new HeddleError("validation", `${name} ${text}.`, field === "" ? {} : { field });
  if (problem?.message === "Unexpected property") return say("is not a field of this request");
  if (problem?.value === undefined) return say("is missing");
  return say(`must be ${schema ? expected(schema) : "something else"}`);
}

/** Returns the problem inside the intended variant of a union such as "an object or null". */
function deepest(problem: ValueError): ValueError {
  const variants = problem.errors
    .map((variant) => firstOf(variant).filter(({ path }) => path.length > problem.path.length))
    .filter((inner) => inner.length > 0);
  // A field with a fixed value tells the variants of a union apart: where it fits, that variant is the intended one.
  const tags = variants.map((inner) => inner.find(({ schema }) => isFixed(schema)));
  const intended = variants.find((_, at) => tags[at] === undefined)?.[0];
  if (intended) return deepest(intended);
  const [tag] = tags;
  return tag ? { ...tag, schema: { ...tag.schema, anyOf: tags.map((one) => one?.schema) } } : problem;
}

/** A long list may have a problem in each item; the first ones show which variant is meant. */
const EXAMINED = 100;

function firstOf(problems: Iterable<ValueError>): ValueError[] {
  const first: ValueError[] = [];
  for (const problem of problems) {
    first.push(problem);
    if (first.length === EXAMINED) break;
  }
  return first;
}

const isFixed = ({ const: value, anyOf }: Schema): boolean =>
  value !== undefined || (anyOf?.every(isFixed) ?? false);

/** The formats of JSON Schema, in words. */
const FORMS: Record<string, string> = {
  "date-time": 'a date and time such as "2026-11-27T10:00:00Z"',
  date: 'a date such as "2026-11-27"',
  uuid: 'a UUID such as "0198c0de-7b3f-7c1e-9d2a-5f6e7a8b9c0d"',
};

function expected(schema: Schema): string {
  if (schema.anyOf) return oneOf(schema.anyOf.filter((variant) => !isTextOfValue(variant)).map(expected));
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return oneOf(schema.enum.map((value) => JSON.stringify(value)));
  const form = FORMS[schema.format ?? ""];
  if (form !== undefined) return form;
  const limits = [
    schema.format ? `in the form of a ${schema.format}` : "",
    range(schema.minimum, schema.maximum, ""),
    range(schema.minLength, schema.maxLength, " characters"),
    range(schema.minItems, schema.maxItems, " items"),
    range(schema.minProperties, undefined, " fields"),
    schema.pattern ? (patternWords(schema.pattern) ?? `that matches ${schema.pattern}`) : "",
  ];
  return [typeName(schema), ...limits].filter((part) => part !== "").join(" ");
}

function oneOf(texts: string[]): string {
  return [...new Set(texts)].join(" or ");
}

function typeName({ type = "another value" }: Schema): string {
  if (Array.isArray(type)) return oneOf(type);
  if (type === "null") return "null";
  return `${/^[aeiou]/.test(type) ? "an" : "a"} ${type}`;
}

function range(min: number | undefined, max: number | undefined, unit: string): string {
  if (min === max && min !== undefined) return `of ${min}${unit}`;
  if (min !== undefined && max !== undefined) return `from ${min} to ${max}${unit}`;
  if (min !== undefined) return `of at least ${min}${unit}`;
  return max === undefined ? "" : `of at most ${max}${unit}`;
}

// What is wrong with the parameters of a request to an integration, where Elysia would take one of several values, not say
// which parameter it means, or fail as if the integration's code had.

import { isDeepStrictEqual } from "node:util";
import { TransformDecodeCheckError } from "@sinclair/typebox/value";
import { ValidationError } from "elysia";
import { HeddleError } from "../../errors.ts";

interface Schema {
  type?: unknown;
  properties?: Record<string, Schema>;
  patternProperties?: Record<string, Schema>;
  additionalProperties?: Schema | boolean;
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: Schema[];
}

/** Throws `validation` for a repeated parameter that the schema names but does not take a list for; Elysia would take the last value. */
export function refuseRepeated(url: string, schemas: readonly unknown[]): void {
  const start = url.indexOf("?");
  if (start < 0 || schemas.length === 0) return;
  const seen = new Set<string>();
  for (const name of new URLSearchParams(url.slice(start)).keys()) {
    if (!seen.has(name)) {
      seen.add(name);
      continue;
    }
    if (!schemas.some((schema) => takesOne(schema as Schema, name))) continue;
    throw new HeddleError("validation", `${name} must be given only once in the query.`, { field: name });
  }
}

function takesOne(schema: Schema, name: string): boolean {
  // The schemas of other libraries are functions of their own, and get a list from Elysia.
  if (typeof schema !== "object" || schema === null || "~standard" in schema) return false;
  if (schema.allOf?.some((part) => takesOne(part, name))) return true;
  const { properties = {}, patternProperties = {} } = schema;
  // A record's only pattern is that of all its names.
  const value = Object.hasOwn(properties, name) ? properties[name] : Object.values(patternProperties)[0];
  return value !== undefined && !takesList(value);
}

const takesList = ({ type, anyOf = [], oneOf = [], allOf = [] }: Schema): boolean =>
  type === "array" || [...anyOf, ...oneOf, ...allOf].some(takesList);

/**
 * Returns the error that callers see: for a parameter that Elysia refuses without its name, or with an error that says nothing
 * of requests, one that names it. A value that only one parameter has tells which it is.
 */
export function namingParameter(
  error: unknown,
  { url, query, params }: { url: string; query: Record<string, unknown>; params: Record<string, unknown> },
): unknown {
  const parameters = { ...query, ...params };
  if (error instanceof ValidationError) {
    if (error.type === "property") name(error, parameters);
    return error;
  }
  // TypeBox's error for a list whose only item cannot be converted.
  if (error instanceof TransformDecodeCheckError) {
    const refused = new ValidationError("property", error.error.schema, error.error.value);
    return name(refused, parameters) ? refused : error;
  }
  const field = error instanceof SyntaxError ? invalidJson(url) : undefined;
  if (field === undefined) return error;
  return new HeddleError("validation", `${field} must be valid JSON.`, { field });
}

/** Returns false if no parameter has the value. */
function name({ valueError }: ValidationError, parameters: Record<string, unknown>): boolean {
  if (!valueError) return false;
  const { value } = valueError;
  const names = Object.keys(parameters).filter((one) => holds(parameters[one], value));
  if (valueError.path === "" && names.length === 1) valueError.path = `/${names[0]}`;
  return names.length > 0;
}

/** Lists are also written with commas. */
function holds(parameter: unknown, value: unknown): boolean {
  const items = typeof parameter === "string" && parameter.includes(",") ? parameter.split(",") : parameter;
  return (
    [parameter, Number(parameter)].includes(value) ||
    isDeepStrictEqual(parameter, value) ||
    (Array.isArray(items) && items.some((item) => holds(item, value)))
  );
}

/** The parameter that looks like a list or an object and is not valid JSON, if there is one. */
function invalidJson(url: string): string | undefined {
  const start = url.indexOf("?");
  for (const [field, value] of new URLSearchParams(start < 0 ? "" : url.slice(start))) {
    if (!/^[[{]/.test(value)) continue;
    try {
      JSON.parse(value);
    } catch {
      return field;
    }
  }
  return undefined;
}

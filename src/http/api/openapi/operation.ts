// One route as an OpenAPI operation: its parameters, its body, its answers.

import { STATUS_CODES } from "node:http";
import {
  answerDescription,
  type Components,
  isJson,
  type Json,
  openApiSchema,
  reference,
} from "../../../schema/openapi-schema.ts";

/** A route as an Elysia instance lists it. */
export interface RouteEntry {
  method: string;
  /** "/api/v1/tasks/:id", "/files/*" */
  path: string;
  /** Schemas in Elysia's form, and `detail` with further fields of the operation. */
  hooks: object;
}

/** The named parts that operations refer to. */
export interface Parts {
  schemas: Components;
  responses: Components;
}

export interface OperationOptions {
  parts: Parts;
  /** Whether schemas of bodies and answers become components named after the operation. */
  nameSchemas: boolean;
}

export function operationOf(route: RouteEntry, { parts, nameSchemas }: OperationOptions): Json {
  const { body, params, query, headers, response, detail } = route.hooks as Json;
  const { hide: _, example, ...facts } = isJson(detail) ? detail : {};
  const operationId = operationIdOf(route.method, templateOf(route.path, params));
  const name = (suffix: string) =>
    nameSchemas ? `${operationId[0]?.toUpperCase()}${operationId.slice(1)}${suffix}` : undefined;
  const parameters = [
    ...pathParameters(route.path, params, parts),
    ...parametersIn("query", query, parts),
    ...parametersIn("header", headers, parts),
  ];
  return {
    operationId,
    ...(parameters.length > 0 && { parameters }),
    ...(isJson(body) && { requestBody: requestBody(body, { example, name: name("Body"), parts }) }),
    responses: responsesOf(response, name("Answer"), parts),
    ...facts,
  };
}

/** POST /api/v1/tasks/{id}/cancel → postTasksByIdCancel. */
function operationIdOf(method: string, template: string): string {
  const words = template
    .replace(/^\/api\/v1(?=\/|$)/, "")
    .split("/")
    .flatMap((part) => (part.startsWith("{") ? ["By", ...wordsIn(part)] : wordsIn(part)));
  const name = words.map((word) => `${word[0]?.toUpperCase()}${word.slice(1)}`).join("");
  return `${method.toLowerCase()}${name}`;
}

const wordsIn = (part: string): string[] => part.split(/[^A-Za-z0-9]/).filter((word) => word !== "");

/** "/api/v1/tasks/:id" → "/api/v1/tasks/{id}". */
export function templateOf(path: string, params?: unknown): string {
  const names = namesIn(path, params).values();
  const parts = path.split("/").map((part) => {
    if (isParameter(part)) return `{${names.next().value}}`;
    return part.replaceAll("{", "%7B").replaceAll("}", "%7D");
  });
  // The router takes a path with a slash at its end and without.
  return parts.join("/").replace(/(?<=.)\/$/, "");
}

const isParameter = (part: string): boolean => part === "*" || part.startsWith(":");

const parameterIn = (part: string): string => (part === "*" ? "path" : part.slice(1).replace(/\?$/, ""));

/** The documented names of a path's parameters, in their order. */
function namesIn(path: string, params: unknown): string[] {
  const names: string[] = [];
  for (const part of path.split("/").filter(isParameter)) {
    const name = part === "*" ? "path" : nameOf(parameterIn(part), params);
    let free = name;
    for (let count = 2; names.includes(free); count++) free = `${name}${count}`;
    names.push(free);
  }
  return names;
}

/**
 * A path parameter's title is its documented name where the router forces two routes to share one name. Many tools know no
 * other characters in such a name than these.
 */
function nameOf(parameter: string, params: unknown): string {
  const title = schemaOf(parameter, params)?.title;
  const isName = typeof title === "string" && /^[\w.-]+$/.test(title);
  return isName ? title : parameter.replace(/[^\w.-]/g, "_");
}

function schemaOf(parameter: string, params: unknown): Json | undefined {
  const properties = isJson(params) && isJson(params.properties) ? params.properties : {};
  const schema = properties[parameter];
  return isJson(schema) ? schema : undefined;
}

function pathParameters(path: string, params: unknown, parts: Parts): Json[] {
  const names = namesIn(path, params);
  return path
    .split("/")
    .filter(isParameter)
    .map((part, at) => {
      const schema = (part === "*" ? undefined : schemaOf(parameterIn(part), params)) ?? { type: "string" };
      return parameter("path", names[at] ?? "path", schema, { isRequired: true, parts });
    });
}

function parametersIn(where: "query" | "header", schema: unknown, parts: Parts): Json[] {
  if (!isJson(schema) || !isJson(schema.properties)) return [];
  const required = Array.isArray(schema.required) ? schema.required : [];
  return Object.entries(schema.properties).map(([name, value]) => {
    const hasDefault = isJson(value) && value.default !== undefined;
    return parameter(where, name, value, { isRequired: required.includes(name) && !hasDefault, parts });
  });
}

function parameter(
  where: string,
  name: string,
  schema: unknown,
  { isRequired, parts }: { isRequired: boolean; parts: Parts },
): Json {
  const { description, ...rest } = openApiSchema(schema, parts.schemas);
  const words = Array.isArray(rest.enum) && rest.default === undefined ? rest.enum : [];
  return {
    name,
    in: where,
    required: isRequired,
    ...(description !== undefined && { description }),
    schema: rest,
    // Without this, Scalar's test client would send the first of the words even if no filter was entered.
    ...(!isRequired &&
      words.length > 0 && { examples: { default: { value: words[0], "x-disabled": true } } }),
  };
}

function requestBody(
  schema: Json,
  { example, name, parts }: { example: unknown; name: string | undefined; parts: Parts },
): Json {
  const type = hasFile(schema) ? "multipart/form-data" : "application/json";
  return {
    required: true,
    content: { [type]: { schema: schemaIn(schema, name, parts), ...(example !== undefined && { example }) } },
  };
}

/** Whether files are sent in a form's fields. */
export const hasFile = ({ properties }: Json): boolean =>
  isJson(properties) &&
  Object.values(properties).some((one) => isJson(one) && (one.format === "binary" || one.type === "Files"));

/** Turns an object schema without a name into a named component. */
function schemaIn(schema: Json, name: string | undefined, parts: Parts): Json {
  const plain = openApiSchema(schema, parts.schemas);
  const isNamed = plain.$ref !== undefined || name === undefined || plain.properties === undefined;
  return isNamed ? plain : reference(name, plain, parts.schemas);
}

function responsesOf(response: unknown, name: string | undefined, parts: Parts): Json {
  const responses = isJson(response) ? response : {};
  const isOneSchema = ["type", "anyOf", "allOf", "oneOf", "$ref"].some((key) => key in responses);
  const byStatus = Object.entries(isOneSchema ? { 200: responses } : responses).filter(([status]) =>
    /^[1-5]\d\d$/.test(status),
  );
  if (byStatus.length === 0) return { 200: { description: "The integration's answer." } };
  return Object.fromEntries(
    byStatus.map(([status, schema]) => [
      status,
      responseOf(status, isJson(schema) ? schema : {}, name, parts),
    ]),
  );
}

/** Nearly every operation refers to these. */
const SHORT_NAMES: Record<string, string> = { 413: "TooLarge", 415: "MediaType", 422: "Invalid" };

function responseOf(status: string, schema: Json, name: string | undefined, parts: Parts): Json {
  const text = STATUS_CODES[Number(status)] ?? status;
  const answer: Json = { description: answerDescription(schema) ?? text };
  if (schema.type !== "void" && status !== "204") {
    const type = typeof schema.contentMediaType === "string" ? schema.contentMediaType : "application/json";
    answer.content = {
      [type]: { schema: schemaIn(schema, status.startsWith("2") ? name : undefined, parts) },
    };
  }
  if (Number(status) < 400 || name === undefined) return answer;
  // An error means the same on every route, so the document has it once.
  const key = SHORT_NAMES[status] ?? text.replace(/[^A-Za-z]/g, "");
  const before = parts.responses.get(key);
  if (before && JSON.stringify(before) !== JSON.stringify(answer)) return answer;
  parts.responses.set(key, answer);
  return { $ref: `#/components/responses/${key}` };
}

// Keeps the document small: what several operations or schemas have in common is written once.

import { isJson, type Json } from "../../../schema/openapi-schema.ts";

type Paths = Record<string, Record<string, Json>>;

/** Moves parameters that several operations have to the components, and returns these. */
export function shareParameters(paths: Paths): Record<string, Json> {
  const operations = Object.values(paths).flatMap((methods) => Object.values(methods));
  const uses = new Map<string, number>();
  for (const parameter of operations.flatMap(parametersOf)) {
    const text = JSON.stringify(parameter);
    uses.set(text, (uses.get(text) ?? 0) + 1);
  }
  const names = new Map<string, string>();
  const shared: Record<string, Json> = {};
  for (const [text, count] of uses) {
    if (count < 2) continue;
    const parameter = JSON.parse(text) as Json;
    const plain = String(parameter.name).replace(/[^\w.-]/g, "_");
    let name = plain;
    for (let number = 2; name in shared; number++) name = `${plain}_${number}`;
    shared[name] = parameter;
    names.set(text, name);
  }
  for (const operation of operations) {
    const parameters = parametersOf(operation);
    if (parameters.length === 0) continue;
    operation.parameters = parameters.map((parameter) => {
      const name = names.get(JSON.stringify(parameter));
      return name === undefined ? parameter : { $ref: `#/components/parameters/${name}` };
    });
  }
  return shared;
}

const parametersOf = ({ parameters }: Json): Json[] => (Array.isArray(parameters) ? parameters : []);

/**
 * Elysia closes the schemas of answers when it compiles a route, which happens at the route's first request. In the document
 * answers are open from the start: a client must not mind further fields.
 */
export function openAnswers(schemas: Record<string, Json>, paths: Paths): Record<string, Json> {
  const given = new Set<string>();
  const follow = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    const name = isJson(value) && String(value.$ref ?? "").split("#/components/schemas/")[1];
    if (name && !given.has(name)) {
      given.add(name);
      follow(schemas[name]);
    }
    for (const inner of Object.values(value)) follow(inner);
  };
  for (const methods of Object.values(paths)) {
    for (const { requestBody, parameters } of Object.values(methods)) follow([requestBody, parameters]);
  }
  return Object.fromEntries(
    Object.entries(schemas).map(([name, { additionalProperties, ...schema }]) => {
      const isClosed = additionalProperties === false && !given.has(name);
      return [
        name,
        additionalProperties === undefined || isClosed ? schema : { ...schema, additionalProperties },
      ];
    }),
  );
}

/** Fewer fields are not worth a reference. */
const LEAST_FIELDS = 3;

/** Writes a schema that has all fields of another one as that one and the rest. */
export function shareFields(schemas: Record<string, Json>): Record<string, Json> {
  const fields = new Map(
    Object.entries(schemas).flatMap(([name, schema]) => {
      const texts = textsOf(schema);
      return texts && texts.size >= LEAST_FIELDS ? [[name, texts] as const] : [];
    }),
  );
  return Object.fromEntries(
    Object.entries(schemas).map(([name, schema]) => {
      const own = fields.get(name);
      const base = own && largestWithin(own, fields, name);
      return [name, base === undefined ? schema : extended(schema, base, fields.get(base) ?? new Set())];
    }),
  );
}

/** The fields of an object schema that accepts others; undefined for any other schema. */
function textsOf({
  type,
  properties,
  required,
  additionalProperties,
  ...rest
}: Json): Set<string> | undefined {
  const { description: _, ...other } = rest;
  if (type !== "object" || !isJson(properties) || additionalProperties === false) return undefined;
  if (Object.keys(other).length > 0) return undefined;
  const needed = Array.isArray(required) ? required : [];
  return new Set(
    Object.entries(properties).map(([field, schema]) =>
      JSON.stringify([field, needed.includes(field), schema]),
    ),
  );
}

function largestWithin(own: Set<string>, all: Map<string, Set<string>>, itself: string): string | undefined {
  let best: string | undefined;
  let size = 0;
  for (const [name, texts] of all) {
    // Of two equal schemas, the later one refers to the earlier.
    const isSmaller = texts.size < own.size || (texts.size === own.size && name < itself);
    if (name === itself || !isSmaller || texts.size <= size) continue;
    if (![...texts].every((text) => own.has(text))) continue;
    best = name;
    size = texts.size;
  }
  return best;
}

function extended(schema: Json, base: string, texts: Set<string>): Json {
  const shared = new Set([...texts].map((text) => String((JSON.parse(text) as unknown[])[0])));
  const properties = Object.entries(schema.properties as Json).filter(([field]) => !shared.has(field));
  const required = (Array.isArray(schema.required) ? schema.required : []).filter(
    (field) => !shared.has(field),
  );
  const $ref = `#/components/schemas/${base}`;
  return {
    ...(schema.description !== undefined && { description: schema.description }),
    allOf: [
      { $ref },
      ...(properties.length === 0
        ? []
        : [
            {
              type: "object",
              properties: Object.fromEntries(properties),
              ...(required.length > 0 && { required }),
            },
          ]),
    ],
  };
}

// Schemas of routes, as Elysia and TypeBox write them, in the words of OpenAPI 3.1 (JSON Schema 2020-12).

export type Json = Record<string, unknown>;

/** Keywords of ours that say where a schema stands in the document; validators pass over them. */
const NAME = "x-name";
const RESPONSE = "x-response";

/** The schema stands under this name in the document's components, and everywhere else as a reference to it. */
export const named = <Schema extends object>(name: string, schema: Schema): Schema => ({
  ...schema,
  [NAME]: name,
});

/** What the document says of an answer, where that is not what it says of the schema. */
export const answering = <Schema extends object>(description: string, schema: Schema): Schema => ({
  ...schema,
  [RESPONSE]: description,
});

export const answerDescription = (schema: Json): string | undefined =>
  [schema[RESPONSE], schema.description].find((text) => typeof text === "string");

/** Takes the named schemas that are met on the way. */
export type Components = Map<string, Json>;

export function openApiSchema(schema: unknown, components: Components): Json {
  if (!isJson(schema)) return schema === false ? { not: {} } : {};
  // Of another library (Zod, Valibot), which an integration may use: its schemas are no JSON.
  if ("~standard" in schema) return {};
  const name = schema[NAME];
  return typeof name === "string"
    ? reference(name, written(schema, components), components)
    : written(schema, components);
}

export function reference(name: string, schema: Json, components: Components): Json {
  // The first one counts: Elysia changes the schemas of a route when it is asked for the first time.
  if (!components.has(name)) components.set(name, schema);
  return { $ref: `#/components/schemas/${name}` };
}

/** Keywords whose values mean in OpenAPI what they mean to TypeBox. */
const KEPT = [
  ...["type", "description", "default", "enum", "const", "format", "pattern", "required", "examples"],
  ...["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength"],
  ...["minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties", "deprecated"],
];
/** TypeBox has more types than JSON: a Date, undefined. What they are as JSON is not said. */
const TYPES = ["string", "number", "integer", "boolean", "object", "array", "null"];
const ANY_NAME = "^(.*)$";

function written(schema: Json, components: Components): Json {
  const inner = (value: unknown) => openApiSchema(value, components);
  const each = (value: unknown) => (Array.isArray(value) ? value.map(inner) : []);
  if (Array.isArray(schema.anyOf)) return union(schema, components);
  if (typeof schema.type === "string" && !TYPES.includes(schema.type)) return described(schema, {});

  const result: Json = {};
  for (const key of KEPT) if (schema[key] !== undefined) result[key] = schema[key];
  if (isJson(schema.properties)) {
    result.properties = Object.fromEntries(
      Object.entries(schema.properties).map(([key, value]) => [key, inner(value)]),
    );
  }
  if (Array.isArray(schema.items)) result.prefixItems = each(schema.items);
  else if (schema.items !== undefined) result.items = inner(schema.items);
  else if (schema.type === "array") result.items = {};
  if (Array.isArray(schema.allOf)) result.allOf = each(schema.allOf);
  if (Array.isArray(schema.oneOf)) result.oneOf = each(schema.oneOf);

  const patterns = isJson(schema.patternProperties) ? { ...schema.patternProperties } : {};
  const anyName = patterns[ANY_NAME];
  delete patterns[ANY_NAME];
  if (Object.keys(patterns).length > 0) {
    result.patternProperties = Object.fromEntries(
      Object.entries(patterns).map(([key, value]) => [key, inner(value)]),
    );
  }
  if (anyName !== undefined) result.additionalProperties = inner(anyName);
  else if (typeof schema.additionalProperties === "boolean") {
    result.additionalProperties = schema.additionalProperties;
  } else if (schema.additionalProperties !== undefined) {
    result.additionalProperties = inner(schema.additionalProperties);
  }
  return result;
}

/** Words make an enum, "or null" joins the type, and Elysia's ways of reading a number from text are left out. */
function union(schema: Json, components: Components): Json {
  const variants = (schema.anyOf as unknown[])
    .filter(isJson)
    .filter((variant) => !isTextOfValue(variant))
    .map((variant) => openApiSchema(variant, components));
  const isNullable = variants.some(isNull);
  const values = variants.filter((variant) => !isNull(variant));
  const [only] = values;
  const words = values.flatMap(wordsOf);
  if (values.length > 0 && values.every((value) => wordsOf(value).length > 0)) {
    const type = [...new Set(words.map((word) => typeof word))];
    return described(schema, {
      type: isNullable ? [...type, "null"] : single(type),
      enum: isNullable ? [...words, null] : words,
    });
  }
  if (values.length === 1 && only) {
    // Elysia repeats an integer's limits beside the two ways of writing it.
    if (!isNullable) return described(schema, only);
    if (typeof only.type === "string" && only.type !== "object") {
      return described(schema, { ...only, type: [only.type, "null"] });
    }
  }
  return described(schema, { anyOf: variants });
}

/** A query's integer, number or boolean is text at first. */
export const isTextOfValue = ({ type, format }: { type?: unknown; format?: unknown }): boolean =>
  type === "string" &&
  ["integer", "numeric", "boolean", "ObjectString", "ArrayString"].includes(String(format));

const isNull = ({ type }: Json): boolean => type === "null";

function wordsOf(schema: Json): unknown[] {
  if (typeof schema.const === "string") return [schema.const];
  return Array.isArray(schema.enum) && typeof schema.type === "string" ? schema.enum : [];
}

const single = (types: string[]): string | string[] => (types.length === 1 ? String(types[0]) : types);

function described({ description, default: preset }: Json, result: Json): Json {
  return {
    ...result,
    ...(preset !== undefined && { default: preset }),
    ...(description !== undefined && { description }),
  };
}

export const isJson = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

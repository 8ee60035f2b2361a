// Converts route schemas of Elysia and TypeBox to OpenAPI 3.1 (JSON Schema 2020-12).

export type Json = Record<string, unknown>;

/** Heddle's own keywords, which say how the document shows a schema; validators ignore them. */
const NAME = "x-name";
const RESPONSE = "x-response";

/** Puts the schema under this name among the document's components; routes then refer to it. */
export const named = <Schema extends object>(name: string, schema: Schema): Schema => ({
  ...schema,
  [NAME]: name,
});

/** Gives an answer a description that differs from its schema's. */
export const answering = <Schema extends object>(description: string, schema: Schema): Schema => ({
  ...schema,
  [RESPONSE]: description,
});

export const answerDescription = (schema: Json): string | undefined =>
  [schema[RESPONSE], schema.description].find((text) => typeof text === "string");

/** Collects the named schemas found during conversion. */
export type Components = Map<string, Json>;

export function openApiSchema(schema: unknown, components: Components): Json {
  if (!isJson(schema)) return schema === false ? { not: {} } : {};
  // An integration may use another library (Zod, Valibot), whose schemas are not JSON.
  if ("~standard" in schema) return {};
  const name = schema[NAME];
  return typeof name === "string"
    ? reference(name, written(schema, components), components)
    : written(schema, components);
}

export function reference(name: string, schema: Json, components: Components): Json {
  // The first version is kept, because Elysia changes a route's schemas on the first request.
  if (!components.has(name)) components.set(name, schema);
  return { $ref: `#/components/schemas/${name}` };
}

const isText = (value: unknown) => typeof value === "string";
const isNumber = (value: unknown) => typeof value === "number";
const isFlag = (value: unknown) => typeof value === "boolean";
const anything = (value: unknown) => value !== undefined;
/**
 * Keywords with the same meaning in OpenAPI and TypeBox, and what their values must be: an author's own schema may have
 * others, which would make the whole document invalid.
 */
const KEPT = Object.entries({
  type: (value: unknown) => isText(value) || Array.isArray(value),
  ...{ description: isText, default: anything, const: anything, format: isText, pattern: isText },
  ...{ enum: Array.isArray, required: Array.isArray, examples: Array.isArray },
  ...{ minimum: isNumber, maximum: isNumber, exclusiveMinimum: isNumber, exclusiveMaximum: isNumber },
  ...{
    multipleOf: isNumber,
    minLength: isNumber,
    maxLength: isNumber,
    minItems: isNumber,
    maxItems: isNumber,
  },
  ...{ minProperties: isNumber, maxProperties: isNumber, uniqueItems: isFlag, deprecated: isFlag },
});
/** JSON's types. TypeBox has more (Date, undefined), which are written without a type. */
const TYPES = ["string", "number", "integer", "boolean", "object", "array", "null"];
const ANY_NAME = "^(.*)$";

function written(schema: Json, components: Components): Json {
  const inner = (value: unknown) => openApiSchema(value, components);
  const each = (value: unknown) => (Array.isArray(value) ? value.map(inner) : []);
  if (Array.isArray(schema.anyOf)) return union(schema, components);
  if (typeof schema.type === "string" && !TYPES.includes(schema.type)) return described(schema, {});

  const result: Json = {};
  for (const [key, isValid] of KEPT) if (isValid(schema[key])) result[key] = schema[key];
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

/** Turns words into an enum and "or null" into a type, and drops Elysia's variants that read a number from text. */
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
    // Elysia repeats an integer's limits beside its two variants.
    if (!isNullable) return described(schema, only);
    if (typeof only.type === "string" && only.type !== "object") {
      return described(schema, { ...only, type: [only.type, "null"] });
    }
  }
  return described(schema, { anyOf: variants });
}

/** Whether a schema is Elysia's text variant of an integer, number or boolean in a query. */
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

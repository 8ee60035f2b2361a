// The parameters of a tool in the part of JSON Schema that every endpoint understands. Schemas of MCP servers are written by generators,
// and one that an endpoint refuses makes it refuse every request of a bot that has the tool. Calls are checked against the original.

import { type Fields, isObject, textOf } from "../fields.ts";

const DEEPEST = 12;
/** Names that Anthropic and Gemini take: "$filter" they do not. A call may leave out what is not required. */
const NAME = /^[a-zA-Z_][a-zA-Z0-9_.-]{0,63}$/;
const TYPES = ["object", "array", "string", "integer", "number", "boolean"];

export function simpleSchema(schema: Fields): Fields {
  const simple = simplified(schema, schema, 0);
  return simple.type === "object" ? simple : { type: "object", properties: {} };
}

/** `root` is where references point into. */
function simplified(given: unknown, root: Fields, depth: number): Fields {
  const schema = depth > DEEPEST || !isObject(given) ? {} : chosen(given, root);
  const type = typeOf(schema);
  const description = textOf(schema.description);
  const known = { type, ...(description !== "" && { description }) };
  if (type === "object") return { ...known, ...propertiesOf(schema, root, depth) };
  if (type === "array") {
    const [first]: unknown[] = Array.isArray(schema.items) ? schema.items : [schema.items];
    return { ...known, items: simplified(first, root, depth + 1) };
  }
  const words = valuesOf(schema);
  return type === "string" && words.length > 0 ? { ...known, enum: words } : known;
}

/** The schema that a reference names; of variants, the first that is not null. */
function chosen(schema: Fields, root: Fields, depth = 0): Fields {
  if (depth > DEEPEST) return {};
  const { $ref, anyOf, oneOf, allOf, ...own } = schema;
  const variants = [anyOf, oneOf, allOf].find((list) => Array.isArray(list) && list.length > 0);
  const target =
    typeof $ref === "string"
      ? targetOf($ref, root)
      : (variants as unknown[] | undefined)?.find((one) => isObject(one) && one.type !== "null");
  return isObject(target) ? { ...chosen(target, root, depth + 1), ...own } : own;
}

const targetOf = (reference: string, root: Fields): unknown =>
  reference
    .split("/")
    .slice(1)
    .reduce<unknown>(
      (at, part) => (isObject(at) ? at[part.replaceAll("~1", "/").replaceAll("~0", "~")] : undefined),
      root,
    );

function typeOf({ type, properties, items, enum: values }: Fields): string {
  const named = (Array.isArray(type) ? type : [type]).find((one) => TYPES.includes(String(one)));
  if (named !== undefined) return String(named);
  if (isObject(properties)) return "object";
  if (items !== undefined) return "array";
  const [first] = Array.isArray(values) ? values : [];
  return typeof first === "number" || typeof first === "boolean" ? typeof first : "string";
}

function valuesOf({ enum: values, const: only }: Fields): string[] {
  const words = Array.isArray(values) ? values : [only];
  return words.filter((word) => typeof word === "string" && word !== "");
}

function propertiesOf(schema: Fields, root: Fields, depth: number): Fields {
  if (!isObject(schema.properties)) return depth === 0 ? { properties: {} } : {};
  const properties = Object.entries(schema.properties)
    .filter(([name]) => NAME.test(name))
    .map(([name, inner]) => [name, simplified(inner, root, depth + 1)]);
  const names = Array.isArray(schema.required) ? schema.required : [];
  const required = names.filter((name) => properties.some(([known]) => known === name));
  return { properties: Object.fromEntries(properties), ...(required.length > 0 && { required }) };
}

// The parameters of a tool in the part of JSON Schema that every endpoint understands. Schemas of MCP servers are written by generators,
// and one that an endpoint refuses makes it refuse every request of a bot that has the tool. Calls are checked against the original.

import { type Fields, isObject, textOf } from "../fields.ts";

/** Levels below the parameters themselves. Gemini refuses more, in reports of 2025 and 2026. */
const DEEPEST = 5;
/** References are written out, so that a schema of a kilobyte can stand for a gigabyte. */
const MOST_PLACES = 2_000;
/** References that lead to the next one. */
const MOST_STEPS = 12;
/** Names that Anthropic and Gemini take: "$filter" they do not. A call may leave out what is not required. */
const NAME = /^[a-zA-Z_][a-zA-Z0-9_.-]{0,63}$/;
const TYPES = ["object", "array", "string", "integer", "number", "boolean"];

interface Room {
  /** Where references point into. */
  root: Fields;
  /** Places that may still be written. */
  left: number;
}

/** Where a schema stands: at what depth, and what the references stand for that led there. */
interface Place {
  depth: number;
  inside: readonly unknown[];
}

export function simpleSchema(schema: Fields): Fields {
  const simple = simplified(schema, { root: schema, left: MOST_PLACES }, { depth: 0, inside: [schema] });
  return simple.type === "object" ? simple : { type: "object", properties: {} };
}

function simplified(given: unknown, room: Room, { depth, inside }: Place): Fields {
  room.left -= 1;
  const { schema, through } = chosen(given, room.root);
  const type = typeOf(schema);
  const description = textOf(schema.description);
  const known = { type, ...(description !== "" && { description }) };
  const next = { depth: depth + 1, inside: [...inside, ...through] };
  // What contains itself is shown once, and what is too deep or too much is not shown.
  const isEnd = depth >= DEEPEST || room.left <= 0 || through.some((target) => inside.includes(target));
  if (type === "object") return isEnd ? known : { ...known, ...propertiesOf(schema, room, next) };
  if (type === "array") {
    const [first]: unknown[] = Array.isArray(schema.items) ? schema.items : [schema.items];
    const items = isEnd ? { type: typeOf(chosen(first, room.root).schema) } : simplified(first, room, next);
    return { ...known, items };
  }
  const words = valuesOf(schema);
  return type === "string" && words.length > 0 ? { ...known, enum: words } : known;
}

/** The schema that a reference names; of variants, the first that is not null. `through`: what the references stand for. */
function chosen(given: unknown, root: Fields): { schema: Fields; through: unknown[] } {
  const through: unknown[] = [];
  const found: Fields[] = [];
  for (let at = given; isObject(at) && found.length < MOST_STEPS; ) {
    const { $ref, anyOf, oneOf, allOf, ...own } = at;
    found.unshift(own);
    const variants = [anyOf, oneOf, allOf].find((list) => Array.isArray(list) && list.length > 0);
    if (typeof $ref === "string") {
      at = targetOf($ref, root) as Fields;
      if (isObject(at)) through.push(at);
    } else
      at = (variants as unknown[] | undefined)?.find((one) => isObject(one) && one.type !== "null") as Fields;
  }
  return { schema: Object.assign({}, ...found), through };
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

function propertiesOf(schema: Fields, room: Room, place: Place): Fields {
  if (!isObject(schema.properties)) return place.depth === 1 ? { properties: {} } : {};
  const properties = Object.entries(schema.properties)
    .filter(([name]) => NAME.test(name))
    .flatMap(([name, inner]) => (room.left > 0 ? [[name, simplified(inner, room, place)] as const] : []));
  const names = Array.isArray(schema.required) ? schema.required : [];
  const required = names.filter((name) => properties.some(([known]) => known === name));
  return { properties: Object.fromEntries(properties), ...(required.length > 0 && { required }) };
}

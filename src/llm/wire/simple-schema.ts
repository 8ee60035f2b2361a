// The parameters of a tool in the part of JSON Schema that every endpoint understands. Schemas of MCP servers are written by generators,
// and one that an endpoint refuses makes it refuse every request of a bot that has the tool. Calls are checked against the original.

import { type Fields, isObject, textOf } from "../fields.ts";

/** Levels below the parameters themselves. Gemini refuses more, in reports of 2025 and 2026. */
const DEEPEST = 5;
/** References are written out, so that a schema of a kilobyte can stand for a gigabyte. */
const MOST_PLACES = 2_000;
const MOST_JOINED = 20_000;
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
  /** Properties of references and variants that may still be put together. */
  joined: number;
}

/** Where a schema stands: at what depth, and what the references stand for that led there. */
interface Place {
  depth: number;
  inside: readonly unknown[];
}

export function simpleSchema(schema: Fields): Fields {
  const simple = simplified(
    schema,
    { root: schema, left: MOST_PLACES, joined: MOST_JOINED },
    { depth: 0, inside: [schema] },
  );
  return simple.type === "object" ? simple : { type: "object", properties: {} };
}

function simplified(given: unknown, room: Room, { depth, inside }: Place): Fields {
  room.left -= 1;
  const { schema, through } = chosen(given, room, inside);
  const type = typeOf(schema);
  const description = textOf(schema.description);
  const known = { type, ...(description !== "" && { description }) };
  const next = { depth: depth + 1, inside: [...inside, ...through] };
  // What contains itself is shown once, and what is too deep or too much is not shown.
  const isEnd = depth >= DEEPEST || room.left <= 0 || through.some((target) => inside.includes(target));
  if (type === "object") return isEnd ? known : { ...known, ...propertiesOf(schema, room, next) };
  if (type === "array") {
    const [first]: unknown[] = Array.isArray(schema.items) ? schema.items : [schema.items];
    const items = isEnd
      ? { type: typeOf(chosen(first, room, inside).schema) }
      : simplified(first, room, next);
    return { ...known, items };
  }
  const words = valuesOf(schema);
  return type === "string" && words.length > 0 ? { ...known, enum: words } : known;
}

interface Chosen {
  schema: Fields;
  /** What the references stand for that led there. */
  through: unknown[];
}

/**
 * The schema that a reference names. What is put together of several objects is one; of variants that are objects each property may be
 * given, and of others the first counts that is not null.
 */
function chosen(given: unknown, room: Room, inside: readonly unknown[], steps = 0): Chosen {
  if (!isObject(given) || steps >= MOST_STEPS || Math.min(room.left, room.joined) <= 0)
    return { schema: {}, through: [] };
  const { $ref, anyOf, oneOf, allOf, ...own } = given;
  const next = (one: unknown, within = inside): Chosen => {
    room.left -= 1;
    const { properties } = fieldsOf(one);
    room.joined -= room.joined > 0 ? Object.keys(fieldsOf(properties)).length : 0;
    return chosen(one, room, within, steps + 1);
  };
  const found: Chosen[] = [];
  if (typeof $ref === "string") {
    const target = targetOf($ref, room.root);
    const { schema, through } = next(target, [...inside, target]);
    found.push({ schema, through: isObject(target) ? [target, ...through] : through });
  }
  for (const part of listOf(allOf)) found.push(next(part));
  for (const list of [anyOf, oneOf]) {
    const variants = listOf(list).filter(({ type }) => type !== "null");
    if (variants.length > 0)
      found.push(
        oneOfAll(
          variants.map((one) => next(one)),
          inside,
        ),
      );
  }
  return {
    schema: together([...found.map(({ schema }) => schema), own]),
    through: found.flatMap(({ through }) => through),
  };
}

const listOf = (value: unknown): Fields[] => (Array.isArray(value) ? value.filter(isObject) : []);

/** One that leads back to where it stands is none to choose, unless there is no other. */
function oneOfAll(variants: Chosen[], inside: readonly unknown[]): Chosen {
  const ending = variants.filter(({ through }) => !through.some((target) => inside.includes(target)));
  const [first = { schema: {}, through: [] }, ...others] = ending.length > 0 ? ending : variants;
  const schemas = [first, ...others].map(({ schema }) => schema);
  if (others.length === 0 || schemas.some((schema) => typeOf(schema) !== "object")) return first;
  const required = requiredOf(first.schema).filter((name) =>
    others.every(({ schema }) => requiredOf(schema).includes(name)),
  );
  const properties = new Map<string, unknown>();
  for (const [name, property] of schemas.flatMap((schema) => Object.entries(fieldsOf(schema.properties))))
    properties.set(name, properties.has(name) ? either(properties.get(name), property) : property);
  return {
    schema: { ...first.schema, type: "object", properties: Object.fromEntries(properties), required },
    through: [first, ...others].flatMap(({ through }) => through),
  };
}

/** Variants are told apart by a property that has another value in each. */
function either(one: unknown, other: unknown): unknown {
  const [words, more] = [one, other].map((schema) => valuesOf(fieldsOf(schema)));
  if (!words?.length || !more?.length) return one;
  const { const: _only, ...first } = fieldsOf(one);
  return { ...first, enum: [...new Set([...words, ...more])] };
}

/** The last one counts, but properties add up. */
function together(schemas: Fields[]): Fields {
  const properties = schemas.flatMap((schema) => Object.entries(fieldsOf(schema.properties)));
  const required = [...new Set(schemas.flatMap(requiredOf))];
  return {
    ...Object.assign({}, ...schemas),
    ...(properties.length > 0 && { properties: Object.fromEntries(properties) }),
    ...(required.length > 0 && { required }),
  };
}

const fieldsOf = (value: unknown): Fields => (isObject(value) ? value : {});
const requiredOf = ({ required }: Fields): unknown[] => (Array.isArray(required) ? required : []);

const targetOf = (reference: string, root: Fields): unknown =>
  reference
    .split("/")
    .slice(1)
    .reduce<unknown>(
      (at, part) => (isObject(at) ? at[part.replaceAll("~1", "/").replaceAll("~0", "~")] : undefined),
      root,
    );

function typeOf({ type, properties, items, enum: values, const: only }: Fields): string {
  // Gemini's own names have capitals.
  const types = (Array.isArray(type) ? type : [type]).map((one) => textOf(one).toLowerCase());
  const named = types.find((one) => TYPES.includes(one));
  if (named !== undefined) return named;
  if (isObject(properties)) return "object";
  if (items !== undefined) return "array";
  const [first] = Array.isArray(values) ? values : [only];
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
  const required = requiredOf(schema).filter((name) => properties.some(([known]) => known === name));
  return { properties: Object.fromEntries(properties), ...(required.length > 0 && { required }) };
}

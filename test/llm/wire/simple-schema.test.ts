import { expect, test } from "bun:test";
import { simpleSchema } from "../../../src/llm/wire/simple-schema.ts";

const reference = (name: string) => ({ $ref: `#/$defs/${name}` });

test("a schema that contains itself, three times over, is written out once", () => {
  const simple = simpleSchema({
    type: "object",
    properties: { filter: reference("filter") },
    $defs: {
      filter: {
        type: "object",
        properties: {
          field: { type: "string" },
          and: { type: "array", items: reference("filter") },
          or: { type: "array", items: reference("filter") },
          not: reference("filter"),
        },
      },
    },
  });
  const inner = { type: "array", items: { type: "object" } };
  expect(simple).toEqual({
    type: "object",
    properties: {
      filter: {
        type: "object",
        properties: { field: { type: "string" }, and: inner, or: inner, not: { type: "object" } },
      },
    },
  });
});

test("one that names itself by its root ends, too", () => {
  expect(simpleSchema({ type: "object", properties: { child: { $ref: "#" } } })).toEqual({
    type: "object",
    properties: { child: { type: "object" } },
  });
  expect(simpleSchema({ $ref: "#" })).toEqual({ type: "object", properties: {} });
});

test("references that stand for ever more are written out up to a bound", () => {
  const $defs: Record<string, unknown> = { last: { type: "string" } };
  const names = Array.from({ length: 20 }, (_, at) => `p${at}`);
  for (let level = 5; level > 0; level--) {
    const next = reference(level === 5 ? "last" : `level${level + 1}`);
    $defs[`level${level}`] = {
      type: "object",
      properties: Object.fromEntries(names.map((name) => [name, next])),
      required: names,
    };
  }
  const simple = simpleSchema({ type: "object", properties: { all: reference("level1") }, $defs });
  expect(JSON.stringify(simple).length).toBeLessThan(200_000);
  expect(simple).toMatchObject({
    properties: { all: { properties: { p0: { properties: { p0: { type: "object" } } } } } },
  });
});

test("what is too deep keeps its type", () => {
  let schema: Record<string, unknown> = { type: "array", items: { type: "object", properties: {} } };
  for (let level = 0; level < 5; level++) schema = { type: "object", properties: { next: schema } };
  let at = simpleSchema(schema);
  for (let level = 0; level < 5; level++) at = (at.properties as { next: typeof at }).next;
  expect(at).toEqual({ type: "array", items: { type: "object" } });
});

test("what is put together of several objects has the properties of all, so that a call can have what it must", () => {
  const part = (name: string) => ({ properties: { [name]: { type: "string" } }, required: [name] });
  const $defs = { base: { ...part("a"), type: "object" } };
  const place = {
    type: "object",
    properties: { own: { type: "integer" } },
    allOf: [reference("base"), part("b")],
  };
  expect(simpleSchema({ type: "object", properties: { place }, $defs })).toEqual({
    type: "object",
    properties: {
      place: {
        type: "object",
        properties: { a: { type: "string" }, b: { type: "string" }, own: { type: "integer" } },
        required: ["a", "b"],
      },
    },
  });
});

test("of variants that are objects, each property may be given, and what all must have is required", () => {
  const variant = (kind: string, own: string) => ({
    type: "object",
    properties: { kind: { const: kind }, [own]: { type: "number" } },
    required: ["kind", own],
  });
  const shape = { oneOf: [variant("circle", "radius"), { type: "null" }, variant("square", "side")] };
  const word = {
    anyOf: [{ type: "string" }, { type: "object", properties: { a: {} } }],
    description: "Either.",
  };
  expect(simpleSchema({ type: "object", properties: { shape, word } })).toEqual({
    type: "object",
    properties: {
      shape: {
        type: "object",
        properties: {
          kind: { type: "string", enum: ["circle", "square"] },
          radius: { type: "number" },
          side: { type: "number" },
        },
        required: ["kind"],
      },
      word: { type: "string", description: "Either." },
    },
  });
});

test("of variants, one that leads back to where it stands is left out", () => {
  const node = {
    anyOf: [{ $ref: "#/$defs/node" }, { type: "object", properties: { leaf: { type: "string" } } }],
  };
  const $defs = { node };
  expect(simpleSchema({ type: "object", properties: { root: reference("node") }, $defs })).toEqual({
    type: "object",
    properties: { root: { type: "object", properties: { leaf: { type: "string" } } } },
  });
});

test("a schema that is put together of itself, again and again, ends", () => {
  const again = Array.from({ length: 20 }, () => reference("again"));
  const $defs = { again: { allOf: again, anyOf: again, oneOf: again } };
  const properties = { a: reference("again"), b: reference("again") };
  expect(simpleSchema({ type: "object", properties, $defs })).toMatchObject({
    properties: { a: { type: "string" } },
  });
});

test("types may have Gemini's capitals, and a value alone tells its type", () => {
  const properties = { b: { type: "NUMBER" }, c: { const: 3 } };
  expect(simpleSchema({ type: "OBJECT", properties })).toEqual({
    type: "object",
    properties: { b: { type: "number" }, c: { type: "number" } },
  });
});

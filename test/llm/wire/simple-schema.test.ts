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

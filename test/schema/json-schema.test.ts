import { describe, expect, test } from "bun:test";
import { Type } from "@sinclair/typebox";
import { t } from "elysia";
import { compileAnswerSchema, compileSchema, plainSchema } from "../../src/schema/json-schema.ts";

describe("JSON Schema", () => {
  test("violations name the field, even for missing and unknown properties", () => {
    const validate = compileSchema(
      Type.Object(
        { a: Type.Object({ list: Type.Array(Type.Integer()) }), kind: Type.String({ enum: ["x", "y"] }) },
        { additionalProperties: false },
      ),
    );
    expect(validate({ a: { list: [1] }, kind: "x" })).toEqual([]);
    const fields = (value: unknown) => validate(value).map((violation) => violation.field);
    expect(fields({ a: { list: [1, "2"] }, kind: "x" })).toEqual(["a.list.1"]);
    expect(fields({ a: {}, kind: "x" })).toEqual(["a.list"]);
    expect(fields({ a: { list: [] }, kind: "x", more: 1 })).toEqual(["more"]);
    expect(validate({ a: { list: [] }, kind: "z" })[0]?.message).toContain("x, y");
  });

  test("Elysia's query string numbers become plain numbers", () => {
    const schema = t.Object({
      n: t.Integer({ minimum: 1, description: "How many" }),
      m: t.Optional(t.Numeric()),
    });
    expect(plainSchema(schema)).toEqual({
      type: "object",
      required: ["n"],
      properties: { n: { type: "integer", minimum: 1, description: "How many" }, m: { type: "number" } },
    });
    expect(compileSchema(schema)({ n: "5" }).map((violation) => violation.field)).toEqual(["n"]);
  });

  test("an invalid schema is an error", () => {
    expect(() => compileSchema({ type: "objekt" })).toThrow();
  });

  // A schema is compiled on first use, but what is wrong with it must be said when it is loaded.
  test.each([
    [{ type: "string", pattern: "(" }],
    [{ properties: { a: { $ref: "#/definitions/none" } } }],
    [{ enum: [] }],
    [{ nullable: true }],
    [{ id: "one" }],
    [{ formatMinimum: "2026-01-01" }],
  ])("refuses %j at once", (schema) => {
    expect(() => compileSchema(schema)).toThrow();
  });
});

test("a choice of words gives one violation that lists them", () => {
  const choice = t.Object({ mode: t.Union([t.Literal("on"), t.Literal("off")], { description: "Which." }) });
  expect(plainSchema(choice)).toMatchObject({
    properties: { mode: { type: "string", enum: ["on", "off"], description: "Which." } },
  });
  expect(compileSchema(choice)({ mode: "on" })).toEqual([]);
  expect(compileSchema(choice)({ mode: "up" })).toEqual([
    { field: "mode", message: "must be one of: on, off" },
  ]);
});

test("a multiple is one as people count", () => {
  const schema = { type: "number", multipleOf: 0.1 };
  for (const check of [compileSchema(schema), compileAnswerSchema(schema)]) {
    for (const value of [0, 0.3, -0.7, 1.1, 4.35e3, 123_456_789.1])
      expect([value, check(value)]).toEqual([value, []]);
    for (const value of [0.35, 0.30001, 1e-9]) {
      expect(check(value)).toEqual([{ field: "", message: "must be a multiple of 0.1" }]);
    }
  }
  expect(compileSchema({ multipleOf: 2 })(2 ** 53 - 1)).toHaveLength(1);
  expect(compileSchema({ multipleOf: 1e-300 })(1e300)).toHaveLength(1);
});

import { expect, test } from "bun:test";
import { strictSchema } from "../../../src/llm/wire/strict-schema.ts";

const object = (properties: Record<string, unknown>, more = {}) => ({ type: "object", properties, ...more });

test("objects are closed, variants have one name, and what a grammar does not know is left out", () => {
  const schema = object(
    {
      name: { type: "string", minLength: 1, title: "Name", description: "Whose it is." },
      born: { type: "string", format: "date" },
      phone: { type: "string", format: "phone" },
      age: { type: ["integer", "null"], minimum: 0, maximum: 150 },
      kind: { enum: ["a", "b", null], type: "string" },
      only: { const: 1 },
      value: { oneOf: [{ type: "number" }, { type: "null" }] },
      list: { type: "array", items: object({ id: { type: "string" } }), minItems: 1, maxItems: 9 },
      pairs: { type: "array", items: { type: "string" }, minItems: 2 },
    },
    { required: ["name"], minProperties: 1 },
  );
  expect(strictSchema(schema)).toEqual({
    type: "object",
    properties: {
      name: { type: "string", title: "Name", description: "Whose it is." },
      born: { type: "string", format: "date" },
      phone: { type: "string" },
      age: { type: ["integer", "null"] },
      kind: { enum: ["a", "b", null] },
      only: { const: 1 },
      value: { anyOf: [{ type: "number" }, { type: "null" }] },
      list: {
        type: "array",
        items: {
          type: "object",
          properties: { id: { type: "string" } },
          additionalProperties: false,
        },
        minItems: 1,
      },
      pairs: { type: "array", items: { type: "string" } },
    },
    required: ["name"],
    additionalProperties: false,
  });
});

test.each([
  ["any names", object({}, { additionalProperties: { type: "string" } })],
  ["no properties", { type: "object" }],
  ["any value", object({ value: {} })],
  ["any item", object({ list: { type: "array" } })],
  ["values that are objects", object({ value: { enum: [{ a: 1 }] } })],
  ["a negation", object({ value: { type: "string", not: { const: "" } } })],
  ["all of several", { type: "object", properties: {}, allOf: [object({})] }],
  ["no variants", object({ value: { anyOf: [] } })],
  [
    "too much for a grammar",
    object(Object.fromEntries(Array.from({ length: 200 }, (_, at) => [`n${at}`, { type: "string" }]))),
  ],
])("a schema with %s is not sent", (_, schema) => {
  expect(strictSchema(schema)).toBeUndefined();
});

import { expect, test } from "bun:test";
import { compileOutputSchema, outputSchemaProblem } from "../../src/schema/output-schema.ts";

const problem = (schema: unknown) => {
  const found = outputSchemaProblem(schema);
  return found && `${found.field}: ${found.message}`;
};
const nested = (levels: number): object =>
  levels === 1 ? { type: "string" } : { type: "object", properties: { inner: nested(levels - 1) } };

test("schemas as people and libraries write them are accepted", () => {
  const zod = {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    type: "object",
    properties: {
      kind: { enum: ["bug", "question"], description: "What it is." },
      when: { type: "string", format: "date-time" },
      score: { type: "number", minimum: 0, maximum: 1 },
      tags: { type: "array", items: { type: "string", maxLength: 40 }, maxItems: 10 },
      more: { anyOf: [{ type: "string" }, { type: "null" }] },
      anything: true,
    },
    required: ["kind"],
    additionalProperties: false,
  };
  expect(problem(zod)).toBeUndefined();
  expect(problem(nested(12))).toBeUndefined();
  expect(problem({ type: "array", items: { type: "integer" } })).toBeUndefined();
});

test("what could take long, or is not a schema, is refused with its place", () => {
  expect(problem("a")).toBe(": must be a JSON Schema, which is an object");
  expect(problem([])).toBe(": must be a JSON Schema, which is an object");
  const pattern = problem({ properties: { name: { type: "string", pattern: "(a+)+$" } } });
  expect(pattern).toStartWith(
    "properties.name.pattern: is not supported in an output_schema, which may have types",
  );
  for (const keyword of ["patternProperties", "$ref", "$defs", "uniqueItems", "if", "contains", "__proto__x"])
    expect(problem({ [keyword]: {} })).toStartWith(`${keyword}: is not supported`);
  expect(problem({ items: { $ref: "#" } })).toStartWith("items.$ref: is not supported");
  expect(problem(JSON.parse('{"__proto__": {"type": "string"}}'))).toStartWith("__proto__: is not supported");
  expect(problem({ items: { $id: "x" } })).toBe("items.$id: is only allowed at the top");
  expect(problem(nested(13))).toEndWith("must have at most 12 levels of schemas");
  expect(problem({ description: "x".repeat(16_000) })).toStartWith(
    ": must have at most 16000 characters of JSON",
  );
  expect(problem({ type: "text" })).toStartWith(": must be a valid JSON Schema: ");
  expect(problem({ properties: { a: 1 } })).toBe("properties.a: must be a JSON Schema, which is an object");
  expect(problem({ required: "name" })).toStartWith(": must be a valid JSON Schema: ");
});

test("inherited properties do not count, and formats are not checked", () => {
  const validate = compileOutputSchema({
    type: "object",
    properties: { when: { type: "string", format: "date-time" } },
    required: ["constructor"],
  });
  expect(validate({ when: "soon" })).toEqual([{ field: "constructor", message: "is missing" }]);
  expect(validate({ constructor: 1, when: "soon" })).toEqual([]);
});

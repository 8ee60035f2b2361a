import { describe, expect, test } from "bun:test";
import { createToolRegistry } from "../../src/agent/tools/registry.ts";
import { flatObject } from "../../src/schema/flat-object.ts";
import { t } from "../../src/sdk/index.ts";

const plain = (schema: object) => flatObject(JSON.parse(JSON.stringify(schema)));

describe("a schema for models", () => {
  test("of a plain object is the same", () => {
    const schema = JSON.parse(JSON.stringify(t.Object({ a: t.String() }, { additionalProperties: false })));
    expect(flatObject(schema)).toEqual(schema);
  });

  test("of an intersection has the properties of all its parts", () => {
    const part = t.Object({ b: t.Number() }, { additionalProperties: false });
    expect(
      plain(
        t.Intersect([
          t.Object({ a: t.String() }),
          t.Intersect([part, t.Object({ c: t.Optional(t.Null()) })]),
        ]),
      ),
    ).toEqual({
      type: "object",
      properties: { a: { type: "string" }, b: { type: "number" }, c: { type: "null" } },
      required: ["a", "b"],
    });
  });

  test("of a union has the properties of all its variants, and requires what all of them do", () => {
    expect(
      plain(
        t.Union([
          t.Object({ kind: t.Literal("a"), path: t.String() }),
          t.Object({ kind: t.Literal("b"), path: t.String(), text: t.String() }),
        ]),
      ),
    ).toEqual({
      type: "object",
      properties: {
        kind: {
          anyOf: [
            { const: "a", type: "string" },
            { const: "b", type: "string" },
          ],
        },
        path: { type: "string" },
        text: { type: "string" },
      },
      required: ["kind", "path"],
    });
  });

  test("of anything else is refused", () => {
    for (const schema of [
      { type: "string" },
      {},
      { anyOf: [{ type: "string" }] },
      { type: "array", anyOf: [] },
    ]) {
      expect(() => flatObject(schema)).toThrow('must have "type": "object"');
    }
  });
});

test("calls are checked against the schema as it was written", () => {
  const tools = createToolRegistry();
  const parameters = t.Union([t.Object({ a: t.String() }), t.Object({ b: t.String() })]);
  tools.add("test", {
    name: "either",
    description: "",
    parameters: JSON.parse(JSON.stringify(parameters)),
    run: () => "",
  });
  const tool = tools.get("either");
  expect(tool?.parameters).toMatchObject({ type: "object" });
  expect(tool?.validate({ a: "x" })).toEqual([]);
  expect(tool?.validate({})).not.toEqual([]);
});

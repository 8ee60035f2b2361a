import { expect, test } from "bun:test";
import { openAnswers, shareFields, shareParameters } from "../../../src/http/api/openapi/share.ts";

const text = { type: "string" };
const object = (names: string[], more: object = {}) => ({
  type: "object",
  properties: Object.fromEntries(names.map((name) => [name, text])),
  required: names,
  ...more,
});

test("a schema with all fields of another one refers to it; one that is closed does not", () => {
  const closed = object(["a", "b", "c", "d"], { additionalProperties: false });
  expect(
    shareFields({ Small: object(["a", "b", "c"]), Large: object(["a", "b", "c", "d"]), Closed: closed }),
  ).toEqual({
    Small: object(["a", "b", "c"]),
    Large: { allOf: [{ $ref: "#/components/schemas/Small" }, object(["d"])] },
    Closed: closed,
  });
  const other = { ...object(["a", "b", "d"]), required: ["a"] };
  expect(shareFields({ Small: object(["a", "b"]), Other: other })).toEqual({
    Small: object(["a", "b"]),
    Other: other,
  });
  const same = object(["a", "b", "c"]);
  expect(shareFields({ One: same, Two: same })).toEqual({
    One: same,
    Two: { allOf: [{ $ref: "#/components/schemas/One" }] },
  });
});

test("a parameter that several operations have is a component; others of its name stay apart", () => {
  const id = { name: "id", in: "path", schema: text };
  const other = { ...id, schema: { type: "integer" } };
  const paths = {
    "/a/{id}": { get: { parameters: [id] }, delete: { parameters: [id] } },
    "/b/{id}": {
      get: { parameters: [other] },
      delete: { parameters: [other] },
      put: { parameters: [{ ...id, in: "query" }] },
    },
  };
  expect(shareParameters(paths)).toEqual({ id, id_2: other });
  expect(paths["/a/{id}"].get.parameters as unknown[]).toEqual([{ $ref: "#/components/parameters/id" }]);
  expect(paths["/b/{id}"].delete.parameters as unknown[]).toEqual([{ $ref: "#/components/parameters/id_2" }]);
  expect(paths["/b/{id}"].put.parameters).toEqual([{ ...id, in: "query" }]);
});

test("schemas of answers are open, those that a body refers to are as they are", () => {
  const closed = object(["a"], { additionalProperties: false });
  const body = {
    requestBody: { content: { "application/json": { schema: { $ref: "#/components/schemas/Body" } } } },
  };
  const schemas = {
    Body: { ...closed, properties: { a: { $ref: "#/components/schemas/Part" } } },
    Part: closed,
    Answer: closed,
    Map: { type: "object", additionalProperties: text },
  };
  expect(openAnswers(schemas, { "/x": { post: body } })).toEqual({ ...schemas, Answer: object(["a"]) });
});

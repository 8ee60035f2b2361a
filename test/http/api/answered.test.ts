import { expect, test } from "bun:test";
import { Value } from "@sinclair/typebox/value";
import { t } from "elysia";
import { answered } from "../../../src/http/api/answered.ts";
import { nullable } from "../../../src/http/api/schemas.ts";

test("fields of a body are answered always, as they are described, and whatever their limits", () => {
  const name = t.String({ minLength: 1, maxLength: 3, description: "A name." });
  const Answer = t.Object(
    answered({
      name: t.Optional(name),
      title: t.Optional(nullable(name, "A title.")),
      count: t.Integer({ maximum: 5 }),
    }),
  );
  expect(Answer.required?.map(String)).toEqual(["name", "title", "count"]);
  expect(Answer.properties).toMatchObject({
    name: { description: "A name." },
    title: { description: "A title." },
  });
  expect(Value.Check(Answer, { name: "long", title: "longer", count: 6 })).toBe(true);
  expect(Value.Check(Answer, { name: "", title: null, count: 6 })).toBe(true);
  expect(Value.Check(Answer, { name: null, title: null, count: 6 })).toBe(false);
  expect(Value.Check(Answer, { name: "a", count: 6 })).toBe(false);
  // The body's own schema is not changed.
  expect(Value.Check(name, "long")).toBe(false);
});

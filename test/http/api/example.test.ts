import { expect, test } from "bun:test";
import { join } from "node:path";
import { Glob } from "bun";
import { type Elysia, t } from "elysia";
import { exampleOf } from "../../../src/http/api/openapi/example.ts";

test("an example has what the schema requires, and nothing else", () => {
  const schema = t.Object({
    title: t.String({ minLength: 8, maxLength: 10 }),
    short: t.String({ maxLength: 3 }),
    id: t.String({ format: "uuid" }),
    at: t.String({ format: "date-time" }),
    size: t.Union([t.Literal("small"), t.Literal("large")]),
    count: t.Integer({ minimum: 5 }),
    share: t.Number({ maximum: 0.5 }),
    open: t.Boolean(),
    place: t.Object({ room: t.String(), shelf: t.Optional(t.String()) }),
    names: t.Array(t.String(), { minItems: 2 }),
    level: t.Integer({ default: 3 }),
    colour: t.String({ examples: ["red"] }),
    nothing: t.Union([t.String(), t.Null()]),
    more: t.Record(t.String(), t.Unknown()),
    left: t.Optional(t.String()),
  });
  expect(exampleOf(schema)).toEqual({
    title: "title...",
    short: "sho",
    id: "0198c0de-0000-7000-8000-000000000000",
    at: "2026-01-31T12:00:00Z",
    size: "small",
    count: 5,
    share: 0.5,
    open: true,
    place: { room: "room" },
    names: ["names", "names"],
    level: 3,
    colour: "red",
    nothing: "nothing",
    more: {},
  });
  expect(exampleOf(t.Intersect([t.Object({ a: t.String() }), t.Object({ b: t.Null() })]))).toEqual({
    a: "a",
    b: null,
  });
  expect(exampleOf(t.String({ minLength: 1 }))).toBe("text");
});

test("there is none where nothing says what it is, or none that is valid can be made", () => {
  const odd = { type: "object", properties: {} as Record<string, unknown>, required: ["self"] };
  odd.properties.self = odd;
  for (const schema of [
    ...[undefined, null, "model", t.Any(), t.Unknown(), { type: "no type" }, odd],
    ...[t.String({ pattern: "^[0-9a-f]{64}$" }), t.Object({ file: t.File() }), t.Integer({ multipleOf: 7 })],
  ])
    expect(exampleOf(schema)).toBeUndefined();
});

test("every body that a route of a built-in integration declares has an example", async () => {
  const folder = join(import.meta.dirname, "../../../integrations");
  const bodies: string[] = [];
  const without: string[] = [];
  for (const path of new Glob("[a-z]*/router.ts").scanSync(folder)) {
    const { router } = (await import(join(folder, path))) as { router: Elysia };
    for (const { method, path: at, hooks } of router.routes as {
      method: string;
      path: string;
      hooks: { body?: unknown; detail?: { example?: unknown } };
    }[]) {
      if (hooks.body === undefined) continue;
      bodies.push(at);
      const example = hooks.detail?.example ?? exampleOf(hooks.body);
      if (example === undefined) without.push(`${method} ${path} ${at}`);
    }
  }
  expect(bodies.length).toBeGreaterThan(10);
  expect(without).toEqual([]);
});

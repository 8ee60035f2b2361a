import { describe, expect, test } from "bun:test";
import { t } from "elysia";
import { createToolRegistry, type Tool } from "../../../src/agent/tools/registry.ts";
import { HeddleError } from "../../../src/errors.ts";
import { tool } from "../fixture.ts";

const names = (registry: ReturnType<typeof createToolRegistry>) =>
  registry.list().map(({ name, owner }) => `${owner}/${name}`);

function refusal(act: () => void): HeddleError {
  try {
    act();
  } catch (error) {
    if (error instanceof HeddleError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

const nothing = () => null;

test("tools are found by name and listed in order", () => {
  const registry = createToolRegistry();
  registry.add("core", tool("b", nothing));
  registry.add("github", tool("a", nothing, { timeoutSeconds: 5 }));
  expect(names(registry)).toEqual(["github/a", "core/b"]);
  expect(registry.get("a")).toMatchObject({ owner: "github", timeoutSeconds: 5 });
  expect(registry.get("b")?.timeoutSeconds).toBe(60);
  expect(registry.get("c")).toBeUndefined();
});

test("a taken name is refused with both owners named", () => {
  const registry = createToolRegistry();
  registry.add("one", tool("same", nothing));
  const error = refusal(() => registry.add("two", tool("same", nothing)));
  expect(error.code).toBe("conflict");
  expect(error.message).toMatch(/"same" of two.*by one/);
  expect(names(registry)).toEqual(["one/same"]);
});

describe("replacing an owner's tools", () => {
  test("replaces all of them or none", () => {
    const registry = createToolRegistry();
    registry.add("core", tool("taken", nothing));
    registry.replaceOwner("github", [tool("old", nothing), tool("kept", nothing)]);
    registry.replaceOwner("github", [tool("kept", nothing), tool("new", nothing)]);
    expect(names(registry)).toEqual(["github/kept", "github/new", "core/taken"]);

    expect(
      refusal(() => registry.replaceOwner("github", [tool("fine", nothing), tool("taken", nothing)])).code,
    ).toBe("conflict");
    expect(
      refusal(() => registry.replaceOwner("github", [tool("twice", nothing), tool("twice", nothing)])).code,
    ).toBe("conflict");
    expect(names(registry)).toEqual(["github/kept", "github/new", "core/taken"]);

    registry.removeOwner("github");
    expect(names(registry)).toEqual(["core/taken"]);
  });
});

describe("an invalid tool", () => {
  const wrong: Record<string, Partial<Tool>> = {
    "a name with a space": { name: "a b" },
    "an empty name": { name: "" },
    "a long name": { name: "a".repeat(65) },
    "no time at all": { timeoutSeconds: 0 },
    "an unknown type": { parameters: { type: "object", properties: { n: { type: "number of things" } } } },
    "parameters that are no object": { parameters: { type: "string" } },
    "no schema": { parameters: null as never },
  };
  for (const [what, part] of Object.entries(wrong)) {
    test(what, () => {
      const registry = createToolRegistry();
      const error = refusal(() => registry.add("core", tool(part.name ?? "fine", nothing, part)));
      expect(error.code).toBe("validation");
      expect(registry.list()).toEqual([]);
    });
  }
});

test("TypeBox schemas and schemas of other drafts become plain JSON Schema", () => {
  const registry = createToolRegistry();
  const typed = t.Object({ n: t.Integer(), when: t.Optional(t.String({ format: "date-time" })) });
  registry.add("core", tool("typed", nothing, { parameters: typed as unknown as Tool["parameters"] }));
  const draft = { $schema: "https://json-schema.org/draft/2020-12/schema", type: "object", required: ["x"] };
  registry.add("core", tool("draft", nothing, { parameters: draft }));

  const parameters = registry.get("typed")?.parameters ?? {};
  expect(Object.getOwnPropertySymbols(parameters)).toEqual([]);
  expect(registry.get("typed")?.validate({ n: 1, when: "2026-01-01T00:00:00Z" })).toEqual([]);
  expect(
    registry
      .get("typed")
      ?.validate({ n: "1", when: "soon" })
      .map(({ field }) => field),
  ).toEqual(["n", "when"]);
  expect(registry.get("draft")?.parameters).toEqual({ type: "object", required: ["x"] });
  expect(registry.get("draft")?.validate({}).length).toBe(1);
});

import { expect, test } from "bun:test";
import fc from "fast-check";
import { compareVersions, isCompatible, isMadeFor } from "../../../src/content/templates/compatible.ts";
import { readTemplate } from "../../../src/content/templates/template.ts";
import { template } from "../../capabilities/fixture.ts";

const about = { id: "x", name: "X", origin: { kind: "home" }, file: "/x.md", path: "x.md" } as const;

test("a template's file has front matter, tags of its integrations, and text", () => {
  const text = `---
name: Board
description: Cards in columns.
category: planning
tags: [kanban]
version: 1.10
compatible_integrations:
  - github
  - { id: board, min_version: "2.1" }
---

# Columns
`;
  expect(readTemplate(text, about)).toEqual({
    ok: true,
    item: {
      ...about,
      name: "Board",
      description: "Cards in columns.",
      category: "planning",
      tags: ["kanban", "integration:github", "integration:board"],
      version: "1.1",
      min_versions: { board: "2.1" },
      text: "# Columns",
    },
  });
  expect(readTemplate("Text", about)).toMatchObject({
    item: { name: "X", category: "workspace_schema", tags: [], version: null, min_versions: {} },
  });
  expect(readTemplate("---\ncompatible_integrations: github\n---\n", about)).toMatchObject({
    problem: { reason: "compatible_integrations must be an array; got a string", line: 2 },
  });
});

test("it fits an integration that names it or is named by it, if the version is high enough", () => {
  const board = template("board", '---\ncompatible_integrations: [{ id: board, min_version: "2.1" }]\n---\n');
  const tagged = template("tagged", "---\ntags: [kanban]\n---\n");
  const integration = (version: string | null, compatibleTemplates: string[] = []) => ({
    id: "board",
    version,
    compatibleTemplates,
  });
  expect(["2.1", "2.1.0", "v2.10", "3"].map((version) => isCompatible(board, integration(version)))).toEqual(
    Array(4).fill(true),
  );
  expect(["2.0.9", "1", null].map((version) => isCompatible(board, integration(version)))).toEqual(
    Array(3).fill(false),
  );
  expect(isMadeFor(board, integration(null))).toBe(true);
  expect(isMadeFor(tagged, integration("9"))).toBe(false);
  expect(isCompatible(tagged, integration(null, ["other", "kanban"]))).toBe(true);
  expect(isCompatible(tagged, integration(null, ["tagged"]))).toBe(true);
});

test("versions are compared number by number", () => {
  const ascending = ["0.9", "1", "1.0.1", "1.2", "1.10", "2.0-beta.1", "2.0.1+build.7", "2.1"];
  for (const [at, version] of ascending.slice(1).entries()) {
    expect([version, compareVersions(version, ascending[at] ?? "") > 0]).toEqual([version, true]);
  }
  const versions = fc.array(fc.nat(20), { minLength: 1, maxLength: 4 }).map((parts) => parts.join("."));
  fc.assert(
    fc.property(versions, versions, (a, b) => {
      expect(Math.sign(compareVersions(a, b))).toBe(-Math.sign(compareVersions(b, a)) || 0);
      expect(compareVersions(a, `${a}.0`)).toBe(0);
      expect(compareVersions(`${a}.1`, a)).toBeGreaterThan(0);
    }),
  );
});

// An expectation about a promise is awaited: otherwise it may be decided after its test has passed. The linter does not see it,
// because the types of "bun:test" say that such an expectation returns nothing.

import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseSync } from "oxc-parser";

const repository = resolve(import.meta.dirname, "..");

interface Node {
  type: string;
  start: number;
  expression?: Node;
  callee?: Node;
  object?: Node;
  property?: { name?: string };
}

/** Lines with a statement such as `expect(promise).rejects.toThrow()`. */
function unawaited(path: string, text: string): number[] {
  const lines: number[] = [];
  visit(parseSync(path, text).program, (node) => {
    if (node.type !== "ExpressionStatement" || !isOfPromise(node.expression)) return;
    lines.push(text.slice(0, node.start).split("\n").length);
  });
  return lines;
}

/** Whether a chain of calls and members has one of the members that make an expectation a promise. */
function isOfPromise(node: Node | undefined): boolean {
  if (node?.type === "CallExpression") return isOfPromise(node.callee);
  if (node?.type !== "MemberExpression") return false;
  return ["rejects", "resolves"].includes(node.property?.name ?? "") || isOfPromise(node.object);
}

function visit(value: unknown, see: (node: Node) => void): void {
  if (typeof value !== "object" || value === null) return;
  if ("type" in value) see(value as Node);
  for (const inner of Object.values(value)) visit(inner, see);
}

test("an expectation that is not awaited is found", () => {
  const text =
    "await expect(a).rejects.toThrow();\nfor (const b of c) expect(b).not.resolves.toBe(1);\nexpect(1).toBe(1);";
  expect(unawaited("a.ts", text)).toEqual([2]);
});

test("all expectations about promises are awaited", () => {
  const found = readdirSync(join(repository, "test"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .flatMap((name) => {
      const text = readFileSync(join(repository, "test", name), "utf8");
      if (!/\.(rejects|resolves)\b/.test(text)) return [];
      return unawaited(name, text).map((line) => `test/${name}:${line}`);
    });
  expect(found).toEqual([]);
});

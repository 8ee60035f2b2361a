// No file imports itself through others when the program runs: what such a file finds depends on which of them was loaded
// first. Imports of types alone are no matter, because nothing is left of them.

import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { parseSync } from "oxc-parser";

const repository = resolve(import.meta.dirname, "..");

/** The specifiers of what is imported, or exported again, as more than a type. */
function importsAtRunTime(path: string, text: string): string[] {
  const { staticImports, staticExports } = parseSync(path, text).module;
  const isLeft = (entries: { isType: boolean }[]) =>
    entries.length === 0 || entries.some(({ isType }) => !isType);
  const imported = staticImports
    .filter(({ entries }) => isLeft(entries))
    .map(({ moduleRequest }) => moduleRequest.value);
  const exported = staticExports.flatMap(({ entries }) =>
    entries.flatMap(({ moduleRequest, isType }) => (moduleRequest && !isType ? [moduleRequest.value] : [])),
  );
  return [...imported, ...exported];
}

/** Returns a circle of imports, in order, or undefined. */
function cycleIn(graph: Map<string, string[]>): string[] | undefined {
  const done = new Set<string>();
  const path: string[] = [];
  const follow = (file: string): string[] | undefined => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (done.has(file)) return undefined;
    path.push(file);
    for (const next of graph.get(file) ?? []) {
      const found = follow(next);
      if (found) return found;
    }
    path.pop();
    done.add(file);
    return undefined;
  };
  for (const file of graph.keys()) {
    const found = follow(file);
    if (found) return found;
  }
  return undefined;
}

function graphOf(files: Map<string, string>): Map<string, string[]> {
  const targets = (file: string, text: string) =>
    importsAtRunTime(file, text)
      .filter((name) => name.startsWith("."))
      .map((name) => join(dirname(file), name))
      .filter((to) => files.has(to));
  return new Map([...files].map(([file, text]) => [file, targets(file, text)]));
}

function sourceFiles(folder: string): [path: string, text: string][] {
  return readdirSync(join(repository, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !path.includes("node_modules"))
    .map((path) => [relative(repository, path), readFileSync(path, "utf8")]);
}

test("no file imports itself through others", () => {
  const graph = graphOf(new Map(["src", "integrations", "scaffold"].flatMap(sourceFiles)));
  expect([...graph.values()].flat().length).toBeGreaterThan(1000);
  expect(cycleIn(graph)).toBeUndefined();
});

test("a circle is found, also through what is exported again; one of types is none", () => {
  const cycle = (a: string, b: string) =>
    cycleIn(
      graphOf(
        new Map([
          ["src/a.ts", a],
          ["src/b.ts", b],
        ]),
      ),
    );
  const circle = ["src/a.ts", "src/b.ts", "src/a.ts"];
  expect(cycle('import { x, type Y } from "./b.ts";', 'import "./a.ts";')).toEqual(circle);
  expect(cycle('export { x } from "./b.ts";', 'export * from "./a.ts";')).toEqual(circle);
  expect(cycle('import { x } from "./b.ts";', 'import type { y } from "./a.ts";')).toBeUndefined();
  expect(cycle('import { x } from "./b.ts";', 'export type { y } from "./a.ts";')).toBeUndefined();
});

// Authors read the SDK first, so its files have no import cycles: following the imports never leads back.

import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { createSdk } from "../../src/sdk/create.ts";
import { createEnvironmentBackend } from "../../src/sdk/environment.ts";
import { SetupManifest } from "../../src/sdk/manifest.ts";
import { SCHEMES } from "../../src/sdk/signatures/schemes.ts";

const sdk = join(import.meta.dirname, "../../src/sdk");

/** File → the SDK files that it imports, including types. */
function imports(): Map<string, string[]> {
  const files = readdirSync(sdk, { recursive: true, encoding: "utf8" }).filter((path) =>
    path.endsWith(".ts"),
  );
  const found = new Map<string, string[]>();
  for (const path of files) {
    const text = readFileSync(join(sdk, path), "utf8");
    const named = [...text.matchAll(/\bfrom "(\.[^"]+)"/g)].map(([, to = ""]) => join(dirname(path), to));
    found.set(
      path,
      named.map((to) => relative(".", to)).filter((to) => files.includes(to)),
    );
  }
  return found;
}

/** Returns the files in cycles, by repeatedly removing those that import none of the rest. */
function circles(graph: Map<string, string[]>): string[] {
  const left = new Map(graph);
  for (;;) {
    const free = [...left].filter(([, to]) => !to.some((path) => left.has(path))).map(([path]) => path);
    if (free.length === 0) return [...left.keys()];
    for (const path of free) left.delete(path);
  }
}

test("no file of the SDK imports itself through others", () => {
  const graph = imports();
  expect(graph.size).toBeGreaterThan(30);
  expect(circles(graph)).toEqual([]);
  expect(circles(new Map(Object.entries({ a: ["b"], b: ["a"], c: [] })))).toEqual(["a", "b"]);
});

test("each scheme has its own file, its entry in the manifest and its SDK function", () => {
  const names = Object.keys(SCHEMES);
  const files = readdirSync(join(sdk, "signatures/schemes")).map((file) => file.replace(/\.ts$/, ""));
  expect(files.sort()).toEqual(names.toSorted());
  const { verifier } = SetupManifest.properties.webhook.properties;
  expect(verifier.properties.scheme.enum).toEqual(names);
  const functions = Object.keys(createSdk(createEnvironmentBackend({})))
    .filter((name) => /^verify(?!Webhook$)/.test(name))
    .map((name) => name.replace(/^verify|Webhook$/g, "").toLowerCase())
    // The scheme "own" is the one without a function named after it.
    .map((name) => (name === "with" ? "own" : name));
  expect(functions.sort()).toEqual(names.toSorted());
});

// The SDK is what authors read first: whoever opens one of its files can read what that imports, and is never led back.

import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { createSdk } from "../../src/sdk/create.ts";
import { createEnvironmentBackend } from "../../src/sdk/environment.ts";
import { SetupManifest } from "../../src/sdk/manifest.ts";
import { SCHEMES } from "../../src/sdk/verify/schemes.ts";

const sdk = join(import.meta.dirname, "../../src/sdk");

/** File → the files of the SDK that it imports, types included. */
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

/** The files that are left when those that import nothing of the rest are taken away, again and again. */
function circles(graph: Map<string, string[]>): string[] {
  const left = new Map(graph);
  for (;;) {
    const free = [...left].filter(([, to]) => !to.some((path) => left.has(path))).map(([path]) => path);
    if (free.length === 0) return [...left.keys()];
    for (const path of free) left.delete(path);
  }
}

test("no file of the SDK imports itself by way of others", () => {
  const graph = imports();
  expect(graph.size).toBeGreaterThan(30);
  expect(circles(graph)).toEqual([]);
  expect(circles(new Map(Object.entries({ a: ["b"], b: ["a"], c: [] })))).toEqual(["a", "b"]);
});

test("each scheme stands in its own file, in the manifest and among the SDK's functions", () => {
  const names = Object.keys(SCHEMES);
  const files = readdirSync(join(sdk, "verify/schemes")).map((file) => file.replace(/\.ts$/, ""));
  expect(files.sort()).toEqual(names.toSorted());
  const { verifier } = SetupManifest.properties.webhook.properties;
  expect(verifier.properties.scheme.enum).toEqual(names);
  const functions = Object.keys(createSdk(createEnvironmentBackend({})))
    .filter((name) => /^verify(?!Webhook$)/.test(name))
    .map((name) => name.replace(/^verify|Webhook$/g, "").toLowerCase())
    // The scheme of one's own is the one that has no word of its own.
    .map((name) => (name === "with" ? "own" : name));
  expect(functions.sort()).toEqual(names.toSorted());
});

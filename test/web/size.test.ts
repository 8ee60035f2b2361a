// How much a browser has to load. Measured as it is transferred with gzip.

import { expect, test } from "bun:test";
import { join } from "node:path";
import { buildWeb } from "../../src/runtime/web-build.ts";

const FIRST_PAGE = 300_000;
const ANY_PAGE = 450_000;

test("the first page and every page stay within their sizes", async () => {
  const folder = join(import.meta.dirname, "..", "..", "src", "web");
  const { page, files } = await buildWeb(folder, { thorough: false });
  const size = (name: string): number => {
    const bodies = files.get(name)?.bodies;
    return (bodies?.gzip ?? bodies?.identity ?? new Uint8Array()).length;
  };
  const textOf = (name: string) => new TextDecoder().decode(files.get(name)?.bodies.identity);
  const namedIn = (text: string, pattern: RegExp) =>
    [...text.matchAll(pattern)].map(([, name]) => String(name)).filter((name) => files.has(name));
  /** The chunks that a chunk imports at once, and they in turn. */
  const closure = (names: string[], seen = new Set<string>()): Set<string> => {
    for (const name of names) {
      if (seen.has(name)) continue;
      seen.add(name);
      closure(namedIn(textOf(name), /(?:from|import)"[^"]*?([\w.-]+\.js)"/g), seen);
    }
    return seen;
  };
  const sprite = [...files.keys()].filter((name) => name.startsWith("icons-"));
  const first = [...closure(namedIn(page, /\/assets\/([\w.-]+)/g)), ...sprite];
  const sum = (names: Iterable<string>) => [...new Set(names)].reduce((bytes, name) => bytes + size(name), 0);
  expect(first.length).toBeGreaterThan(3);
  expect(sum(first)).toBeLessThan(FIRST_PAGE);
  // The table of pages may be in any chunk of the first page.
  const lazy = namedIn(first.map(textOf).join(""), /import\("[^"]*?([\w.-]+\.js)"\)/g);
  expect(lazy.length).toBeGreaterThan(0);
  for (const name of lazy) {
    // With everything that the page may load later: charts, Markdown, the YAML library.
    const later = namedIn(textOf(name), /import\("[^"]*?([\w.-]+\.js)"\)/g);
    const all = sum([...first, ...closure([name, ...later])]);
    expect([name, all < ANY_PAGE, all]).toEqual([name, true, all]);
  }
});

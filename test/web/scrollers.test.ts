// What scrolls holds all that is in it. An element that is placed absolutely, even one that only screen readers find, otherwise hangs on
// the page around it, which can then be scrolled away until it is blank.

import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Glob } from "bun";

const web = join(import.meta.dirname, "..", "..", "src", "web");

const RULE = /([^{}]+)\{([^{}]*)\}/g;
const SCROLLS = /\boverflow(?:-[xy])?: (?:auto|scroll)/;

test("each rule that makes something scroll also positions it", () => {
  const rules = [...new Glob("**/*.css").scanSync(web)].sort().flatMap((path) => {
    const text = readFileSync(join(web, path), "utf8");
    return [...text.matchAll(RULE)].map(([, selector = "", body = ""]) => ({ path, selector, body }));
  });
  const scrollers = rules.filter(({ body }) => SCROLLS.test(body));
  expect(scrollers.length).toBeGreaterThan(20);
  const loose = scrollers.filter(({ body }) => !/\bposition: /.test(body));
  expect(loose.map(({ path, selector }) => `${path}: ${selector.trim()}`)).toEqual([]);
});

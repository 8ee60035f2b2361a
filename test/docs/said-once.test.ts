// No page says the same paragraph, bullet or row twice, which is what a merge leaves behind.

import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Glob } from "bun";

const repository = join(import.meta.dirname, "..", "..");
/** Shorter ones, such as the heading of a table, may recur. */
const LEAST_CHARACTERS = 70;

/** Returns what a page has more than once, without its examples of code. */
function saidTwice(page: string): string[] {
  const said = page
    .replace(/^```.*?^```$/gms, "")
    .split(/\n\s*\n|\n(?=[-*] |\|)/)
    .map((part) => part.replace(/\s+/g, " ").trim())
    .filter((part) => part.length >= LEAST_CHARACTERS);
  return said.filter((part, at) => said.indexOf(part) !== at);
}

test("a paragraph, a bullet and a row that stand twice are found", () => {
  const sentence = "The verifier of a webhook is named in the manifest as well, so that tests can sign.";
  for (const [first, second] of [
    [sentence, sentence.replace(" of ", "\nof ")],
    [`- ${sentence}`, `- ${sentence}`],
    [`| ${sentence} |`, `| ${sentence} |`],
  ])
    expect(saidTwice(`# Page\n\n${first}\n\nBetween.\n\n${second}\n`)).toHaveLength(1);
  expect(saidTwice(`\`\`\`\n${sentence}\n\`\`\`\n\n${sentence}\n`)).toEqual([]);
});

test("no page says anything twice", () => {
  const pages = ["*.md", "docs/**/*.md", "integrations/**/*.md"].flatMap((pattern) => [
    ...new Glob(pattern).scanSync(repository),
  ]);
  expect(pages.length).toBeGreaterThan(40);
  const twice = pages.flatMap((page) =>
    saidTwice(readFileSync(join(repository, page), "utf8")).map((part) => `${page}: ${part}`),
  );
  expect(twice).toEqual([]);
});

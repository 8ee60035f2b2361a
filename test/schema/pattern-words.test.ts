import { expect, test } from "bun:test";
import { patternWords } from "../../src/schema/pattern-words.ts";

const CASES: [pattern: string, words: string | undefined][] = [
  [
    "^(?!endpoints$)[a-z0-9][a-z0-9_-]{0,62}$",
    'of 1 to 63 lower-case letters, digits, "_" and "-", the first of which is a lower-case letter or a digit, and not "endpoints"',
  ],
  [
    "^(?!(?:endpoints|presets)$)[a-z]{1,63}$",
    'of 1 to 63 lower-case letters, and not "endpoints" or "presets"',
  ],
  ["^[A-Za-z0-9_-]{1,100}$", 'of 1 to 100 letters, digits, "_" and "-"'],
  ["^[a-z][a-z]*$", "of one or more lower-case letters"],
  ["^[0-9]+$", "of one or more digits"],
  ["\\S", "that is not blank"],
  [
    "^((GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) )?/[^?#\\s]*$",
    'such as "/status" or "POST /hook/:id", without "?", "#" and other spaces',
  ],
  ["^[0-9]{4}-[0-9]{2}-[0-9]{2}$", "that is a day such as 2026-01-31"],
  // Said as they are: words for them would be longer, or wrong.
  ["^[!-~]+$", undefined],
  ["^[^a]+$", undefined],
  ["^[a-z]$", undefined],
  ["^(a|b)+$", undefined],
  ["constructor", undefined],
];
for (const [pattern, words] of CASES) {
  test(`${pattern} is ${words ?? "left as it is"}`, () => expect(patternWords(pattern)).toBe(words));
}

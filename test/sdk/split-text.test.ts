import { expect, test } from "bun:test";
import fc from "fast-check";
import { createSdk } from "../../src/sdk/create.ts";
import { createEnvironmentBackend } from "../../src/sdk/environment.ts";
import { createVerifiers } from "../../src/sdk/signatures/verifiers.ts";
import { type SplitOptions, splitText } from "../../src/sdk/split-text.ts";

test("splits between paragraphs, otherwise lines, otherwise words, otherwise anywhere", () => {
  expect(splitText("one two\n\nthree four", { limit: 12 })).toEqual(["one two", "three four"]);
  expect(splitText("one two\nthree four", { limit: 12 })).toEqual(["one two", "three four"]);
  expect(splitText("one two three", { limit: 8 })).toEqual(["one two", "three"]);
  expect(splitText("abcdefgh", { limit: 3 })).toEqual(["abc", "def", "gh"]);
  expect(splitText("", { limit: 3 })).toEqual([]);
  expect(splitText("short", { limit: 5 })).toEqual(["short"]);
});

test("counts in the service's unit, and splits no character", () => {
  expect(splitText("😀😀😀", { limit: 3 })).toEqual(["😀", "😀", "😀"]);
  expect(splitText("😀😀😀", { limit: 2, unit: "codepoints" })).toEqual(["😀😀", "😀"]);
  expect(splitText("äöü", { limit: 4, unit: "bytes" })).toEqual(["äö", "ü"]);
});

test("a code block that is split is closed and reopened", () => {
  const code = Array.from({ length: 12 }, (_, n) => `line ${n}`).join("\n");
  const parts = splitText(`Look:\n\`\`\`ts\n${code}\n\`\`\`\nDone.`, { limit: 60 });
  expect(parts.length).toBeGreaterThan(1);
  for (const part of parts) {
    expect(part.length).toBeLessThanOrEqual(60);
    expect((part.match(/^```/gm) ?? []).length % 2).toBe(0);
  }
  expect(parts[1]).toStartWith("```ts\n");
  expect(splitText(`\`\`\`\n${code}\n\`\`\``, { limit: 60, keepFences: false })[1]).not.toContain(
    "```\nline",
  );
});

test("no part is too long, and only blanks at the splits are lost", () => {
  const texts = fc.array(
    fc.constantFrom("word", " ", "\n", "\n\n", "```ts\n", "```", "ä", "😀", "~~~~~~~~~~"),
    {
      maxLength: 80,
    },
  );
  fc.assert(
    fc.property(
      texts,
      fc.integer({ min: 4, max: 60 }),
      fc.constantFrom("utf16", "codepoints", "bytes"),
      (words, limit, unit) => {
        const text = words.join("");
        const size = (part: string) =>
          unit === "utf16" ? part.length : unit === "bytes" ? Buffer.byteLength(part) : [...part].length;
        const options = { limit, unit } as SplitOptions;
        for (const part of splitText(text, options)) expect(size(part)).toBeLessThanOrEqual(limit);
        const plain = splitText(text, { ...options, keepFences: false });
        const blankless = (given: string) => given.replaceAll(/\s/g, "");
        expect(blankless(plain.join(""))).toBe(blankless(text));
      },
    ),
  );
});

test.each([{ limit: 0 }, { limit: 1.5 }, { limit: 10, unit: "words" as never }])(
  "%p is refused",
  (options) => {
    expect(() => splitText("text", options)).toThrow("of splitText() must be");
  },
);

test("texts are the same, and an empty one is the same as none", () => {
  const { timingSafeEqual } = createSdk(createEnvironmentBackend({}), createVerifiers());
  expect(timingSafeEqual("secret", "secret")).toBe(true);
  expect(timingSafeEqual("secret", "secreT")).toBe(false);
  expect(timingSafeEqual("secret", "secret longer")).toBe(false);
  expect(timingSafeEqual("", "")).toBe(false);
  expect(timingSafeEqual(undefined as never, undefined as never)).toBe(false);
});

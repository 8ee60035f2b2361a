import { expect, test } from "bun:test";
import fc from "fast-check";
import { cutText } from "../../src/agent/cut-text.ts";

test("a text that fits is unchanged", () => {
  expect(cutText("abc", 3)).toBe("abc");
});

test("a cut text is never longer than the limit, keeps both ends and is valid Unicode", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 400 }), fc.nat(300), (text, max) => {
      const cut = cutText(text, max);
      expect(cut.length).toBeLessThanOrEqual(Math.max(max, 0));
      if (text.length <= max) expect(cut).toBe(text);
      else expect(cut.isWellFormed()).toBe(true);
    }),
  );
  const cut = cutText(`${"a".repeat(500)}${"z".repeat(500)}`, 200);
  expect(cut).toMatch(/^a+\n\n\[… 800 or more of 1000 characters cut …\]\n\nz+$/);
});

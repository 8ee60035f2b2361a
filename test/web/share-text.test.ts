import { expect, test } from "bun:test";
import { shareText } from "../../src/web/pages/budgets/share-text.ts";

test("each whole share is told as it is, and what is not used up is not 100 %", () => {
  for (let used = 0; used <= 150; used += 1) expect(shareText(used / 100)).toBe(`${used} %`);
  expect(shareText(0.9999)).toBe("99 %");
});

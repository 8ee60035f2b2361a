import { expect, test } from "bun:test";
import { LONGEST_KEY, shortened } from "../../integrations/_keys/shortened.ts";
import { checkKey } from "../../src/sdk/store.ts";

test("keys made of long names can be stored, and differ as the names do", () => {
  const long = `last:https://ntfy.example:${"topic,".repeat(60)}`;
  const keys = [long, `${long}more`, "é😀".repeat(200), `${"é😀".repeat(200)}!`].map((key) => shortened(key));
  expect(new Set(keys).size).toBe(keys.length);
  for (const key of keys) {
    expect(key.length).toBeLessThanOrEqual(LONGEST_KEY);
    expect(checkKey(key)).toBe(key);
  }
  expect(shortened("k".repeat(LONGEST_KEY))).toBe("k".repeat(LONGEST_KEY));
});

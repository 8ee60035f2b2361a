import { expect, test } from "bun:test";
import { createBudget } from "../../src/inbox/budget.ts";

test("so many a minute, and how many there were besides", () => {
  let now = 0;
  const budget = createBudget(() => now);
  expect(["a", "b", "c", "d"].map((id) => budget.take("k", 2, id))).toEqual([true, true, false, false]);
  expect(budget.takeEnded()).toEqual([]);
  now = 60_000;
  expect(budget.take("k", 2, "e")).toBe(true);
  expect(budget.takeEnded()).toEqual([{ key: "k", lastId: "b", skipped: 2 }]);
});

test("a clock that is set back an hour ends the minute instead of drawing it out", () => {
  let now = 1_800_000_000_000;
  const budget = createBudget(() => now);
  for (const id of ["a", "b", "c"]) budget.take("k", 2, id);
  now -= 3_600_000;
  expect(budget.takeEnded()).toEqual([{ key: "k", lastId: "b", skipped: 1 }]);
  expect([budget.take("k", 2, "d"), budget.take("k", 2, "e"), budget.take("k", 2, "f")]).toEqual([
    true,
    true,
    false,
  ]);
});

import { expect, test } from "bun:test";
import { createRecordLimit } from "../../src/inbox/record-limit.ts";

test("a budget per minute, and the number of skipped ones", () => {
  let now = 0;
  const budget = createRecordLimit(() => now);
  expect(["a", "b", "c", "d"].map((id) => budget.take("k", 2, id))).toEqual([true, true, false, false]);
  expect(budget.takeEnded()).toEqual([]);
  now = 60_000;
  expect(budget.take("k", 2, "e")).toBe(true);
  expect(budget.takeEnded()).toEqual([{ key: "k", lastId: "b", skipped: 2 }]);
});

test("a clock set back by an hour ends the minute instead of prolonging it", () => {
  let now = 1_800_000_000_000;
  const budget = createRecordLimit(() => now);
  for (const id of ["a", "b", "c"]) budget.take("k", 2, id);
  now -= 3_600_000;
  expect(budget.takeEnded()).toEqual([{ key: "k", lastId: "b", skipped: 1 }]);
  expect([budget.take("k", 2, "d"), budget.take("k", 2, "e"), budget.take("k", 2, "f")]).toEqual([
    true,
    true,
    false,
  ]);
});

import { expect, test } from "bun:test";
import { during, followActivities } from "../../src/runtime/activity.ts";

const nothing = () => {};

test("a listener to which nobody refers hears of activities after memory was collected", async () => {
  const labels: (string | undefined)[] = [];
  followActivities(({ label }) => labels.push(label));
  // Bun collects in a later turn what is no longer referred to.
  for (let round = 0; round < 5; round++) {
    Bun.gc(true);
    await Bun.sleep(0);
  }
  during(() => "work", nothing);
  expect(labels).toEqual(["work", undefined]);
});

test("a listener that has gone hears of nothing", () => {
  const labels: (string | undefined)[] = [];
  const unfollow = followActivities(({ label }) => labels.push(label));
  unfollow();
  during(() => "work", nothing);
  expect(labels).toEqual([]);
});

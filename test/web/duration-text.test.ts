import { expect, test } from "bun:test";
import { durationText } from "../../src/web/parts/duration-text.ts";

test("a duration is rounded before it is split into units", () => {
  const told = [0, 999.4, 999.6, 1_540, 59_940, 59_960, 119_600, 3_599_700, 3_600_000, 172_800_000];
  expect(told.map(durationText)).toEqual([
    ...["0 ms", "999 ms", "1 s", "1.5 s", "59.9 s", "1 min 0 s", "2 min 0 s", "1 h 0 min", "1 h 0 min"],
    "2 d 0 h",
  ]);
});

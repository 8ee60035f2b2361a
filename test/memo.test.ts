import { expect, test } from "bun:test";
import { memo } from "../src/memo.ts";

test("what a text gives is worked out once; a long text is not kept, nor more texts than allowed", () => {
  const made: string[] = [];
  const lengthOf = memo(2, (key) => {
    made.push(key);
    return key.length;
  });
  expect([lengthOf("a"), lengthOf("a"), lengthOf("bb")]).toEqual([1, 1, 2]);
  expect(made).toEqual(["a", "bb"]);
  const long = "l".repeat(301);
  expect([lengthOf(long), lengthOf(long)]).toEqual([301, 301]);
  expect(made.filter((key) => key === long)).toHaveLength(2);
  lengthOf("ccc");
  lengthOf("a");
  expect(made.filter((key) => key === "a")).toHaveLength(2);
});

test("nothing is worth remembering as well", () => {
  let times = 0;
  const none = memo(2, () => {
    times += 1;
  });
  expect([none("a"), none("a")]).toEqual([undefined, undefined]);
  expect(times).toBe(1);
});

import { expect, test } from "bun:test";
import { manyOf } from "../../src/web/parts/many-of.ts";

test("words for many things are spelled as people spell them", () => {
  expect(["run", "delivery", "new policy", "key"].map(manyOf)).toEqual([
    ...["runs", "deliveries", "new policies", "keys"],
  ]);
});

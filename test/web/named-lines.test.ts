import { expect, test } from "bun:test";
import { changedLines, namedLines } from "../../src/web/parts/named-lines.ts";

test("names and values are read line by line", () => {
  expect(namedLines("Authorization: Bearer a:b=c\n\n TOKEN = x \nEMPTY")).toEqual({
    ...{ Authorization: "Bearer a:b=c", TOKEN: "x", EMPTY: "" },
  });
});

test("what is stored and not shown stays, is replaced, or is removed", () => {
  expect(changedLines(" \n", false)).toBeUndefined();
  expect(changedLines("", true)).toEqual({});
  expect(changedLines("TOKEN: x", true)).toEqual({ TOKEN: "x" });
});

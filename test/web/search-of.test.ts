import { expect, test } from "bun:test";
import { searchOf } from "../../src/web/parts/search-of.ts";

test("links of a page keep its filters, and nothing else of the address", () => {
  expect(searchOf({})).toBe("");
  expect(searchOf({ status: "dead", q: "a & b" })).toBe("?status=dead&q=a+%26+b");
});

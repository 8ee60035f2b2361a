import { expect, test } from "bun:test";
import { numberOf, shownNumber } from "../../src/web/parts/number-of.ts";

test("a number can be typed key by key", () => {
  // As the field passes it on: a text while it is not yet a number that looks like that.
  for (const [typed, value] of [
    ["1.", 1],
    ["1.0", 1],
    [1.05, 1.05],
    ["-", undefined],
    ["0.", 0],
    ["", undefined],
    [" ", undefined],
    [".", undefined],
  ] as const) {
    expect(numberOf(typed)).toBe(value);
    expect(shownNumber(typed, value)).toBe(typed);
  }
});

test("an empty field stays empty while somebody types, although a default holds meanwhile", () => {
  expect(shownNumber("", 60)).toBe("");
  expect(shownNumber("-", 60)).toBe("-");
});

test("a value from elsewhere replaces what was typed", () => {
  expect(shownNumber("1.0", 7)).toBe(7);
  expect(shownNumber(7, undefined)).toBe("");
  // Nobody types.
  expect(shownNumber(undefined, 7)).toBe(7);
  expect(shownNumber(undefined, undefined)).toBe("");
});

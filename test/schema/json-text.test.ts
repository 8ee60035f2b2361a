import { expect, test } from "bun:test";
import fc from "fast-check";
import { HeddleError } from "../../src/errors.ts";
import { checkDepth, parseJson } from "../../src/schema/json-text.ts";

function codeOf(text: string): string | undefined {
  try {
    parseJson(text);
    return undefined;
  } catch (error) {
    return error instanceof HeddleError ? error.code : "thrown";
  }
}

test("sixty-four levels of any kind are accepted, one more is not", () => {
  const nested = (levels: number) => "[".repeat(levels) + "]".repeat(levels);
  expect(codeOf(nested(64))).toBeUndefined();
  expect(codeOf(nested(65))).toBe("bad_request");
  expect(codeOf(`${'{"a":'.repeat(64)}1${"}".repeat(64)}`)).toBeUndefined();
  expect(codeOf(`${'{"a":['.repeat(33)}1${"]}".repeat(33)}`)).toBe("bad_request");
  expect(codeOf(`[${"[],".repeat(1_000)}[]]`)).toBeUndefined();
});

test("brackets in strings do not count, and a string's end is found", () => {
  expect(parseJson(JSON.stringify("[".repeat(1_000)))).toBe("[".repeat(1_000));
  expect(parseJson(JSON.stringify(`\\"${"[".repeat(1_000)}\\\\`))).toBe(`\\"${"[".repeat(1_000)}\\\\`);
  expect(codeOf(`["\\\\",${"[".repeat(64)}`)).toBe("bad_request");
});

test("millions of levels are refused at once, even if nothing closes", () => {
  const quotes = `["${'\\\\"'.repeat(1_000_000)}`;
  const backslashes = `["${"\\\\".repeat(1_000_000)}"`;
  for (const text of [
    quotes,
    backslashes,
    "[".repeat(5_000_000),
    '{"a":'.repeat(1_000_000),
    `"${"\\".repeat(5_000_000)}`,
    "]".repeat(5_000_000),
  ]) {
    expect(codeOf(text)).toBe("bad_request");
  }
  expect(() => checkDepth("{".repeat(5_000_000))).toThrow("nested deeper than 64");
  expect(() => checkDepth("no JSON at all")).not.toThrow();
});

test.each([
  ["1791234567890123456", "1791234567890123456"],
  ["-1791234567890123457", "-1791234567890123457"],
  ["9007199254740993", "9007199254740993"],
  ["1791234567890123456.0", "1791234567890123456.0"],
  ["1.791234567890123456e18", "1.791234567890123456e18"],
  ["1e400", "1e400"],
  ["-1e400", "-1e400"],
  ["9".repeat(400), "9".repeat(400)],
  ["9007199254740991", 9007199254740991],
  ["9007199254740992", 9007199254740992],
  ["6.02e23", 6.02e23],
  ["6.020E+0023", 6.02e23],
  ["100000000000000000000", 100000000000000000000],
  ["0.12345678901234567890123", 0.12345678901234568],
  ["13.404953999999999", 13.404953999999998],
  ["1e-400", 0],
  ["-0", -0],
  ["12e0", 12],
])("%s becomes %p", (text, value) => {
  expect(parseJson(text)).toBe(value);
  expect(parseJson(`{"a":[${text}],"b":true}`)).toEqual({ a: [value], b: true });
});

test("everything that JavaScript can write is read unchanged", () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
      const text = JSON.stringify(value);
      expect(parseJson(text)).toEqual(JSON.parse(text));
    }),
    { numRuns: 2_000 },
  );
});

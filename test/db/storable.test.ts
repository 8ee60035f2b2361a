import { expect, test } from "bun:test";
import { storable, storableJson } from "../../src/db/storable.ts";

test("storable text has neither NUL characters nor lone surrogates", () => {
  expect(storable("a\0\ud83d\ud83d\ude00")).toBe("a\uFFFD\uFFFD\u{1F600}");
});

test("in JSON, keys and strings at any depth are made storable, and other values are unchanged", () => {
  expect(storableJson<unknown>({ "k\0": ["\ud800", { n: 1, b: true, z: null }] })).toEqual({
    "k\uFFFD": ["\uFFFD", { n: 1, b: true, z: null }],
  });
});

test("a value that says itself what its JSON is, such as a date, becomes that", () => {
  const when = new Date(0);
  expect(storableJson<unknown>({ when, list: [when, { toJSON: () => ({ "k\0": "a\0" }) }] })).toEqual({
    when: "1970-01-01T00:00:00.000Z",
    list: ["1970-01-01T00:00:00.000Z", { "k\uFFFD": "a\uFFFD" }],
  });
});

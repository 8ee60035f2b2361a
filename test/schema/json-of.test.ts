import { expect, test } from "bun:test";
import { jsonOf } from "../../src/schema/json-of.ts";

class Room {
  constructor(readonly name: string) {}
}
class Silent {
  #name = "ops";
  get name() {
    return this.#name;
  }
}

test("JSON is written as always: dates, own classes, empty objects, objects without a prototype", () => {
  const value = {
    at: new Date(0),
    room: new Room("ops"),
    none: {},
    bare: Object.create(null),
    list: [],
    no: null,
  };
  expect(jsonOf(value)).toBe(JSON.stringify(value));
  expect([jsonOf("a"), jsonOf(0), jsonOf(undefined), jsonOf(() => {})]).toEqual([
    '"a"',
    "0",
    undefined,
    undefined,
  ]);
});

test.each([
  [Response.json({ ok: true }), "the Response must be converted first: its JSON is {}"],
  [{ rooms: new Map([["ops", 3]]) }, 'the Map at "rooms" must be converted first: its JSON is {}'],
  [[new Set([1])], 'the Set at "0" must be converted first: its JSON is {}'],
  [{ room: { topic: Promise.resolve("x") } }, 'the Promise at "topic" must be awaited'],
  [{ error: new Error("no") }, 'the Error at "error" must be converted first: its JSON is {}'],
  [(async function* () {})(), "the AsyncGenerator must be converted first: its JSON is {}"],
  [new Silent(), "the Silent must be converted first: its JSON is {}"],
])("what would be lost is an error: %#", (value, message) => {
  expect(() => jsonOf(value)).toThrow(message);
});

import { expect, test } from "bun:test";
import { errorMessage } from "../src/errors.ts";

const cyclic: { self?: unknown } = {};
cyclic.self = cyclic;
const unreadable = new Proxy(
  {},
  {
    get() {
      throw new Error("a trap");
    },
  },
);

test.each<[string, unknown, string]>([
  ["an error", new Error("It failed"), "It failed"],
  ["a text", "It failed", "It failed"],
  ["an empty text", "", '"" was thrown'],
  ["nothing", undefined, "undefined was thrown"],
  ["null", null, "null was thrown"],
  ["a number", 42, "42 was thrown"],
  ["a function", () => 1, "a function was thrown"],
  ["an object with a message", { message: "It failed" }, "It failed"],
  ["an object without one", { code: 5 }, '{"code":5} was thrown'],
  ["a long object", { text: "x".repeat(1_000) }, `{"text":"${"x".repeat(191)}… was thrown`],
  ["an object with a cycle", cyclic, "something was thrown that cannot be read"],
  ["an object that throws when it is read", unreadable, "something was thrown that cannot be read"],
  ["an error without a message", new RangeError(), "RangeError without a message"],
  ["an error whose cause has one", new Error("", { cause: new Error("It failed") }), "It failed"],
  [
    "an error with Bun's advice to the author of the call",
    new Error(
      "The socket connection was closed unexpectedly. For more information, pass `verbose: true` in the second argument to fetch()",
    ),
    "The socket connection was closed unexpectedly.",
  ],
  ["several errors", new AggregateError([new Error("One"), "Two"]), "One; Two"],
])("the message of %s", (_, thrown, message) => {
  expect(errorMessage(thrown)).toBe(message);
});

import { expect, test } from "bun:test";
import { onceTyped, whileTyping } from "../../src/web/pages/api-keys/typed-scopes.ts";

const isBox = (scope: string) => ["tasks:read", "tasks:write"].includes(scope);

test("a scope that is typed although it has a box is chosen, and not dropped without a word", () => {
  const text = "tools.web_search:use, tasks:read\ntasks:read";
  const value = whileTyping({ value: ["tasks:write", "old:use"], text, isBox });
  // The box is checked when the field is left: it may be the beginning of another scope.
  expect(value).toEqual(["tasks:write", "tools.web_search:use"]);
  expect(onceTyped({ value, text, isBox })).toEqual({
    value: ["tasks:write", "tools.web_search:use", "tasks:read"],
    text: "tools.web_search:use",
  });
});

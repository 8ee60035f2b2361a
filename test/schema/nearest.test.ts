import { expect, test } from "bun:test";
import { nearest } from "../../src/schema/nearest.ts";

test("returns the word that was probably meant", () => {
  const known = ["env_vars", "webhook", "dependencies", "icon", "id"];
  expect(nearest("env_var", known)).toBe("env_vars");
  expect(nearest("ENV_VARS", known)).toBe("env_vars");
  expect(nearest("python_dependencies", known)).toBe("dependencies");
  expect(nearest("wehbook", known)).toBe("webhook");
  expect(nearest("icno", known)).toBeUndefined();
  expect(nearest("icn", known)).toBe("icon");
  expect(nearest("something_else", known)).toBeUndefined();
  expect(nearest("", known)).toBeUndefined();
  expect(nearest("a", [])).toBeUndefined();
});

test("words that are too long are not compared", () => {
  expect(nearest("title".repeat(40), ["title"])).toBeUndefined();
  expect(nearest("title", ["title".repeat(40)])).toBeUndefined();
});

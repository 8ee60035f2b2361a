import { expect, test } from "bun:test";
import { mask } from "../../src/integrations/shown-settings.ts";

test("of a secret at most the last four characters are shown, and of a short one none", () => {
  expect(mask("abc")).toBe("********");
  expect(mask("twelve chars")).toBe("********");
  expect(mask("thirteen char")).toBe("********char");
  expect(mask(`${"x".repeat(500)}tail`)).toBe("********tail");
});

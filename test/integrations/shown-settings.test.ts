import { expect, test } from "bun:test";
import { mask, showSettings } from "../../src/integrations/shown-settings.ts";

test("of a secret at most the last four characters are shown, and of a short one none", () => {
  expect(mask("abc")).toBe("********");
  expect(mask("twelve chars")).toBe("********");
  expect(mask("thirteen char")).toBe("********char");
  expect(mask(`${"x".repeat(500)}tail`)).toBe("********tail");
});

test("a setting that is not secret does not show another's secret", () => {
  const setting = { required: false, secret: false, description: null, default: null, schema: {} };
  const values: Record<string, string> = { URL: "http://me:hunter22@there", ROOM: "ops" };
  const shown = showSettings(
    "mine",
    ["URL", "ROOM"].map((key) => ({ ...setting, key })),
    {
      settings: { get: (_, key) => values[key], sourceOf: () => "environment", stored: () => new Map() },
      redact: (text) => text.replace("hunter22", "[redacted]"),
    },
  );
  expect(shown.map(({ value }) => value)).toEqual(["http://me:********@there/", "ops"]);
});

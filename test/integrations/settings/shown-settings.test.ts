import { expect, test } from "bun:test";
import { checkValues, showSettings } from "../../../src/integrations/settings/shown-settings.ts";

test("a setting that is not secret does not show another's secret", () => {
  const setting = { required: false, secret: false, description: null, default: null, schema: {} };
  const values: Record<string, string> = { URL: "http://me:hunter22@there", ROOM: "ops" };
  const shown = showSettings(
    "mine",
    ["URL", "ROOM"].map((key) => ({ ...setting, key })),
    {
      settings: {
        effective: (_, { key }) => ({ value: values[key] ?? null, source: "environment" }),
        stored: () => new Map(),
      },
      redact: (text) => text.replace("hunter22", "[redacted]"),
    },
  );
  expect(shown.map(({ value }) => value)).toEqual(["http://me:********@there/", "ops"]);
});

test("a trailing line break is removed from a secret; one inside is refused unless it is a key or JSON", () => {
  const setting = {
    key: "X_TOKEN",
    required: true,
    secret: true,
    description: null,
    default: null,
    schema: { type: "string" },
  };
  const stored = (value: string) => checkValues([setting], { X_TOKEN: value })[0]?.value;
  expect(stored(" abc\r\n")).toBe("abc");
  const pem = "-----BEGIN KEY-----\nMIIE\n-----END KEY-----";
  expect(stored(`${pem}\n`)).toBe(pem);
  expect(stored('{\n"a": 1}')).toBe('{\n"a": 1}');
  let thrown: unknown;
  try {
    stored("ab\nc-canary");
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toMatchObject({ code: "validation", field: "settings.X_TOKEN" });
  expect(String(thrown)).toContain("must be one line");
  expect(String(thrown)).not.toContain("canary");
});

test("a URL with a password is stored as a secret, whatever its name", () => {
  const setting = {
    required: false,
    secret: false,
    description: null,
    default: null,
    schema: { type: "string" },
  };
  const values = checkValues(
    [
      { ...setting, key: "X_URL" },
      { ...setting, key: "X_HOST_URL" },
    ],
    {
      X_URL: "https://u:pw@h.example/",
      X_HOST_URL: "https://h.example/",
    },
  );
  expect(values.map(({ secret }) => secret)).toEqual([true, false]);
});

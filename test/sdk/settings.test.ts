import { expect, test } from "bun:test";
import { t } from "elysia";
import type { DeclaredSetting } from "../../src/sdk/backend.ts";
import { createDefineConfig } from "../../src/sdk/settings.ts";

function config(values: Record<string, string | undefined>) {
  const declared: DeclaredSetting[] = [];
  const secrets: string[] = [];
  const defineConfig = createDefineConfig({
    getSetting: (key) => values[key],
    declareSetting: (setting) => void declared.push(setting),
    addSecret: (value) => void secrets.push(value),
  });
  return { defineConfig, declared, secrets };
}

test("a setting is looked up at each access, in its declared type", () => {
  const values: Record<string, string | undefined> = {};
  const settings = config(values).defineConfig({
    URL: t.String({ default: "none" }),
    COUNT: t.Integer({ default: 3, minimum: 1 }),
    RATE: t.Number({ default: 0.5 }),
    ON: t.Boolean({ default: false }),
    MODE: t.Union([t.Literal("fast"), t.Literal("safe")], { default: "safe" }),
    MAYBE: t.Optional(t.String()),
  });
  expect({ ...settings }).toEqual({
    URL: "none",
    COUNT: 3,
    RATE: 0.5,
    ON: false,
    MODE: "safe",
    MAYBE: undefined,
  });
  Object.assign(values, { URL: "there", COUNT: "12", RATE: "1e3", ON: "Yes", MODE: "fast", MAYBE: "" });
  expect({ ...settings }).toEqual({
    URL: "there",
    COUNT: 12,
    RATE: 1000,
    ON: true,
    MODE: "fast",
    MAYBE: undefined,
  });
  values.ON = "0";
  expect(settings.ON).toBe(false);
});

test("a setting of a type that no text can have is refused when it is declared", () => {
  const wrong: [schema: unknown, got: string][] = [
    [t.Array(t.String(), { default: [] }), "one of the type array"],
    [t.Object({ a: t.String() }), "one of the type object"],
    ["https://acme.example", '"https://acme.example"'],
    [undefined, "undefined"],
  ];
  for (const [schema, got] of wrong) {
    expect(() => config({}).defineConfig({ ROOMS: schema as never })).toThrow(
      `The schema of the setting ROOMS must be t.String(), t.Number(), t.Integer(), t.Boolean() or a union of literals; got ${got}.`,
    );
  }
  const fine = [
    t.Literal("a"),
    t.Optional(t.Integer()),
    t.Union([t.String(), t.Null()]),
    t.Any(),
    t.Numeric(),
  ];
  for (const schema of fine) expect(() => config({}).defineConfig({ ROOMS: schema })).not.toThrow();
});

test("a setting is a multiple as people count", () => {
  const settings = config({ STEP: "0.3", ODD: "0.35" }).defineConfig({
    STEP: t.Number({ multipleOf: 0.1 }),
    ODD: t.Number({ multipleOf: 0.1 }),
  });
  expect(settings.STEP).toBe(0.3);
  expect(() => settings.ODD).toThrow("must be a number that is a multiple of 0.1");
});

test("an invalid value is an error that names the setting and never shows a secret", () => {
  const values = {
    COUNT: "1.5",
    LOW: "0",
    ON: "maybe",
    MODE: "slow",
    MY_TOKEN: "x y",
    BLANK: " ",
    SHARE: "2",
    NAME: "x",
  };
  Object.assign(values, { WORDS: "four", TOPIC: "mail", ABOVE: "0", EVEN: "3" });
  const settings = config(values).defineConfig({
    COUNT: t.Integer(),
    LOW: t.Integer({ minimum: 1 }),
    ABOVE: t.Number({ exclusiveMinimum: 0, exclusiveMaximum: 10 }),
    EVEN: t.Integer({ minimum: 0, multipleOf: 2 }),
    ON: t.Boolean(),
    MODE: t.Union([t.Literal("fast"), t.Literal("safe")]),
    MY_TOKEN: t.String({ pattern: "^\\S+$" }),
    SHARE: t.Number({ minimum: 0, maximum: 1 }),
    NAME: t.String({ minLength: 2, maxLength: 3 }),
    WORDS: t.Union([t.Literal("one"), t.Literal("two"), t.Literal("three")]),
    TOPIC: t.String({ pattern: "^topics/", examples: ["topics/mail", "topics/news"] }),
    BLANK: t.Number(),
    MISSING: t.String(),
  });
  const validation = (key: keyof typeof settings, text: string) => {
    expect(() => settings[key]).toThrow(expect.objectContaining({ code: "validation", field: key }));
    expect(() => settings[key]).toThrow(text);
  };
  validation("COUNT", 'The setting COUNT must be a whole number; got "1.5".');
  validation("LOW", 'The setting LOW must be a whole number of at least 1; got "0".');
  validation("ABOVE", 'The setting ABOVE must be a number above 0 below 10; got "0".');
  validation(
    "EVEN",
    'The setting EVEN must be a whole number of at least 0 that is a multiple of 2; got "3".',
  );
  validation("SHARE", 'The setting SHARE must be a number from 0 to 1; got "2".');
  validation("NAME", 'The setting NAME must be a text of 2 to 3 characters; got "x".');
  validation("WORDS", 'The setting WORDS must be "one", "two" or "three"; got "four".');
  validation("TOPIC", 'The setting TOPIC must be a text such as topics/mail or topics/news; got "mail".');
  validation("ON", "true or false");
  validation("MODE", '"fast" or "safe"');
  validation("BLANK", "number");
  validation("MY_TOKEN", "The setting MY_TOKEN must be a text without spaces; got another value.");
  expect(() => settings.MISSING).toThrow(expect.objectContaining({ code: "unavailable", field: "MISSING" }));
});

test("an undeclared setting is never silently undefined", async () => {
  const settings = config({}).defineConfig({
    ACME_TOKEN: t.String({ default: "" }),
    ACME_URL: t.Optional(t.String()),
  });
  const read = (key: string) => () => (settings as Record<string, unknown>)[key];
  expect(read("ACME_URL")()).toBeUndefined();
  for (const key of ["ACME_TOKN", "acme_token", "TOKEN"]) {
    expect(read(key)).toThrow(
      expect.objectContaining({
        code: "internal",
        field: key,
        message: expect.stringContaining("did you mean"),
      }),
    );
  }
  expect(read("ACME_TOKN")).toThrow(
    "The setting ACME_TOKN is not declared with defineConfig(); did you mean ACME_TOKEN?",
  );
  expect(read("ELSEWHERE")).toThrow("declared are ACME_TOKEN, ACME_URL.");
  expect(() => Object.assign(settings, { ACME_TOKN: "x" })).toThrow("did you mean ACME_TOKEN?");
  expect(() => Object.assign(settings, { ACME_TOKEN: "x" })).toThrow("must not be assigned");
  // Generic code that inspects objects does not fail.
  expect(await Promise.resolve(settings)).toBe(settings);
  expect(JSON.stringify(settings)).toBe('{"ACME_TOKEN":""}');
  expect(String(settings)).toBe("[object Object]");
  expect(Object.keys(settings)).toEqual(["ACME_TOKEN", "ACME_URL"]);
  expect("ACME_TOKN" in settings).toBe(false);
  expect(Bun.inspect(settings)).toContain("ACME_TOKEN");
});

test("secrets are reported once they are known, and again when they change", () => {
  const values: Record<string, string> = {
    MY_TOKEN: "first",
    PLAIN_NAME: "plain",
    UNSURE: "unsure",
    HIDDEN: "hidden",
    NOT_A_TOKEN: "shown",
  };
  const { defineConfig, declared, secrets } = config(values);
  const settings = defineConfig({
    MY_TOKEN: t.String(),
    PLAIN_NAME: t.String(),
    UNSURE: t.String(),
    HIDDEN: t.String({ secret: true }),
    NOT_A_TOKEN: t.String({ secret: false }),
    X_API_KEY: t.String({ default: "" }),
  });
  expect(secrets).toEqual(["first", "hidden"]);
  expect(declared.filter(({ secret }) => secret).map(({ key }) => key)).toEqual([
    "MY_TOKEN",
    "UNSURE",
    "HIDDEN",
    "X_API_KEY",
  ]);
  expect(settings.MY_TOKEN).toBe("first");
  values.MY_TOKEN = "second";
  expect(settings.MY_TOKEN).toBe("second");
  expect(secrets).toEqual(["first", "hidden", "second"]);
  expect([settings.PLAIN_NAME, settings.UNSURE]).toEqual(["plain", "unsure"]);
  expect(secrets).toEqual(["first", "hidden", "second", "unsure"]);
});

test("an argument that is no object is refused by name", () => {
  expect(() => config({}).defineConfig(null as never)).toThrow(
    "The argument of defineConfig() must be an object of schemas; got null.",
  );
});

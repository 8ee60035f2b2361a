import { expect, test } from "bun:test";
import { effectiveSetting, isGiven } from "../../../src/integrations/settings/effective-setting.ts";

const of = (stored?: string, environment?: string, fallback: string | null = null) =>
  effectiveSetting({ default: fallback }, { stored, environment: () => environment });

test("stored values override the environment, which overrides the default; a blank is not a value", () => {
  expect(of("s", "e", "d")).toEqual({ value: "s", source: "stored" });
  expect(of(" ", "e", "d")).toEqual({ value: "e", source: "environment" });
  expect(of(undefined, " ", "d")).toEqual({ value: "d", source: "default" });
  expect(of(undefined, undefined, "")).toEqual({ value: null, source: null });
  expect(effectiveSetting(undefined, { stored: undefined, environment: () => undefined })).toEqual({
    value: null,
    source: null,
  });
});

test("a default is a value, but not one set by an operator", () => {
  expect([of("s"), of(undefined, "e"), of(undefined, undefined, "d"), of()].map(isGiven)).toEqual([
    true,
    true,
    false,
    false,
  ]);
});

test("a variable is not read while a value is stored, because reading it claims its name", () => {
  let reads = 0;
  const environment = () => {
    reads += 1;
    return "e";
  };
  effectiveSetting(undefined, { stored: "s\n", environment });
  expect(reads).toBe(0);
  expect(effectiveSetting(undefined, { stored: "s\r\n", environment }).value).toBe("s");
});

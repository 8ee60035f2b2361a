// A field that somebody takes out of the text of an object is unset, and does not stay as it was.

import { expect, test } from "bun:test";
import { Value } from "@sinclair/typebox/value";
import { PolicyFields } from "../../src/policies/fields.ts";
import { DEFAULT_TERMS } from "../../src/policies/policy.ts";
import { NewProvider, ProviderFields } from "../../src/providers/fields.ts";
import { wholeOf } from "../../src/web/pages/policies/unset.ts";
import { UNSET } from "../../src/web/pages/providers/unset.ts";

test("the text of a policy stands for all of its fields, with the server's defaults", () => {
  const whole = wholeOf({ name: "No mails", effect: "deny" });
  expect(Object.keys(whole).sort()).toEqual(Object.keys(PolicyFields.properties).sort());
  expect(whole).toMatchObject({ enabled: true, priority: 100, tools: ["*"], tainted: null, arguments: {} });
  expect(whole.approval).toEqual(DEFAULT_TERMS);
  expect(Value.Check(PolicyFields, whole)).toBe(true);
});

test("terms of an approval that were taken out are unset as well", () => {
  const approval = { timeout_seconds: 60 };
  const whole = wholeOf({ name: "Mails", effect: "require_approval", approval });
  expect(whole.approval).toEqual({ ...DEFAULT_TERMS, timeout_seconds: 60 });
  // What is wrong is for the API to refuse.
  expect(wholeOf({ approval: [] }).approval as unknown).toEqual([]);
  expect(wholeOf({ approval: "yes" }).approval as unknown).toBe("yes");
});

test("all that the text of a provider may leave out can be unset", () => {
  const kept = ["name", "adapter", "is_default"];
  const fields = Object.keys(ProviderFields.properties).filter((field) => !kept.includes(field));
  expect(Object.keys(UNSET).sort()).toEqual(fields.sort());
  expect(Value.Check(NewProvider, { id: "mine", adapter: "anthropic", ...UNSET })).toBe(true);
});

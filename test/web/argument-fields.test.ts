import { expect, test } from "bun:test";
import { beginningOf, fieldsOf } from "../../src/web/pages/integrations/tabs/argument-fields.ts";

const fields = fieldsOf({
  parameters: {
    type: "object",
    required: ["dry_run", "force", "title"],
    properties: {
      dry_run: { type: "boolean" },
      force: { type: "boolean", default: true },
      notify: { type: "boolean", default: true },
      quiet: { type: "boolean" },
      title: { type: "string" },
    },
  },
});

test("a switch stands as the tool does without the argument", () => {
  expect(fields?.filter(({ preset }) => preset).map(({ name }) => name)).toEqual(["force", "notify"]);
});

test("a switch that the tool requires is sent without being touched, as it is shown", () => {
  expect(beginningOf(fields ?? [])).toEqual({ dry_run: false, force: true });
});

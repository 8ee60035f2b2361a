import { expect, test } from "bun:test";
import { changesOf, withoutTheirs } from "../../src/web/parts/changed-fields.ts";

test("if theirs counts, what only I have changed stays, and a secret that they may have changed does not", () => {
  const was = { name: "Loom", tags: ["a"], prompt: "Weave.", key: null as string | null };
  const mine = { ...was, name: "Mine", prompt: "Mend.", key: "my-key" };
  const theirs = { ...was, prompt: "Spin.", tags: ["a", "b"] };
  expect(changesOf(was, mine)).toEqual({ name: "Mine", prompt: "Mend.", key: "my-key" });
  const kept = withoutTheirs({ mine, was, theirs, isSecret: (field) => field === "key" });
  expect(kept).toEqual({ name: "Mine" });
  expect({ ...theirs, ...kept }).toEqual({ ...theirs, name: "Mine" });
});

test("of a form that holds only what was changed, only that is kept", () => {
  const was = { a: 1, b: 1, c: 1 };
  const kept = withoutTheirs({
    mine: { b: 2, c: 2 },
    was,
    theirs: { a: 1, b: 3, c: 1 },
    isSecret: () => false,
  });
  expect(kept).toEqual({ c: 2 });
});

// Where an author's function must answer at once, a promise is an error: it would count as yes, or as nothing.

import { expect, test } from "bun:test";
import { AT_ONCE } from "./at-once-cases.ts";

test.each(Object.entries(AT_ONCE))("%s must not be async", async (_, call) => {
  const error = await (async () => call())().then(
    () => undefined,
    (thrown: Error) => thrown,
  );
  expect(error?.message).toMatch(/ must return its value at once; got a promise\.$/);
});

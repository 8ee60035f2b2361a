import { expect, test } from "bun:test";
import { until } from "./until.ts";

test("it returns the first value that is so", async () => {
  let looks = 0;
  expect(
    await until(
      () => ++looks,
      (value) => value === 3,
      { everyMs: 1 },
    ),
  ).toBe(3);
});

test("past the deadline it throws with what it saw last", async () => {
  const waiting = until(
    () => ({ state: "starting" }),
    ({ state }) => state === "running",
    { withinSeconds: 0.02 },
  );
  await expect(waiting).rejects.toThrow("within 0.02 seconds; the last value was { state: 'starting' }");
});

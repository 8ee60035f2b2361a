import { expect, test } from "bun:test";
import { until } from "./until.ts";

test("returns the first value that satisfies the condition", async () => {
  let looks = 0;
  expect(
    await until(
      () => ++looks,
      (value) => value === 3,
      { everyMs: 1 },
    ),
  ).toBe(3);
});

test("throws after the deadline with the last value", async () => {
  const waiting = until(
    () => ({ state: "starting" }),
    ({ state }) => state === "running",
    { withinSeconds: 0.02 },
  );
  await expect(waiting).rejects.toThrow("within 0.02 seconds; the last value was { state: 'starting' }");
});

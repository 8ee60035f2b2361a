import { expect, test } from "bun:test";
import { pointsOf } from "../../src/web/pages/budgets/budget-points.ts";

type Known = Parameters<typeof pointsOf>[2];

test("a chart of model calls goes up with those that failed, as what is used does", () => {
  const [start, end] = ["2026-11-30T00:00:00.000Z", "2026-12-01T00:00:00.000Z"];
  const current = {
    ...{ start, end, used: 7, cap: 10, extended: 0, share: 0.7 },
    forecast: 9,
    reaches_cap_at: null,
  };
  const row = { hour: start, calls: 5, failed_calls: 2 } as Known["usage"][number];
  const now = Date.parse("2026-11-30T01:30:00Z");
  const points = pointsOf({ metric: "model_calls" }, current, { usage: [row], step: "hour", now });
  expect(points.map(({ used }) => used)).toEqual([0, 5, 7, null]);
  expect(points.at(-1)?.ahead).toBe(9);
});

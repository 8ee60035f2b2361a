// How a budget was used up in the course of its period, from the usage report.

import type { components } from "../../api/openapi.gen.ts";

type Budget = Pick<components["schemas"]["Budget"], "metric">;
type Current = NonNullable<components["schemas"]["Budget"]["current"]>;
type Usage = components["schemas"]["Usage"];

export const STEPS = { hour: 3_600_000, day: 86_400_000 } as const;

interface Point {
  at: number;
  used: number | null;
  ahead: number | null;
}

interface Known {
  usage: readonly Usage[];
  step: keyof typeof STEPS;
  now: number;
}

/** The ends of the hours or days that are over, now, and the end of the period. */
export function pointsOf({ metric }: Budget, current: Current, { usage, step, now }: Known): Point[] {
  const [start, end] = [Date.parse(current.start), Date.parse(current.end)];
  const points: Point[] = [{ at: start, used: 0, ahead: null }];
  let sum = 0;
  for (let at = start; at + STEPS[step] < now && at < end; at += STEPS[step]) {
    const row = usage.find((one) => Date.parse((step === "day" ? one.day : one.hour) ?? "") === at);
    sum += row ? amountOf(metric, row) : 0;
    points.push({ at: at + STEPS[step], used: Math.min(sum, current.used), ahead: null });
  }
  points.push({ at: Math.min(now, end), used: current.used, ahead: current.used });
  points.push({ at: end, used: null, ahead: current.forecast });
  return points;
}

function amountOf(metric: Budget["metric"], row: Usage): number {
  switch (metric) {
    case "cost_usd":
      return row.cost_usd ?? 0;
    case "tokens":
      return row.prompt_tokens + row.completion_tokens;
    case "model_calls":
      // One that fails counts, as it does for the budget.
      return row.calls;
    case "seconds":
      return row.seconds;
    case "runs":
      return 0;
  }
}

import { queryOptions, useQuery } from "@tanstack/react-query";
import { api, type Schema, take } from "../../api/client.ts";
import { covers, useSession } from "../../api/session.ts";
import { ApiError } from "../../parts/api-error.tsx";
import { Chart } from "../../parts/chart.tsx";
import { useNow } from "../../parts/time.tsx";
import type { Budget } from "./queries.ts";
import { amountText, axisText } from "./words.ts";

type Current = NonNullable<Budget["current"]>;

const STEPS = { hour: 3_600_000, day: 86_400_000 } as const;

/** What was used so far adds up; the dashed lines are the cap, and where this pace leads. */
export function BudgetChart({ budget, current }: { budget: Budget; current: Current }) {
  const now = useNow();
  const step = budget.period === "month" ? "day" : "hour";
  const isCharted = budget.metric !== "runs" && (budget.period === "day" || budget.period === "month");
  const maySee = useSession(({ me }) => covers(me?.scopes ?? [], "usage:read"));
  const { data, error, refetch } = useQuery({
    ...usageOf(budget, current.start, step),
    enabled: isCharted && maySee,
  });
  if (error) return <ApiError error={error} onRetry={() => void refetch()} />;
  if (!isCharted || !data) return null;
  const points = pointsOf(budget, current, { usage: data, step, now });
  const forecast =
    current.forecast === null ? "" : `, forecast ${amountText(budget.metric, current.forecast)}`;
  return (
    <Chart
      label={`${amountText(budget.metric, current.used)} used of ${amountText(budget.metric, current.cap)}${forecast}`}
      x={points.map(({ at }) => at)}
      series={[
        { label: "Used", data: points.map(({ used }) => used), tone: "accent" },
        { label: "Cap", data: points.map(() => current.cap), tone: "bad", line: true },
        ...(current.forecast === null
          ? []
          : [
              {
                label: "At this pace",
                data: points.map(({ ahead }) => ahead),
                tone: "quiet" as const,
                line: true,
              },
            ]),
      ]}
      kind="area"
      height={180}
      format={(amount) => axisText(budget.metric, amount)}
    />
  );
}

interface Point {
  at: number;
  used: number | null;
  ahead: number | null;
}

interface Known {
  usage: readonly Schema<"Usage">[];
  step: keyof typeof STEPS;
  now: number;
}

/** The ends of the hours or days that are over, now, and the end of the period. */
function pointsOf({ metric }: Budget, current: Current, { usage, step, now }: Known): Point[] {
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

function amountOf(metric: Budget["metric"], row: Schema<"Usage">): number {
  switch (metric) {
    case "cost_usd":
      return row.cost_usd ?? 0;
    case "tokens":
      return row.prompt_tokens + row.completion_tokens;
    case "model_calls":
      return row.calls - row.failed_calls;
    case "seconds":
      return row.seconds;
    case "runs":
      return 0;
  }
}

const usageOf = ({ id, scope, subject }: Budget, since: string, step: keyof typeof STEPS) =>
  queryOptions({
    queryKey: ["budgets", "one", id, "usage", since, step],
    queryFn: async () => {
      const mine =
        scope === "bot"
          ? { bot_id: subject ?? "" }
          : scope === "integration"
            ? { integration: subject ?? "" }
            : scope === "schedule"
              ? { schedule_id: subject ?? "" }
              : {};
      const query = { ...mine, group_by: step, since, limit: 100 };
      return (await take(api.GET("/api/v1/usage", { params: { query } }))).usage;
    },
  });

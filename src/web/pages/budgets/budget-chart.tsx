import { queryOptions, useQuery } from "@tanstack/react-query";
import { api, take } from "../../api/client.ts";
import { covers, useSession } from "../../api/session.ts";
import { ApiError } from "../../parts/api-error.tsx";
import { Chart } from "../../parts/chart.tsx";
import { useNow } from "../../parts/time.tsx";
import { pointsOf, type STEPS } from "./budget-points.ts";
import type { Budget } from "./queries.ts";
import { amountText, axisText } from "./words.ts";

type Current = NonNullable<Budget["current"]>;

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

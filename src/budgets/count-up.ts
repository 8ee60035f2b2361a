// Counts what was used in the current period while a budget was not there, or was off.

import { type SQL, sql } from "drizzle-orm";
import { type Queryable, rowsOf } from "../db/database.ts";
import { type BudgetMetric, type BudgetScope, budgetPeriods, llmCalls } from "../db/schema.ts";
import type { BudgetRow } from "./budgets.ts";
import { boundsOf, currentKey } from "./periods.ts";

/** After its cap has changed, the notices below what is used now are not given again, and those above it are. */
export const renotice = (tx: Queryable, id: string) =>
  tx.execute(sql`
    update budget_periods p set noticed = heddle_budget_level(p.used, b.amount + p.extended)
    from budgets b where b.id = p.budget_id and b.id = ${id} and p.period not like 'counted %'`);

export async function countUp(tx: Queryable, budget: BudgetRow, at: Date): Promise<void> {
  const bounds = boundsOf(budget.period, at);
  if (!bounds || budget.period === "run") return;
  const used = budget.metric === "runs" ? runsIn(budget, bounds.start) : callsIn(budget, bounds.start);
  const [row] = rowsOf<{ used: number }>(await tx.execute(used));
  const values = { budget_id: budget.id, period: currentKey(budget.period, at), used: row?.used ?? 0 };
  await tx
    .insert(budgetPeriods)
    .values(values)
    .onConflictDoUpdate({
      target: [budgetPeriods.budget_id, budgetPeriods.period],
      set: { used: values.used, updated_at: at },
    });
  await renotice(tx, budget.id);
}

const SUMS: Record<Exclude<BudgetMetric, "runs">, SQL> = {
  cost_usd: sql`sum(${llmCalls.cost_usd})`,
  tokens: sql`sum(coalesce(${llmCalls.prompt_tokens}, 0)::bigint + coalesce(${llmCalls.completion_tokens}, 0))`,
  model_calls: sql`count(*)`,
  seconds: sql`sum(${llmCalls.duration_ms}) / 1000.0`,
};

function callsIn({ scope, subject, metric }: BudgetRow, since: Date): SQL {
  const sum = metric === "runs" ? sql`0` : SUMS[metric];
  const mine: Record<BudgetScope, SQL> = {
    server: sql`true`,
    bot: sql`${llmCalls.bot_id} = ${subject}`,
    integration: sql`${llmCalls.integration_id} = ${subject}`,
    schedule: sql`${llmCalls.schedule_id}::text = ${subject}`,
  };
  return sql`select coalesce(${sum}, 0)::float8 as used from ${llmCalls}
    where ${llmCalls.created_at} >= ${since.toISOString()} and ${mine[scope]}`;
}

/** A run is counted in the period in which it begins. */
function runsIn({ scope, subject }: BudgetRow, since: Date): SQL {
  const mine: Record<BudgetScope, SQL> = {
    server: sql`true`,
    bot: sql`tasks.bot_id = ${subject}`,
    integration: sql`coalesce(substring(tasks.owner from '^integration:(.*)$'), (select substring(channels.owner
      from '^integration:(.*)$') from channels where channels.id = tasks.channel_id)) = ${subject}`,
    schedule: sql`tasks.schedule_id::text = ${subject}`,
  };
  return sql`select count(*)::float8 as used from tasks where tasks.run_at >= ${since.toISOString()} and ${mine[scope]}`;
}

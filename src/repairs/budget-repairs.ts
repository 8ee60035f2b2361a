// Budgets that are used up in their current period, or nearly so.

import { and, eq, gte, inArray } from "drizzle-orm";
import { boundsOf, currentKey } from "../budgets/periods.ts";
import { withNames } from "../budgets/subject-names.ts";
import { amountInWords, budgetInWords, subjectInWords } from "../budgets/words.ts";
import type { Queryable } from "../db/database.ts";
import { budgetPeriods, budgets } from "../db/schema.ts";
import type { Repair } from "./repair.ts";

const NEAR = 80;

export async function budgetRepairs(query: Queryable, now: Date): Promise<Repair[]> {
  const periods = (["hour", "day", "month"] as const).map((period) => currentKey(period, now));
  const rows = await query
    .select({
      budget: budgets,
      used: budgetPeriods.used,
      extended: budgetPeriods.extended,
      noticed: budgetPeriods.noticed,
    })
    .from(budgetPeriods)
    .innerJoin(budgets, eq(budgets.id, budgetPeriods.budget_id))
    .where(
      and(
        eq(budgets.enabled, true),
        inArray(budgetPeriods.period, periods),
        gte(budgetPeriods.noticed, NEAR),
      ),
    );
  const named = await withNames(
    query,
    rows.map(({ budget }) => budget),
  );
  return rows.map(({ used, extended, noticed }, index): Repair => {
    const budget = named[index] as (typeof named)[number];
    const cap = budget.amount + extended;
    const isUsedUp = noticed >= 100;
    const kind = isUsedUp ? "budget_used_up" : "budget_nearly_used_up";
    const until = boundsOf(budget.period, now)?.end.toISOString().slice(0, 16).replace("T", " ");
    const what = budgetInWords({ ...budget, amount: cap });
    return {
      id: `${kind}/${budget.id}`,
      kind,
      severity: isUsedUp ? "error" : "warning",
      title: `${what.charAt(0).toUpperCase()}${what.slice(1)} is ${isUsedUp ? "used up" : "nearly used up"}.`,
      detail: `${amountInWords(budget.metric, used)} of ${amountInWords(budget.metric, cap)}; a new period begins at ${until} UTC.`,
      blocks: isUsedUp ? `Runs of ${subjectInWords(budget)} fail.` : "Nothing yet.",
      since: null,
      count: 1,
      integration_id: budget.scope === "integration" ? budget.subject : null,
      action: "extend_budget",
      scope: "budgets:read",
    };
  });
}

// What a budget must be like.

import { eq, sql } from "drizzle-orm";
import type { Queryable } from "../db/database.ts";
import { type BudgetMetric, bots, schedules } from "../db/schema.ts";
import { HeddleError, notFound } from "../errors.ts";
import type { GivenBudget } from "./budgets.ts";

/** @throws HeddleError `validation`, `unknown_bot`, `not_found` (the schedule) */
export async function checkBudget(
  tx: Queryable,
  given: GivenBudget,
): Promise<GivenBudget & { subject: string | null }> {
  const { scope, metric, period, amount, subject = null } = given;
  if ((scope === "server") !== (subject === null)) {
    throw invalid(
      "subject",
      scope === "server"
        ? "must be left out of a budget of the server"
        : `must be the id of the ${scope} for a budget of the scope "${scope}"`,
    );
  }
  if (metric === "runs" && period === "run")
    throw invalid("period", 'must be "hour", "day" or "month" for a budget of runs');
  checkAmount(amount, metric);
  if (scope === "bot") {
    const [bot] = await tx
      .select({ id: bots.id })
      .from(bots)
      .where(eq(bots.id, subject ?? ""));
    if (!bot) throw new HeddleError("unknown_bot", `There is no bot "${subject}".`, { field: "subject" });
  }
  if (scope === "schedule") {
    const [schedule] = await tx
      .select({ id: schedules.id })
      .from(schedules)
      .where(eq(sql`${schedules.id}::text`, subject ?? ""));
    if (!schedule) throw notFound("schedule", subject ?? "", "subject");
  }
  return { ...given, subject };
}

const MOST_AMOUNT = 1e12;
/** What is less is not stored. */
const LEAST_COST = 1e-6;

export function checkAmount(amount: number, metric: BudgetMetric): void {
  const isCost = metric === "cost_usd";
  const least = isCost ? LEAST_COST : 1;
  if (amount >= least && amount <= MOST_AMOUNT && (isCost || Number.isInteger(amount))) return;
  throw invalid(
    "amount",
    `must be ${isCost ? "a number" : "a whole number"} from ${least.toFixed(isCost ? 6 : 0)} to ${MOST_AMOUNT.toLocaleString("en")}; got ${amount}`,
  );
}

const invalid = (field: string, rule: string) =>
  new HeddleError("validation", `${field} ${rule}.`, { field });

// Budgets as people set them up. Every server keeps them in memory, so that a run to which none applies pays nothing.

import { and, desc, eq, inArray, like, lt, or, sql } from "drizzle-orm";
import { type AsRead, nextVersion, refuseOverwrite } from "../db/as-read.ts";
import type { Database, Queryable } from "../db/database.ts";
import { followTable } from "../db/follow-table.ts";
import {
  type BudgetMetric,
  type BudgetPeriod,
  type BudgetScope,
  budgetPeriods,
  budgetReservations,
  budgets,
  tasks,
} from "../db/schema.ts";
import { HeddleError, notFound } from "../errors.ts";
import { newId } from "../ids.ts";
import type { Logger } from "../log.ts";
import { checkAmount, checkBudget } from "./check-budget.ts";
import { countUp, renotice } from "./count-up.ts";
import { currentKey } from "./periods.ts";
import type { SpendingRun } from "./spending.ts";
import { type BudgetState, stateOf } from "./state.ts";

export type BudgetRow = typeof budgets.$inferSelect;
export type Budget = BudgetRow & BudgetState;

export interface GivenBudget {
  scope: BudgetScope;
  subject?: string | null;
  metric: BudgetMetric;
  period: BudgetPeriod;
  amount: number;
  enabled?: boolean;
}

export interface BudgetFilter {
  scope?: BudgetScope;
  subject?: string;
  metric?: BudgetMetric;
  period?: BudgetPeriod;
  limit: number;
  cursor?: string;
}

export interface BudgetsOptions {
  db: Database;
  log: Logger;
  now: () => Date;
}

export type Budgets = Awaited<ReturnType<typeof openBudgets>>;

const CHANNEL = "heddle_budgets";
const MOST = 1_000;
const DAY_MS = 24 * 3_600_000;
/** What has not changed for longer than a month belongs to a period that is over. */
const KEPT_MS = 32 * DAY_MS;
/** The row of a run is deleted after this long: a run that waits for longer is counted anew. */
const RUNS_KEPT_MS = 7 * DAY_MS;
const BATCH = 1_000;

export async function openBudgets({ db, log, now }: BudgetsOptions) {
  const { query } = db;
  let known: BudgetRow[] = [];
  const follower = await followTable({
    db,
    channel: CHANNEL,
    log,
    read: async () => {
      known = await query.select().from(budgets).where(eq(budgets.enabled, true));
    },
  });

  const withState = async (rows: BudgetRow[], at: Date): Promise<Budget[]> => {
    if (rows.length === 0) return [];
    const keys = (["hour", "day", "month"] as const).map((period) => currentKey(period, at));
    const found = await query
      .select()
      .from(budgetPeriods)
      .where(
        and(
          inArray(budgetPeriods.period, keys),
          inArray(
            budgetPeriods.budget_id,
            rows.map(({ id }) => id),
          ),
        ),
      );
    return rows.map((row) => ({
      ...row,
      ...stateOf(
        row,
        found.find(
          ({ budget_id, period }) =>
            budget_id === row.id && row.period !== "run" && period === currentKey(row.period, at),
        ),
        at,
      ),
    }));
  };

  const find = async (from: Queryable, id: string): Promise<BudgetRow> => {
    const [row] = await from.select().from(budgets).where(eq(budgets.id, id)).for("no key update");
    if (!row) throw notFound("budget", id);
    return row;
  };

  const shown = async (row: BudgetRow): Promise<Budget> => {
    await follower.refresh(row.id);
    const [budget] = await withState([row], now());
    return budget as Budget;
  };

  return {
    /** Those that a run must keep to. Reads nothing. */
    applying: (run: SpendingRun): BudgetRow[] => known.filter((budget) => appliesTo(budget, run)),
    list: async ({ limit, cursor, ...filter }: BudgetFilter): Promise<Budget[]> =>
      withState(
        await query
          .select()
          .from(budgets)
          .where(
            and(
              ...(["scope", "subject", "metric", "period"] as const).map((field) =>
                filter[field] === undefined ? undefined : eq(budgets[field], filter[field]),
              ),
              cursor === undefined ? undefined : lt(budgets.id, cursor),
            ),
          )
          .orderBy(desc(budgets.id))
          .limit(limit),
        now(),
      ),
    /** @throws HeddleError `not_found` */
    async get(id: string): Promise<Budget> {
      const [row] = await withState(await query.select().from(budgets).where(eq(budgets.id, id)), now());
      if (!row) throw notFound("budget", id);
      return row;
    },
    /** What was used earlier in the current period counts. @throws HeddleError `validation`, `conflict`, `not_found`, `unknown_bot` */
    async create(given: GivenBudget): Promise<Budget> {
      const row = await query.transaction(async (tx) => {
        const values = await checkBudget(tx, given);
        const [{ count } = { count: 0 }] = await tx
          .select({ count: sql<number>`count(*)::int` })
          .from(budgets);
        if (count >= MOST) {
          throw new HeddleError("conflict", `A server has at most ${MOST} budgets; delete one first.`);
        }
        const [made] = await tx
          .insert(budgets)
          .values({ ...values, id: newId() })
          .onConflictDoNothing()
          .returning();
        if (!made) throw taken();
        if (made.enabled) await countUp(tx, made, now());
        await follower.announce(tx, made.id);
        return made;
      });
      return shown(row);
    },
    /** @throws HeddleError as `create`, and `changed_meanwhile` */
    async change(
      id: string,
      { amount, enabled }: { amount?: number; enabled?: boolean },
      asRead?: AsRead,
    ): Promise<Budget> {
      const row = await query.transaction(async (tx) => {
        const before = await find(tx, id);
        refuseOverwrite(before, asRead);
        if (amount !== undefined) checkAmount(amount, before.metric);
        const values = {
          amount: amount ?? before.amount,
          enabled: enabled ?? before.enabled,
          updated_at: nextVersion(before, now()),
        };
        const after = { ...before, ...values };
        await tx.update(budgets).set(values).where(eq(budgets.id, id));
        if (after.enabled && !before.enabled) await countUp(tx, after, now());
        await renotice(tx, id);
        await follower.announce(tx, id);
        return after;
      });
      return shown(row);
    },
    /**
     * Adds to the current period, once: half of the budget unless told otherwise.
     * @throws HeddleError `not_found`, `conflict` (it is extended already, or counts single runs), `validation`
     */
    async extend(id: string, amount?: number): Promise<Budget> {
      const row = await query.transaction(async (tx) => {
        const budget = await find(tx, id);
        if (budget.period === "run") {
          throw new HeddleError(
            "conflict",
            "A budget of each run has no period to extend; change its amount.",
          );
        }
        if (amount !== undefined) checkAmount(amount, budget.metric);
        const half = budget.amount / 2;
        const extended = amount ?? (budget.metric === "cost_usd" ? half : Math.ceil(half));
        const period = currentKey(budget.period, now());
        await tx.insert(budgetPeriods).values({ budget_id: id, period }).onConflictDoNothing();
        const changed = await tx
          .update(budgetPeriods)
          .set({ extended, updated_at: now() })
          .where(
            and(
              eq(budgetPeriods.budget_id, id),
              eq(budgetPeriods.period, period),
              eq(budgetPeriods.extended, 0),
            ),
          )
          .returning({ id: budgetPeriods.budget_id });
        if (changed.length === 0) {
          throw new HeddleError(
            "conflict",
            "This budget has been extended in this period; change its amount instead.",
          );
        }
        await renotice(tx, id);
        return budget;
      });
      return shown(row);
    },
    /** @throws HeddleError `not_found` */
    async remove(id: string): Promise<void> {
      await query.transaction(async (tx) => {
        const gone = await tx.delete(budgets).where(eq(budgets.id, id)).returning({ id: budgets.id });
        if (gone.length === 0) throw notFound("budget", id);
        await follower.announce(tx, id);
      });
      await follower.refresh(id);
    },
    /** Deletes what was counted in periods that are over, and reservations of calls that ended with their server. */
    async purge(): Promise<void> {
      const before = (ms: number) => lt(budgetPeriods.updated_at, new Date(now().getTime() - ms));
      const ofRuns = or(like(budgetPeriods.period, "run %"), like(budgetPeriods.period, "counted %"));
      const old = query
        .select({ budget_id: budgetPeriods.budget_id, period: budgetPeriods.period })
        .from(budgetPeriods)
        .where(or(before(KEPT_MS), and(before(RUNS_KEPT_MS), ofRuns)))
        .limit(BATCH);
      const deleteSome = () =>
        query
          .delete(budgetPeriods)
          .where(sql`(${budgetPeriods.budget_id}, ${budgetPeriods.period}) in (${old})`)
          .returning({ budget_id: budgetPeriods.budget_id });
      while ((await deleteSome()).length === BATCH);
      await query.delete(budgetReservations).where(
        sql`(${budgetReservations.attempt} > 0 or ${budgetReservations.created_at} < now() - interval '10 minutes') and not exists (select from ${tasks} where ${tasks.id} = ${budgetReservations.task_id}
          and ${tasks.attempt} = ${budgetReservations.attempt} and ${tasks.status} = 'running')`,
      );
    },
    close: () => follower.close(),
  };
}

function appliesTo({ scope, subject }: BudgetRow, run: SpendingRun): boolean {
  switch (scope) {
    case "server":
      return true;
    case "bot":
      return subject === run.bot_id;
    case "integration":
      return subject === run.integration_id;
    case "schedule":
      return subject === run.schedule_id;
  }
}

const taken = () =>
  new HeddleError("conflict", "There is a budget of this scope, metric and period already; change that one.");

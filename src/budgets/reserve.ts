// Reserves what a call may use in all budgets that apply to it, at once. It waits while calls in progress may use up what is left:
// only what they have used decides.

import { setTimeout as pause } from "node:timers/promises";
import type { Database } from "../db/database.ts";
import { patiently } from "../db/patiently.ts";
import { HeddleError } from "../errors.ts";
import { throwIfAborted } from "../llm/abort.ts";
import type { Logger } from "../log.ts";
import type { BudgetRow } from "./budgets.ts";
import { boundsOf, periodKey } from "./periods.ts";
import { withNames } from "./subject-names.ts";
import { amountInWords, budgetInWords } from "./words.ts";

/** A call that has ended, and may not be recorded yet. */
export type Ended =
  | { id: string; failed: true }
  | { id: string; cost_usd: number; tokens: number; seconds: number; failed: false };

export interface Wanted {
  budget: BudgetRow;
  /** What the call may use; null: nobody knows yet. */
  amount: number | null;
  /** Seconds that the run has used since it was last asked. */
  spent: number;
}

export interface Reservation {
  id: string;
  /** Under whose claim it counts. A call outside of runs has attempt 0, and counts as long as it is renewed. */
  run: { id: string; attempt: number };
  wanted: () => Wanted[];
  ended: Ended[];
  signal: AbortSignal;
}

export interface ReserveOptions {
  db: Database;
  log: Logger;
  now: () => Date;
}

/** Throws `usage_limit_exceeded`, `worker_lost` or the signal's reason. */
export type Reserve = (reservation: Reservation) => Promise<void>;

type Verdict =
  | { state: "ok"; levels: Record<string, number> }
  | { state: "busy" | "lost" }
  | { state: "stopped"; by: Stop };

interface Stop {
  id: string;
  used: number;
  cap: number;
}

const FIRST_WAIT_MS = 50;
const LONGEST_WAIT_MS = 2_000;
const MOST_TOLD = 10_000;

export function createReserve({ db, log, now }: ReserveOptions): Reserve {
  const told = new Set<string>();

  async function ask({ id, run, ended, signal }: Reservation, wanted: Wanted[]): Promise<Verdict> {
    const rows = wanted.map(({ budget, amount, spent }) => ({
      budget_id: budget.id,
      period: periodKey(budget.period, now(), run.id),
      amount,
      spent,
    }));
    const answer = await patiently(
      () =>
        db.execute(
          "select heddle_budget_reserve($1::uuid, $2::int, $3::uuid, $4::text::jsonb, $5::text::jsonb) as verdict",
          [run.id, run.attempt, id, JSON.stringify(rows), JSON.stringify(ended)],
        ),
      signal,
    );
    const [row] = answer.rows;
    return (typeof row?.verdict === "string" ? JSON.parse(row.verdict) : row?.verdict) as Verdict;
  }

  async function tell(
    run: Reservation["run"],
    wanted: Wanted[],
    levels: Record<string, number>,
  ): Promise<void> {
    for (const { budget } of wanted) {
      const level = levels[budget.id] ?? 0;
      const key = `${periodKey(budget.period, now(), run.id)} ${budget.id} ${level}`;
      if (level === 0 || budget.period === "run" || told.has(key)) continue;
      if (told.size > MOST_TOLD) told.clear();
      told.add(key);
      log.warn("{level} % of {budget} is used", {
        level,
        budget: await inWords(budget),
        budget_id: budget.id,
      });
    }
  }

  async function inWords(budget: BudgetRow): Promise<string> {
    const [named = budget] = await withNames(db.query, [budget]);
    return budgetInWords(named);
  }

  async function stopped(
    wanted: Wanted[],
    { by, run, at }: { by: Stop; run: Reservation["run"]; at: Date },
  ): Promise<HeddleError> {
    const budget = wanted.find((one) => one.budget.id === by.id)?.budget;
    if (!budget) return new HeddleError("usage_limit_exceeded", "A budget is used up.");
    const end = boundsOf(budget.period, at)?.end.toISOString().slice(0, 16).replace("T", " ");
    const what = await inWords({ ...budget, amount: by.cap });
    const used = amountInWords(budget.metric, by.used);
    return new HeddleError(
      "usage_limit_exceeded",
      `${run.attempt === 0 ? "The call was not made" : "The run was stopped"}, because ${what} is used up: ${used} so far.${end === undefined ? "" : ` A new period begins at ${end} UTC.`}`,
    );
  }

  return async (reservation) => {
    const { run, ended, signal } = reservation;
    for (let wait = FIRST_WAIT_MS; ; wait = Math.min(wait * 2, LONGEST_WAIT_MS)) {
      const wanted = reservation.wanted();
      const verdict = await ask(reservation, wanted);
      switch (verdict.state) {
        case "ok":
          ended.length = 0;
          await tell(run, wanted, verdict.levels);
          return;
        case "stopped":
          await tell(run, wanted, { [verdict.by.id]: 100 });
          throw await stopped(wanted, { by: verdict.by, run, at: now() });
        case "lost":
          throw new HeddleError("worker_lost", "The task was ended or taken over by another worker.");
        case "busy":
          await pause(wait, undefined, { signal }).catch(() => undefined);
          throwIfAborted(signal);
      }
    }
  };
}

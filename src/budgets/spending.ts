// Lets a run spend only what its budgets allow: before each call of a model it reserves what the call may use. What the call
// has used is settled by the statement that records it, through a trigger on llm_calls.

import { setTimeout as pause } from "node:timers/promises";
import type { Database } from "../db/database.ts";
import { patiently } from "../db/patiently.ts";
import { HeddleError } from "../errors.ts";
import { newId } from "../ids.ts";
import { throwIfAborted } from "../llm/abort.ts";
import type { Llm, LlmEvent, LlmRequest } from "../llm/llm.ts";
import { NoAnswer } from "../llm/no-answer.ts";
import type { Logger } from "../log.ts";
import type { BudgetRow } from "./budgets.ts";
import type { Largest } from "./largest.ts";
import { boundsOf, periodKey } from "./periods.ts";
import { amountInWords, budgetInWords } from "./words.ts";

/** What a run is counted for, and the claim under which it spends. */
export interface SpendingRun {
  id: string;
  attempt: number;
  bot_id: string;
  schedule_id: string | null;
  integration_id: string | null;
}

export interface SpendingOptions {
  db: Database;
  /** The budgets that apply to the run now. They are kept in memory. */
  applying(run: SpendingRun): BudgetRow[];
  largest: Largest;
  /** Estimates the tokens of a request. */
  estimate(request: LlmRequest): number;
  log: Logger;
  now: () => Date;
  /** Milliseconds, monotonic. */
  clock: () => number;
}

/** A call that has ended, and may not be recorded yet. */
type Ended =
  | { id: string; failed: true }
  | { id: string; cost_usd: number; tokens: number; seconds: number; failed: false };

type Verdict =
  | { state: "ok"; levels: Record<string, number> }
  | { state: "busy" | "lost" }
  | { state: "stopped"; by: { id: string; used: number; cap: number } };

const FIRST_WAIT_MS = 50;
const LONGEST_WAIT_MS = 2_000;

/** Returns the model of a run: one that spends within its budgets. Without a budget nothing is added to a call. */
export function createSpending(options: SpendingOptions) {
  const told = new Set<string>();
  return (run: SpendingRun, llm: Llm): Llm => {
    const spender = createSpender(options, run, told);
    return {
      get provider() {
        return llm.provider;
      },
      ...(llm.firstModel && { firstModel: llm.firstModel.bind(llm) }),
      stream(request) {
        const budgets = options.applying(run);
        return budgets.length === 0 ? llm.stream(request) : spender.stream(llm, request, budgets);
      },
    };
  };
}

function createSpender(options: SpendingOptions, run: SpendingRun, told: Set<string>) {
  const { db, largest, log, now, clock } = options;
  const ended: Ended[] = [];
  /** Up to here the run's time is counted. */
  let countedUntil = clock();

  async function ask(id: string, budgets: BudgetRow[], request: LlmRequest): Promise<Verdict> {
    const expected = largest.expected(request.model, options.estimate(request));
    const spent = Math.max(0, (clock() - countedUntil) / 1000);
    const wanted = budgets.map((budget) => ({
      budget_id: budget.id,
      period: periodKey(budget.period, now(), run.id),
      amount: amountOf(budget, expected),
      spent: budget.metric === "seconds" ? spent : 0,
    }));
    const { rows } = await patiently(
      () =>
        db.execute(
          "select heddle_budget_reserve($1::uuid, $2::int, $3::uuid, $4::text::jsonb, $5::text::jsonb) as verdict",
          [run.id, run.attempt, id, JSON.stringify(wanted), JSON.stringify(ended)],
        ),
      request.signal,
    );
    const [row] = rows;
    return (typeof row?.verdict === "string" ? JSON.parse(row.verdict) : row?.verdict) as Verdict;
  }

  /** Waits while calls in progress may use up what is left: only what they have used decides. */
  async function reserve(budgets: BudgetRow[], request: LlmRequest): Promise<string> {
    const id = newId();
    for (let wait = FIRST_WAIT_MS; ; wait = Math.min(wait * 2, LONGEST_WAIT_MS)) {
      const verdict = await ask(id, budgets, request);
      switch (verdict.state) {
        case "ok":
          ended.length = 0;
          tell(budgets, verdict.levels);
          return id;
        case "stopped":
          tell(budgets, { [verdict.by.id]: 100 });
          throw stopped(budgets, verdict.by, now());
        case "lost":
          throw new HeddleError("worker_lost", "The task was ended or taken over by another worker.");
        case "busy":
          await pause(wait, undefined, { signal: request.signal }).catch(() => undefined);
          throwIfAborted(request.signal);
      }
    }
  }

  function tell(budgets: BudgetRow[], levels: Record<string, number>): void {
    for (const budget of budgets) {
      const level = levels[budget.id] ?? 0;
      const key = `${periodKey(budget.period, now(), run.id)} ${budget.id} ${level}`;
      if (level === 0 || budget.period === "run" || told.has(key)) continue;
      if (told.size > 10_000) told.clear();
      told.add(key);
      log.warn("{level} % of {budget} is used", {
        level,
        budget: budgetInWords(budget),
        budget_id: budget.id,
      });
    }
  }

  return {
    async *stream(llm: Llm, request: LlmRequest, budgets: BudgetRow[]): AsyncGenerator<LlmEvent> {
      const id = await reserve(budgets, request);
      const begun = clock();
      let isAnswered = false;
      let isRecorded = false;
      try {
        for await (const event of llm.stream(request)) {
          if (event.type !== "done") {
            yield event;
            continue;
          }
          isAnswered = true;
          const use = useOf(event);
          largest.add(request.model, use);
          ended.push({ id, cost_usd: use.cost, tokens: use.tokens, seconds: use.seconds, failed: false });
          // The call's own time is settled with it.
          countedUntil = clock();
          yield { ...event, reservationId: id };
        }
      } catch (error) {
        if (error instanceof NoAnswer) {
          error.reservationId = id;
          isRecorded = true;
        }
        throw error;
      } finally {
        if (!isAnswered) {
          ended.push({ id, failed: true });
          // What is recorded is settled there, with its time.
          countedUntil = isRecorded ? clock() : begun;
        }
      }
    },
  };
}

function useOf({ usage, costUsd, durationMs }: Extract<LlmEvent, { type: "done" }>) {
  const completion = usage?.completion_tokens ?? 0;
  return {
    tokens: (usage?.prompt_tokens ?? 0) + completion,
    completion,
    cost: costUsd ?? 0,
    seconds: durationMs / 1000,
  };
}

/** What a call may use; null: nobody knows yet. */
function amountOf({ metric }: BudgetRow, expected: ReturnType<Largest["expected"]>): number | null {
  switch (metric) {
    case "model_calls":
      return 1;
    case "runs":
      return 0;
    case "cost_usd":
      return expected?.cost ?? null;
    case "tokens":
      return expected?.tokens ?? null;
    case "seconds":
      return expected?.seconds ?? null;
  }
}

function stopped(budgets: BudgetRow[], by: { id: string; used: number; cap: number }, at: Date): HeddleError {
  const budget = budgets.find(({ id }) => id === by.id);
  if (!budget) return new HeddleError("usage_limit_exceeded", "A budget is used up.");
  const end = boundsOf(budget.period, at)?.end.toISOString().slice(0, 16).replace("T", " ");
  const what = budgetInWords({ ...budget, amount: by.cap });
  const used = amountInWords(budget.metric, by.used);
  return new HeddleError(
    "usage_limit_exceeded",
    `The run was stopped, because ${what} is used up: ${used} so far.${end === undefined ? "" : ` A new period begins at ${end} UTC.`}`,
  );
}

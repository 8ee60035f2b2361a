// Calls of models outside of runs (embeddings, recordings, evals) spend within the same budgets: they reserve before, and are settled
// by the row that records them.

import { and, eq, sql } from "drizzle-orm";
import type { Database } from "../db/database.ts";
import { budgetReservations, llmCalls } from "../db/schema.ts";
import { storable } from "../db/storable.ts";
import { errorMessage } from "../errors.ts";
import { every } from "../every.ts";
import { newId } from "../ids.ts";
import type { Logger } from "../log.ts";
import type { BudgetRow } from "./budgets.ts";
import type { Largest } from "./largest.ts";
import type { Reserve } from "./reserve.ts";
import { amountOf, type SpendingRun } from "./spending.ts";

export interface CallOutside {
  /** The provider's id; null: it is not stored. */
  provider: string | null;
  model: string;
  /** Tokens that it will read, by estimate. */
  tokens: number;
  /** The bot that it is made for. Default: none. */
  bot_id?: string | undefined;
  signal?: AbortSignal | undefined;
}

export interface UsedOutside {
  prompt_tokens: number;
  completion_tokens: number;
  /** US dollars; null: the price is not known. */
  cost_usd: number | null;
}

export interface Answered<Value> {
  value: Value;
  /** Null: the endpoint does not say. */
  used: UsedOutside | null;
}

/** Makes a call within the budgets. Throws `usage_limit_exceeded`, and whatever the call throws. */
export type SpendOutside = <Value>(call: CallOutside, make: () => Promise<Answered<Value>>) => Promise<Value>;

export interface OutsideRuns {
  spend: SpendOutside;
  /** Lets a call begin that is made elsewhere, and returns its id. It must be renewed. Throws `usage_limit_exceeded`. */
  begin(call: CallOutside): Promise<string>;
  /** Says that such a call is still being made: what it may use is reserved for another minute. */
  renew(id: string): Promise<void>;
  /** Records such a call. Null: it has failed, and used nothing. Later calls with the same id change nothing. */
  end(id: string, call: CallOutside, used: MeasuredUse | null): Promise<void>;
  /** Waits for what is being recorded. */
  close(): Promise<void>;
}

export type MeasuredUse = UsedOutside & { duration_ms: number };

export interface OutsideRunsOptions {
  db: Database;
  reserve: Reserve;
  applying(run: SpendingRun): BudgetRow[];
  largest: Largest;
  log: Logger;
  /** Milliseconds, monotonic. */
  clock: () => number;
}

/** How often whoever makes a call renews what it has reserved. */
const RENEW_MS = 20_000;
/** Of calls that are made elsewhere. Those whose end nobody tells are forgotten. */
const MOST_BEGUN = 1_000;

export function createOutsideRuns(options: OutsideRunsOptions): OutsideRuns {
  const { db, log, clock } = options;
  const recording = new Set<Promise<void>>();
  /** The model that each was begun with. An endpoint may name the one that answered in another way. */
  const begun = new Map<string, string>();

  const end: OutsideRuns["end"] = async (id, call, used) => {
    if (used === null) {
      await db.query.delete(budgetReservations).where(eq(budgetReservations.id, id));
      return;
    }
    options.largest.add(begun.get(id) ?? call.model, useOf(used));
    begun.delete(id);
    await db.query
      .insert(llmCalls)
      .values(rowOf(id, call, used))
      .onConflictDoNothing();
  };

  /** The result is returned even if it cannot be recorded, because it is paid for. */
  const record = (...given: Parameters<typeof end>): Promise<void> => {
    const done = end(...given)
      .catch((error) =>
        log.warn("A call of {model} could not be recorded: {error}", {
          model: given[1].model,
          error: errorMessage(error),
        }),
      )
      .finally(() => recording.delete(done));
    recording.add(done);
    return done;
  };

  return {
    async begin(call) {
      const { id } = await begin(call, options);
      begun.set(id, call.model);
      const [oldest] = begun.keys();
      if (begun.size > MOST_BEGUN && oldest !== undefined) begun.delete(oldest);
      return id;
    },
    renew: (id) => renew(db, id),
    end,
    async spend(call, make) {
      const { id, isReserved } = await begin(call, options);
      const since = clock();
      const renewing = isReserved
        ? every({ name: "Renewing a reservation", ms: RENEW_MS, run: () => renew(db, id), log })
        : undefined;
      let used: MeasuredUse | null = null;
      try {
        const { value, used: said } = await make();
        const known = said ?? { prompt_tokens: call.tokens, completion_tokens: 0, cost_usd: null };
        used = { ...known, duration_ms: clock() - since };
        return value;
      } finally {
        await renewing?.close();
        // Without a budget nobody waits for it.
        const recorded = used === null && !isReserved ? undefined : record(id, call, used);
        if (isReserved) await recorded;
      }
    },
    async close() {
      await Promise.all(recording);
    },
  };
}

async function begin(
  call: CallOutside,
  { db, applying, reserve, largest }: OutsideRunsOptions,
): Promise<{ id: string; isReserved: boolean }> {
  const id = newId();
  const run = { id, attempt: 0, bot_id: call.bot_id ?? null, schedule_id: null, integration_id: null };
  // Time and numbers of runs are of runs alone.
  const budgets = applying(run).filter(
    ({ metric, period }) => metric !== "runs" && metric !== "seconds" && period !== "run",
  );
  if (budgets.length === 0) return { id, isReserved: false };
  await reserve({
    ...{ id, run, ended: [], signal: call.signal ?? new AbortController().signal },
    wanted: () => {
      const expected = largest.expected(call.model, call.tokens);
      return budgets.map((budget) => ({ budget, amount: amountOf(budget, expected), spent: 0 }));
    },
  });
  await renew(db, id);
  return { id, isReserved: true };
}

/**
 * A reservation outside of runs counts for ten minutes after its row was made, by `heddle_budget_reserve`. Whoever makes the call may be
 * gone, and others would wait for nobody: so the row is dated back to count for a minute, as long as it is not renewed.
 */
const renew = async (db: Database, id: string): Promise<void> => {
  await db.query
    .update(budgetReservations)
    .set({ created_at: sql`now() - interval '9 minutes'` })
    .where(and(eq(budgetReservations.id, id), eq(budgetReservations.attempt, 0)));
};

const useOf = ({ prompt_tokens, completion_tokens, cost_usd, duration_ms }: MeasuredUse) => ({
  tokens: prompt_tokens + completion_tokens,
  completion: completion_tokens,
  cost: cost_usd ?? 0,
  seconds: duration_ms / 1000,
});

const rowOf = (
  id: string,
  { provider, model, bot_id = null }: Omit<CallOutside, "bot_id"> & { bot_id?: string | null | undefined },
  { prompt_tokens, completion_tokens, cost_usd, duration_ms }: MeasuredUse,
) => ({
  ...{ id, correlation_id: id, reservation_id: id, provider, model: storable(model), bot_id, iteration: 0 },
  ...{ prompt_tokens, completion_tokens, cost_usd: cost_usd === null ? null : String(cost_usd) },
  duration_ms: Math.round(duration_ms),
});

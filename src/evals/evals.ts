// Results of `heddle eval` that were stored: runs of one folder of fixtures, each compared with the one before.

import { and, desc, eq, getTableColumns, lt, sql } from "drizzle-orm";
import type { Database } from "../db/database.ts";
import type { Reach } from "../db/reach.ts";
import { type EvalResult, evalRuns, events } from "../db/schema.ts";
import { storableJson } from "../db/storable.ts";
import { notFound } from "../errors.ts";
import { newId } from "../ids.ts";
import type { Redact } from "../redact.ts";

export type EvalRunRow = typeof evalRuns.$inferSelect;

export interface NewEvalRun {
  name: string;
  model: string | null;
  results: EvalResult[];
}

/** A result with what the run before had of the same fixture; null: it was not in it. */
export type ComparedResult = EvalResult & { before: EvalResult | null };

export interface Evals {
  /** Newest first, without their results. */
  list(filter: {
    name?: string | undefined;
    limit: number;
    cursor?: string | undefined;
    reach: Reach | undefined;
  }): Promise<Omit<EvalRunRow, "results">[]>;
  /** Throws `not_found`. */
  get(
    id: string,
    reach: Reach | undefined,
  ): Promise<{ run: EvalRunRow; previousId: string | null; results: ComparedResult[] }>;
  add(run: NewEvalRun, owner: string | null): Promise<EvalRunRow>;
}

/** Of one name; older ones are deleted when another is stored. */
const MOST_KEPT = 200;

export function createEvals({
  db: { query },
  redact,
}: {
  db: Pick<Database, "query">;
  redact: Redact;
}): Evals {
  const inReach = (reach: Reach | undefined) => reach && eq(evalRuns.owner, reach.owner);
  const { results: _, ...short } = getTableColumns(evalRuns);
  return {
    list: ({ name, limit, cursor, reach }) =>
      query
        .select(short)
        .from(evalRuns)
        .where(
          and(
            name === undefined ? undefined : eq(evalRuns.name, name),
            cursor === undefined ? undefined : lt(evalRuns.id, cursor),
            inReach(reach),
          ),
        )
        .orderBy(desc(evalRuns.id))
        .limit(limit),
    async get(id, reach) {
      const [run] = await query
        .select()
        .from(evalRuns)
        .where(and(eq(evalRuns.id, id), inReach(reach)));
      if (!run) throw notFound("eval", id);
      const [before] = await query
        .select()
        .from(evalRuns)
        .where(and(eq(evalRuns.name, run.name), lt(evalRuns.id, id), inReach(reach)))
        .orderBy(desc(evalRuns.id))
        .limit(1);
      const earlier = new Map((before?.results ?? []).map((result) => [keyOf(result), result]));
      const results = run.results.map((result) => ({
        ...result,
        before: earlier.get(keyOf(result)) ?? null,
      }));
      return { run, previousId: before?.id ?? null, results };
    },
    async add({ name, model, results: given }, owner) {
      const results = given.map((one) => ({
        ...one,
        problems: one.problems.map(redact),
        answer: one.answer === null ? null : redact(one.answer),
      }));
      const failed = results.filter(({ problems }) => problems.length > 0).length;
      const costs = results.map(({ cost_usd }) => cost_usd);
      const row = {
        id: newId(),
        ...storableJson({ name, model, results }),
        owner,
        passed: results.length - failed,
        failed,
        tokens: sum(results.map(({ tokens }) => tokens)),
        cost_usd: costs.includes(null) ? null : sum(costs as number[]),
        seconds: sum(results.map(({ seconds }) => seconds)),
      };
      const [made] = await query.transaction(async (tx) => {
        await tx.insert(events).values({ type: "eval.stored", owner, data: { eval_id: row.id } });
        return await tx.insert(evalRuns).values(row).returning();
      });
      await query.delete(evalRuns).where(
        sql`${evalRuns.id} in (select id from eval_runs old where old.name = ${name} and old.owner is not distinct from ${owner}
          order by old.id desc offset ${MOST_KEPT})`,
      );
      return made as EvalRunRow;
    },
  };
}

const sum = (numbers: number[]): number => numbers.reduce((total, one) => total + one, 0);
const keyOf = ({ name, bot_id }: EvalResult): string => JSON.stringify([name, bot_id]);

// The runs that had to do with a card: the one that made it, and those that moved it or told something about it.

import type { Sql } from "heddle/sdk";
import { Refused } from "./refused.ts";
import { costsFor, tasksFor } from "./server.ts";
import { tables } from "./tables.ts";

const MOST = 50;

export interface CardRun {
  task_id: string;
  at: string;
  bot_id: string | null;
  /** Null: the run was deleted, or the key may not see it. */
  status: string | null;
  /** US dollars; null: not known. */
  cost_usd: number | null;
}

/** Notes that a run had to do with the card. */
export async function noteRun(sql: Sql, cardId: string, taskId: string | null | undefined): Promise<void> {
  if (!taskId) return;
  await sql.query("INSERT INTO card_runs (card_id, task_id) VALUES ($1, $2) ON CONFLICT DO NOTHING", [
    cardId,
    taskId,
  ]);
}

/** Newest first, with what they cost as far as the caller may see it. */
export async function runsOf(
  cardId: string,
  request: Request,
): Promise<{ runs: CardRun[]; total: number; cost_usd: number | null }> {
  const [card] = await tables.query("SELECT id FROM cards WHERE id = $1", [cardId]);
  if (!card) throw new Refused(404, `There is no task "${cardId}".`);
  const rows = await tables.query<{ task_id: string; at: string; total: number }>(
    `SELECT task_id, at, (count(*) OVER ())::int AS total FROM card_runs WHERE card_id = $1 ORDER BY at DESC, task_id LIMIT ${MOST}`,
    [cardId],
  );
  const ids = rows.map(({ task_id }) => task_id);
  const [costs, tasks] = await Promise.all([costsFor(request, ids), tasksFor(request, ids)]);
  const runs = rows.map(({ task_id, at }) => {
    const task = tasks.get(task_id);
    return {
      ...{ task_id, at, bot_id: task?.bot_id ?? null, status: task?.status ?? null },
      cost_usd: costs.get(task_id) ?? null,
    };
  });
  const known = runs.flatMap(({ cost_usd }) => cost_usd ?? []);
  return {
    runs,
    total: rows[0]?.total ?? 0,
    cost_usd: known.length > 0 ? known.reduce((sum, cost) => sum + cost, 0) : null,
  };
}

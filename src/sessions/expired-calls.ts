// Calls whose results come from outside, and did not come in time: their runs go on, and their models are told.

import { and, eq, sql } from "drizzle-orm";
import type { Database } from "../db/database.ts";
import { tasks, toolCalls } from "../db/schema.ts";
import { HeddleError } from "../errors.ts";
import { DELEGATE } from "./call-names.ts";
import type { ClientResult } from "./store-results.ts";

/** Seconds that a run waits for the client, unless the client's tool says otherwise, and for another bot. */
export const WAIT_SECONDS = 3_600;
/** The most in one pass; the others follow in the next one. */
const MOST = 200;

/** The seconds after which the client's tool of that call is given up, if it is one that says so. */
const OWN_SECONDS = sql`(
  select coalesce((tool ->> 'timeout_seconds')::int, ${WAIT_SECONDS}::int)
  from jsonb_array_elements(case when jsonb_typeof(${tasks.execution_config} -> 'client_tools') = 'array'
    then ${tasks.execution_config} -> 'client_tools' else '[]'::jsonb end) tool
  where tool ->> 'name' = ${toolCalls.tool_name} limit 1)`;

export interface EndExpired {
  db: Pick<Database, "query">;
  /** The time that counts as now; the clock of the database by default. */
  now?: Date;
  supply(taskId: string, results: ClientResult[], asked: object): Promise<void>;
}

export async function endExpired({ db, now, supply }: EndExpired): Promise<void> {
  const seconds = sql<number | null>`coalesce(${OWN_SECONDS},
    case when ${toolCalls.tool_name} = ${DELEGATE} then ${WAIT_SECONDS}::int end)`;
  const approval = sql`from approvals asked where asked.message_id = ${toolCalls.message_id} and asked.call_id = ${toolCalls.call_id}`;
  // What waits for a person has a time of its own; it is carried out after the decision.
  const begun = sql`coalesce((select asked.begun_at ${approval}), ${toolCalls.created_at})`;
  const at = now === undefined ? sql`now()` : sql`${now.toISOString()}::timestamptz`;
  const expired = await db.query
    .select({ task: tasks.id, call: toolCalls.id, seconds })
    .from(tasks)
    .innerJoin(toolCalls, eq(toolCalls.task_id, tasks.id))
    .where(
      and(
        eq(tasks.status, "waiting"),
        eq(toolCalls.status, "running"),
        sql`not exists (select ${approval} and asked.begun_at is null)`,
        sql`${begun} + ${seconds} * interval '1 second' <= ${at}`,
      ),
    )
    .limit(MOST);
  for (const [task, calls] of Map.groupBy(expired, ({ task }) => task)) {
    const results = calls.map(({ call, seconds }) => {
      const error = noResult(seconds ?? WAIT_SECONDS);
      return { call, content: JSON.stringify({ error }), error, isOurs: true as const };
    });
    await supply(task, results, {}).catch((error: unknown) => {
      // The result has come in this moment after all, or the run was cancelled.
      if (!(error instanceof HeddleError && error.code === "conflict")) throw error;
    });
  }
}

const noResult = (seconds: number): string =>
  `No result within ${seconds % 60 === 0 ? `${seconds / 60} minutes` : `${seconds} seconds`}. It may have taken effect nevertheless.`;

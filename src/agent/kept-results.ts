// Results that are too long for a model are kept whole, so that it can read the rest of them. They belong to their session, and go
// with their run.

import { and, eq } from "drizzle-orm";
import type { Database, Queryable } from "../db/database.ts";
import { toolResults } from "../db/schema.ts";
import { derivedId } from "../ids.ts";
import { type StepClaim, underClaim } from "./steps.ts";

/** A session keeps the latest ones. */
const MOST_KEPT = 20;

export interface BigResult {
  tool: string;
  /** The same when the call is made again. */
  callId: string;
  whole: string;
}

/** Keeps the result under the claim of its run. Returns its id. */
export type KeepResult = (result: BigResult) => Promise<string>;

export function createKeepResult(db: Database, task: StepClaim): KeepResult {
  let last: Promise<unknown> = Promise.resolve();
  return (result) => {
    // One after another, so that each sees the ones before when it makes room.
    const keeping = last.then(() => keep(db, task, result));
    last = keeping.catch(() => undefined);
    return keeping;
  };
}

async function keep(db: Database, task: StepClaim, { tool, callId, whole }: BigResult): Promise<string> {
  const id = derivedId(callId, "result");
  await underClaim(
    db,
    task,
    `kept as (
         insert into tool_results (id, session_id, task_id, tool_name, content)
         select $3::uuid, session_id, id, $4::text, $5::text from claim
         on conflict (id) do update set content = excluded.content
       ), forgotten as (
         delete from tool_results using claim where tool_results.session_id = claim.session_id and tool_results.id in (
           select older.id from tool_results older where older.session_id = claim.session_id and older.id <> $3::uuid
           order by older.created_at desc offset ${MOST_KEPT - 1})
       )`,
    [id, tool, whole],
  );
  return id;
}

export interface KeptResult {
  tool_name: string;
  content: string;
}

/** Undefined if the session has none with this id. */
export async function keptResult(
  query: Queryable,
  { id, sessionId }: { id: string; sessionId: string },
): Promise<KeptResult | undefined> {
  const [row] = await query
    .select({ tool_name: toolResults.tool_name, content: toolResults.content })
    .from(toolResults)
    .where(and(eq(toolResults.id, id), eq(toolResults.session_id, sessionId)));
  return row;
}

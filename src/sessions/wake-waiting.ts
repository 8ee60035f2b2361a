import { and, eq, isNotNull, sql } from "drizzle-orm";
import { type Queryable, rowsOf } from "../db/database.ts";
import { mcpWaits, tasks, toolCalls } from "../db/schema.ts";
import type { Queue } from "../queue/queue.ts";

/**
 * Lets a waiting run go on if everything is there that it waits for: results of calls that are made elsewhere, and decisions about
 * calls. One call of an MCP server that can be continued is enough: the run pauses again for the others. One that was to be cancelled before it could pause goes on to its end. The caller holds the lock of the task's row, so that a
 * decision that comes while a run pauses is seen by one of both.
 */
export async function wakeWaiting(
  tx: Queryable,
  queue: Pick<Queue, "enqueue">,
  task: { id: string; session_id: string },
): Promise<boolean> {
  const [open] = await tx
    .select({ id: toolCalls.id })
    .from(toolCalls)
    .where(
      and(
        eq(toolCalls.task_id, task.id),
        eq(toolCalls.status, "running"),
        // What was decided on and has not begun is what the run goes on with.
        sql`not exists (select from approvals decided where decided.message_id = ${toolCalls.message_id}
          and decided.call_id = ${toolCalls.call_id} and decided.status <> 'pending' and decided.begun_at is null)`,
        sql`not exists (select from ${mcpWaits} where ${eq(mcpWaits.task_id, task.id)} and ${eq(mcpWaits.status, "ready")})`,
        sql`not exists (select from ${tasks} where ${eq(tasks.id, task.id)} and ${isNotNull(tasks.cancel_requested_at)})`,
      ),
    )
    .limit(1);
  if (open) return false;
  // What a run was woken for does not wake it again, even if it cannot take it up any more.
  const woken = await tx.execute(sql`
    with woken as (update tasks set status = 'pending' where id = ${task.id} and status = 'waiting' returning id),
      told as (update mcp_waits set status = 'woken' from woken where task_id = woken.id and mcp_waits.status = 'ready')
    select id from woken`);
  if (rowsOf(woken).length === 0) return false;
  await queue.enqueue(tx, "tasks", { subject: task.id, key: task.session_id });
  return true;
}

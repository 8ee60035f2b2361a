import { and, eq, inArray, sql } from "drizzle-orm";
import type { Queryable } from "../db/database.ts";
import { tasks, toolCalls } from "../db/schema.ts";
import type { Queue } from "../queue/queue.ts";
import { storeResults } from "./store-results.ts";

/**
 * Tells the run that waits for delegated work that the work ends without a result, so that it need not wait until its time is
 * over. It is part of the transaction that ends the work, since nothing would tell it later. A run that has not paused yet finds
 * the outcome when it does; for one that is over, or for other work, nothing is done.
 */
export async function endDelegated(
  tx: Queryable,
  queue: Pick<Queue, "enqueue">,
  work: Pick<typeof tasks.$inferSelect, "dispatch_type" | "dispatch_config" | "error">,
): Promise<void> {
  const { session_id: sessionId, task_id: taskId, tool_call_id: callId } = work.dispatch_config;
  if (work.dispatch_type !== "internal" || typeof taskId !== "string" || typeof callId !== "string") return;
  const [asked] = await tx
    .select()
    .from(tasks)
    .where(
      and(
        sql`${tasks.id}::text = ${taskId}`,
        sql`${tasks.session_id}::text = ${String(sessionId)}`,
        inArray(tasks.status, ["pending", "running", "waiting"]),
      ),
    )
    .for("update");
  if (!asked) return;
  const [call] = await tx
    .select({ id: toolCalls.id })
    .from(toolCalls)
    .where(
      and(eq(toolCalls.task_id, asked.id), eq(toolCalls.call_id, callId), eq(toolCalls.status, "running")),
    )
    .limit(1);
  if (!call) return;
  const error = work.error ?? "The work was cancelled.";
  await storeResults(tx, queue, asked, [{ call: call.id, content: JSON.stringify({ error }), error }]);
}

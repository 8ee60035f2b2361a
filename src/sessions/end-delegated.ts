import { and, eq, inArray } from "drizzle-orm";
import { validate } from "uuid";
import type { Queryable } from "../db/database.ts";
import { tasks, toolCalls } from "../db/schema.ts";
import type { Queue } from "../queue/queue.ts";
import { DELEGATE } from "./call-names.ts";
import { storeResults } from "./store-results.ts";

type Work = Pick<typeof tasks.$inferSelect, "dispatch_type" | "dispatch_config">;

/** The run that waits for the outcome of delegated work, and the call with which it asked for it; undefined for other work. */
export function askerOf({ dispatch_type, dispatch_config }: Work) {
  const { session_id: sessionId, task_id: taskId, tool_call_id: callId } = dispatch_config;
  // Callers of the API may write such a target themselves.
  if (dispatch_type !== "internal" || typeof callId !== "string" || !validate(taskId)) return undefined;
  return { sessionId: String(sessionId), taskId: String(taskId), callId };
}

/**
 * Tells the run that waits for delegated work that the work ends without a result, so that it need not wait until its time is
 * over. It is part of the transaction that ends the work, since nothing would tell it later. A run that has not paused yet finds
 * the outcome when it does; for one that is over, or for other work, nothing is done.
 */
export async function endDelegated(
  tx: Queryable,
  queue: Pick<Queue, "enqueue">,
  work: Work & Pick<typeof tasks.$inferSelect, "error">,
): Promise<void> {
  const asker = askerOf(work);
  if (!asker) return;
  const [asked] = await tx
    .select()
    .from(tasks)
    .where(and(eq(tasks.id, asker.taskId), inArray(tasks.status, ["pending", "running", "waiting"])))
    .for("update");
  if (asked?.session_id !== asker.sessionId) return;
  const [call] = await tx
    .select({ id: toolCalls.id })
    .from(toolCalls)
    .where(
      and(
        eq(toolCalls.task_id, asked.id),
        eq(toolCalls.call_id, asker.callId),
        eq(toolCalls.tool_name, DELEGATE),
        eq(toolCalls.status, "running"),
      ),
    )
    .limit(1);
  if (!call) return;
  const error = work.error ?? "The work was cancelled.";
  await storeResults(tx, queue, asked, [{ call: call.id, content: JSON.stringify({ error }), error }]);
}

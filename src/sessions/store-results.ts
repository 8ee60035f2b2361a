import { and, eq, sql } from "drizzle-orm";
import type { Queryable } from "../db/database.ts";
import { messages, toolCalls } from "../db/schema.ts";
import { storable } from "../db/storable.ts";
import { newId } from "../ids.ts";
import type { Queue } from "../queue/queue.ts";
import { OUTSIDE } from "../taint/taint.ts";
import { wakeWaiting } from "./wake-waiting.ts";

export interface ClientResult {
  /** The id of the row of the call. */
  call: string;
  content: string;
  /** Why the call counts as failed. */
  error?: string;
  /** What Heddle itself says in place of a result. Every other one is text from outside. */
  isOurs?: true;
}

/** Milliseconds; a call waits for weeks at most. */
const SINCE_CALLED = sql<number>`least(2147483647, greatest(0,
  round(1000 * extract(epoch from clock_timestamp() - ${toolCalls.created_at}))))::int`;
/** Characters of a result. */
const LONGEST_RESULT = 30_000;

/**
 * Stores results that come from outside the run, each once, and lets the run go on if it has paused and no other is missing. The
 * caller holds the lock of the task's row.
 */
export async function storeResults(
  tx: Queryable,
  queue: Pick<Queue, "enqueue">,
  task: { id: string; session_id: string },
  results: ClientResult[],
): Promise<void> {
  for (const { call, content, error = null, isOurs } of results) {
    const [answered] = await tx
      .update(toolCalls)
      .set({
        status: error === null ? "done" : "failed",
        error: error && storable(error),
        duration_ms: SINCE_CALLED,
      })
      .where(and(eq(toolCalls.id, call), eq(toolCalls.task_id, task.id), eq(toolCalls.status, "running")))
      .returning({ call_id: toolCalls.call_id });
    if (!answered) continue;
    await tx.insert(messages).values({
      id: newId(),
      session_id: task.session_id,
      role: "tool",
      content: cut(storable(content)),
      tool_call_id: answered.call_id,
      task_id: task.id,
      ...(!isOurs && { metadata: OUTSIDE }),
    });
  }
  await wakeWaiting(tx, queue, task);
}

const cut = (content: string): string =>
  content.length <= LONGEST_RESULT
    ? content
    : `${content.slice(0, LONGEST_RESULT - CUT.length).toWellFormed()}${CUT}`;

const CUT = "\n\n[The rest was cut.]";

// Runs that wait for results from outside, of the client's own tools or of work that another bot does: these let them go on, or
// they end after a while.

import { and, eq, inArray, sql } from "drizzle-orm";
import type { Database } from "../db/database.ts";
import { messages, type TaskStatus, tasks, toolCalls } from "../db/schema.ts";
import { storable } from "../db/storable.ts";
import { HeddleError } from "../errors.ts";
import { every } from "../every.ts";
import { newId } from "../ids.ts";
import type { Logger } from "../log.ts";
import type { Queue } from "../queue/queue.ts";
import { wakeWaiting } from "./wake-waiting.ts";

export interface ClientResult {
  /** The id of the row of the call. */
  call: string;
  content: string;
}

export interface ClientTools {
  /** Returns the task that waits for these results; undefined if there is none, or if they are of several. */
  taskOf(calls: string[]): Promise<{ id: string; channel_id: string; session_id: string } | undefined>;
  /**
   * Stores the results and lets the run go on once all calls of its last answer have one. Throws `conflict` when the task
   * does not wait any more.
   */
  supply(taskId: string, results: ClientResult[]): Promise<void>;
  /**
   * Stores the result of a call that the model has named so, if its run belongs to the session. "early": the run has not paused
   * yet; "over": it does not wait for this result.
   */
  answer(
    call: { taskId: string; sessionId: string; callId: string },
    content: string,
  ): Promise<"answered" | "early" | "over">;
  close(): Promise<void>;
}

export interface ClientToolsOptions {
  db: Database;
  queue: Pick<Queue, "enqueue">;
  log: Logger;
  onCommit?: () => void;
  /** Minutes that a run waits. Default: an hour. */
  waitMinutes?: number;
  everyMs?: number;
}

const WAIT_MINUTES = 60;
const LOOK_EVERY_MS = 60_000;

export function createClientTools(options: ClientToolsOptions): ClientTools {
  const { db, queue, log, onCommit, waitMinutes = WAIT_MINUTES, everyMs = LOOK_EVERY_MS } = options;
  const expiry = every({
    name: "Ending runs whose clients do not come back",
    ms: everyMs,
    log,
    run: () => endForgotten(db, waitMinutes),
  });
  const supply: ClientTools["supply"] = async (taskId, results) => {
    await db.query.transaction(async (tx) => {
      const [task] = await tx
        .select()
        .from(tasks)
        .where(and(eq(tasks.id, taskId), eq(tasks.status, "waiting")))
        .for("update");
      if (!task) {
        throw new HeddleError(
          "conflict",
          "The run does not wait for results of tools any more; send the message again.",
        );
      }
      for (const { call, content } of results) {
        const [answered] = await tx
          .update(toolCalls)
          .set({ status: "done" })
          .where(and(eq(toolCalls.id, call), eq(toolCalls.task_id, taskId), eq(toolCalls.status, "running")))
          .returning({ call_id: toolCalls.call_id });
        if (!answered) continue;
        await tx.insert(messages).values({
          id: newId(),
          session_id: task.session_id,
          role: "tool",
          content: storable(content),
          tool_call_id: answered.call_id,
          task_id: taskId,
        });
      }
      await wakeWaiting(tx, queue, task);
    });
    onCommit?.();
  };
  return {
    async taskOf(calls) {
      if (calls.length === 0) return undefined;
      const found = await db.query
        .selectDistinct({ id: tasks.id, channel_id: tasks.channel_id, session_id: tasks.session_id })
        .from(toolCalls)
        .innerJoin(tasks, eq(tasks.id, toolCalls.task_id))
        .where(and(inArray(toolCalls.id, calls), eq(tasks.status, "waiting")));
      return found.length === 1 ? found[0] : undefined;
    },
    supply,
    async answer({ taskId, sessionId, callId }, content) {
      const [call] = await db.query
        .select({ id: toolCalls.id, status: tasks.status })
        .from(toolCalls)
        .innerJoin(tasks, eq(tasks.id, toolCalls.task_id))
        .where(
          and(
            eq(tasks.id, taskId),
            eq(tasks.session_id, sessionId),
            eq(toolCalls.call_id, callId),
            eq(toolCalls.status, "running"),
          ),
        )
        .limit(1);
      if (!call) return "over";
      if (call.status !== "waiting") return isOpen(call.status) ? "early" : "over";
      await supply(taskId, [{ call: call.id, content }]);
      return "answered";
    },
    close: expiry.close,
  };
}

const isOpen = (status: TaskStatus): boolean => status === "pending" || status === "running";

async function endForgotten({ query }: Pick<Database, "query">, minutes: number): Promise<void> {
  await query
    .update(tasks)
    .set({
      status: "failed",
      error: `Results of tools that run elsewhere did not arrive within ${minutes} minutes.`,
      error_code: "timeout",
      completed_at: new Date(),
    })
    .where(
      and(
        eq(tasks.status, "waiting"),
        // Those that wait for people have times of their own.
        sql`not exists (select from approvals open where open.task_id = ${tasks.id} and open.status = 'pending')`,
        sql`not exists (select from tool_calls recent where recent.task_id = ${tasks.id}
          and recent.created_at > now() - ${minutes} * interval '1 minute')`,
      ),
    );
}

// Reads, lists and cancels tasks for callers. inject() creates them, and the worker runs them.

import { and, desc, eq, getTableColumns, inArray, lt, sql } from "drizzle-orm";
import type { Database } from "../db/database.ts";
import { type Reach, tasksIn } from "../db/reach.ts";
import { messages, type TaskStatus, tasks } from "../db/schema.ts";
import { notFound } from "../errors.ts";
import type { Queue } from "../queue/queue.ts";

/** A task with its prompt, the text of the message that it answers. */
export type TaskRow = typeof tasks.$inferSelect & { prompt: string };

export interface TaskFilter {
  status?: TaskStatus;
  bot_id?: string;
  session_id?: string;
  channel_id?: string;
  source?: string;
  /** How many to return, newest first; default 50. */
  limit?: number;
  /** The id of the previous page's last row. */
  cursor?: string;
  /** Limits the result to rows in reach; undefined returns all rows. */
  reach?: Reach | undefined;
}

export interface Tasks {
  /** Throws `not_found`. */
  get(id: string): Promise<TaskRow>;
  list(filter: TaskFilter): Promise<TaskRow[]>;
  /**
   * Cancels a task that has not begun or waits at once, and a running one within a second. A task that has ended stays as
   * it is. Throws `not_found`.
   */
  cancel(id: string, reason?: string): Promise<TaskRow>;
}

export interface TasksOptions {
  db: Database;
  queue: Queue;
  /** Called when a running task is to stop. */
  onStop?: () => void;
}

export function createTasks({ db, queue, onStop }: TasksOptions): Tasks {
  const select = () =>
    db.query
      .select({ ...getTableColumns(tasks), prompt: messages.content })
      .from(tasks)
      .innerJoin(messages, eq(messages.id, tasks.message_id));

  const get: Tasks["get"] = async (id) => {
    const [row] = await select().where(eq(tasks.id, id));
    if (!row) throw notFound("task", id);
    return row;
  };

  return {
    get,
    list: ({ status, bot_id, session_id, channel_id, source, limit = 50, cursor, reach }) =>
      select()
        .where(
          and(
            status && eq(tasks.status, status),
            bot_id ? eq(tasks.bot_id, bot_id) : undefined,
            session_id ? eq(tasks.session_id, session_id) : undefined,
            channel_id ? eq(tasks.channel_id, channel_id) : undefined,
            source ? eq(tasks.source, source) : undefined,
            cursor ? lt(tasks.id, cursor) : undefined,
            reach && tasksIn(db.query, reach),
          ),
        )
        .orderBy(desc(tasks.id))
        .limit(limit),
    async cancel(id, reason) {
      await get(id);
      await db.query.transaction(async (tx) => {
        const pending = await tx
          .update(tasks)
          .set({
            status: "cancelled",
            error: sql`coalesce(${reason ?? null}, case when ${tasks.status} = 'pending' then 'Cancelled before it ran.'
              else 'Cancelled while it waited for the client.' end)`,
            error_code: "cancelled",
            completed_at: new Date(),
          })
          .where(and(eq(tasks.id, id), inArray(tasks.status, ["pending", "waiting"])))
          .returning({ id: tasks.id });
        if (pending.length > 0) await queue.withdraw(tx, "tasks", id);
        else {
          await tx
            .update(tasks)
            .set({
              cancel_requested_at: sql`coalesce(${tasks.cancel_requested_at}, now())`,
              ...(reason !== undefined && { cancel_reason: reason }),
            })
            .where(and(eq(tasks.id, id), eq(tasks.status, "running")));
        }
      });
      onStop?.();
      return get(id);
    },
  };
}

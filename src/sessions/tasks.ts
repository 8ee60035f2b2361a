// Reads, lists and cancels tasks for callers. inject() creates them, and the worker runs them.

import { and, desc, eq, getTableColumns, inArray, sql } from "drizzle-orm";
import type { Database } from "../db/database.ts";
import { messages, tasks } from "../db/schema.ts";
import { notFound } from "../errors.ts";
import type { Queue } from "../queue/queue.ts";
import { endDelegated } from "./end-delegated.ts";
import { type TaskFilter, tasksWhere } from "./task-filter.ts";

/** A task with its prompt, the text of the message that it answers. */
export type TaskRow = typeof tasks.$inferSelect & { prompt: string };

export interface Tasks {
  /** Throws `not_found`. */
  get(id: string): Promise<TaskRow>;
  /** Newest first; `limit` is 50 by default. */
  list(filter: TaskFilter & { limit?: number }): Promise<TaskRow[]>;
  /** How many match; `onlyOpen` counts only those that have not ended. */
  count(filter: TaskFilter, onlyOpen?: boolean): Promise<number>;
  /** Ids of those that have not ended, newest first. */
  openIds(filter: TaskFilter & { limit: number }): Promise<string[]>;
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

  const cancel: Tasks["cancel"] = async (id, reason) => {
    await get(id);
    await db.query.transaction(async (tx) => {
      const [ended] = await tx
        .update(tasks)
        .set({
          status: "cancelled",
          error: sql`coalesce(${reason ?? null}, case when ${tasks.status} = 'pending' then 'Cancelled before it ran.'
            else 'Cancelled while it waited for a result.' end)`,
          error_code: "cancelled",
          completed_at: new Date(),
        })
        .where(and(eq(tasks.id, id), inArray(tasks.status, ["pending", "waiting"])))
        .returning();
      if (ended) {
        await queue.withdraw(tx, "tasks", id);
        await endDelegated(tx, queue, ended);
      } else {
        await tx
          .update(tasks)
          .set({
            cancel_requested_at: sql`coalesce(${tasks.cancel_requested_at}, now())`,
            ...(reason !== undefined && { cancel_reason: reason }),
          })
          .where(and(eq(tasks.id, id), eq(tasks.status, "running")));
      }
    });
    for (const delegated of await delegatedBy(db.query, id)) await cancel(delegated, reason);
    onStop?.();
    return get(id);
  };

  return {
    get,
    list: ({ limit = 50, ...filter }) =>
      select().where(tasksWhere(db.query, filter)).orderBy(desc(tasks.id)).limit(limit),
    async count(filter, onlyOpen = false) {
      return db.query.$count(tasks, tasksWhere(db.query, filter, onlyOpen));
    },
    async openIds({ limit, ...filter }) {
      const rows = await db.query
        .select({ id: tasks.id })
        .from(tasks)
        .where(tasksWhere(db.query, filter, true))
        .orderBy(desc(tasks.id))
        .limit(limit);
      return rows.map(({ id }) => id);
    },
    cancel,
  };
}

/** The runs that do what the task has delegated. They are in its channel. */
async function delegatedBy(query: Database["query"], id: string): Promise<string[]> {
  const open = await query
    .select({ id: tasks.id })
    .from(tasks)
    .where(
      and(
        inArray(tasks.status, ["pending", "running", "waiting"]),
        sql`${tasks.channel_id} = (select channel_id from tasks parent where parent.id = ${id}::uuid)`,
        eq(tasks.dispatch_type, "internal"),
        sql`${tasks.dispatch_config} ->> 'task_id' = ${id}`,
      ),
    );
  return open.map((row) => row.id);
}

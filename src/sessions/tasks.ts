// Reads, lists and cancels tasks for callers. inject() creates them, and the worker runs them.

import { and, desc, eq, getTableColumns, inArray, sql } from "drizzle-orm";
import { type Database, type Queryable, rowsOf } from "../db/database.ts";
import { messages, tasks } from "../db/schema.ts";
import type { CleanUp } from "../dispatch/streams/clean-up.ts";
import { notFound } from "../errors.ts";
import type { Queue } from "../queue/queue.ts";
import { askerOf, endDelegated } from "./end-delegated.ts";
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
   * Cancels a task that has not begun or waits at once, and a running one within a second, together with what it has delegated. A
   * task that has ended stays as it is. Throws `not_found`.
   */
  cancel(id: string, reason?: string): Promise<TaskRow>;
}

export interface TasksOptions {
  db: Database;
  queue: Queue;
  /** Tells those who watched an answer being written that there will be none. Default: nobody did. */
  cleanUp?: CleanUp;
  /** Called when a running task is to stop. */
  onStop?: () => void;
}

export function createTasks({ db, queue, cleanUp, onStop }: TasksOptions): Tasks {
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
    const task = await get(id);
    await db.query.transaction(async (tx) => {
      const chain = await lockChain(tx, task);
      const ended = await tx
        .update(tasks)
        .set({
          status: "cancelled",
          error: sql`coalesce(${reason ?? null}, case when ${tasks.status} = 'pending' then 'Cancelled before it ran.'
            else 'Cancelled while it waited for a result.' end)`,
          error_code: "cancelled",
          cancel_requested_at: sql`coalesce(${tasks.cancel_requested_at}, now())`,
          completed_at: new Date(),
        })
        .where(and(inArray(tasks.id, chain), inArray(tasks.status, ["pending", "waiting"])))
        .returning();
      if (ended.length < chain.length) {
        await tx
          .update(tasks)
          .set({
            cancel_requested_at: sql`coalesce(${tasks.cancel_requested_at}, now())`,
            ...(reason !== undefined && { cancel_reason: reason }),
          })
          .where(and(inArray(tasks.id, chain), eq(tasks.status, "running")));
      }
      await queue.withdrawAll(
        tx,
        "tasks",
        ended.map((row) => row.id),
      );
      for (const work of ended) await endDelegated(tx, queue, work);
      await cleanUp?.(tx, ended);
    });
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

/**
 * Locks the task and the runs that do what it has delegated, down to the last one, which are in its channel; returns their ids. The
 * run that waits for the task itself is locked with them: in the order of their ids, so that two cancellations of one chain cannot
 * block each other. A locked run neither begins nor pauses meanwhile, so that none is missed between two states.
 */
async function lockChain(tx: Queryable, task: TaskRow): Promise<string[]> {
  const { id } = task;
  const asker = askerOf(task)?.taskId ?? null;
  const locked = await tx.execute(sql`
    with recursive chain as (
      select id, channel_id from tasks where id = ${id}::uuid
      union
      select work.id, work.channel_id from tasks work join chain on work.channel_id = chain.channel_id
      where work.status in ('pending', 'running', 'waiting') and work.dispatch_type = 'internal'
        and work.dispatch_config ->> 'task_id' = chain.id::text
    )
    select id from tasks where id = ${asker}::uuid or id in (select id from chain) order by id for update`);
  return rowsOf<{ id: string }>(locked)
    .map((row) => row.id)
    .filter((one) => one !== asker);
}

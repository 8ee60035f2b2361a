import { and, eq, inArray, sql } from "drizzle-orm";
import type { ClaimedTask } from "../agent/claimed-task.ts";
import type { Queryable } from "../db/database.ts";
import { prepared } from "../db/prepared.ts";
import { type JsonObject, sessions, tasks } from "../db/schema.ts";
import type { ShownBot } from "../dispatch/attribution.ts";
import { isFollowed } from "../queue/queue.ts";
import type { ExecutionConfig } from "../sdk/types.ts";
import { HAS_NOT_BEGUN, joinable, MOST_JOINED, type WaitingTask } from "../sessions/join.ts";
import { DELEGATED } from "../taint/taint.ts";

type TaskRow = typeof tasks.$inferSelect;
export interface Claim {
  task: TaskRow;
  turn: ClaimedTask;
  /** The number of runs that led to the message to answer. */
  hops: number;
  /** Other runs of the task's conversation in the last hour, or since somebody let it continue; zero for one that is not counted. */
  recentRuns: number;
  /** What its places show of an answer that is not finished. */
  display: "append" | "replace" | "hidden";
  /** The tasks that wait behind it in its session, oldest first. */
  waiting: WaitingTask[];
  /** Whether other tasks of the session waited at the time of the claim. */
  isFollowed: boolean;
  /** Of work that was delegated, and of heartbeats: the bot as it is shown, and the metadata of delegated work. */
  shown: { bot: ShownBot; metadata: JsonObject | null } | null;
}

/**
 * Claims a task for this worker, or returns undefined when the task has ended. Each claim raises `attempt`, which fences off
 * the writes of any earlier claim; a task that was still "running" has lost its worker.
 */
export async function claimTask(query: Queryable, id: string): Promise<Claim | undefined> {
  const [row] = await claim(query).execute({ id });
  if (!row) return undefined;
  const { task, client_id, ...facts } = row;
  return {
    task,
    ...facts,
    turn: {
      id: task.id,
      session_id: task.session_id,
      channel_id: task.channel_id,
      client_id,
      bot_id: task.bot_id,
      message_id: task.message_id,
      owner: task.owner,
      schedule_id: task.schedule_id,
      when_busy: task.when_busy,
      merge_key: task.merge_key,
      mayJoin: joinable(task, facts.waiting).length > 0,
      correlation_id: task.correlation_id,
      attempt: task.attempt,
      run_at: task.run_at ?? new Date(),
      dispatch_type: task.dispatch_type,
      dispatch_config: task.dispatch_config,
      execution_config: task.execution_config as ExecutionConfig,
    },
  };
}

const claim = prepared((query) =>
  query
    .update(tasks)
    .set({
      status: "running",
      attempt: sql`${tasks.attempt} + 1`,
      losses: sql`${tasks.losses} + (${tasks.status} = 'running')::int`,
      tool_losses: sql`${tasks.tool_losses} + (${tasks.status} = 'running' and exists (
        select from tool_calls where task_id = ${tasks.id} and status = 'running'))::int`,
      run_at: sql`coalesce(${tasks.run_at}, now())`,
    })
    .from(sessions)
    .where(
      and(
        eq(tasks.id, sql.placeholder("id")),
        inArray(tasks.status, ["pending", "running"]),
        eq(sessions.id, tasks.session_id),
      ),
    )
    .returning({
      task: tasks,
      client_id: sessions.client_id,
      hops: sql<number>`coalesce((select hops from messages where messages.id = ${tasks.message_id}), 0)`,
      // Column names are written by hand, because drizzle would omit their table here. A refused run has no run_at.
      display: sql<
        Claim["display"]
      >`coalesce((select thinking_display from channels where channels.id = tasks.channel_id), 'append')`,
      recentRuns: sql<number>`(
        select count(*)::int from tasks other where other.loop_key = ${tasks.loop_key}
          and other.run_at > greatest(now() - interval '1 hour', (
            select released_at from loop_releases where loop_releases.loop_key = other.loop_key))
          and other.id <> ${tasks.id})`,
      waiting: sql<WaitingTask[]>`(
        select coalesce(jsonb_agg(jsonb_build_object('id', behind.id, 'when_busy', behind.when_busy,
          'merge_key', behind.merge_key) order by behind.id), '[]')
        from (select id, when_busy, merge_key from tasks other where other.session_id = ${tasks.session_id}
          and other.status = 'pending' and other.${HAS_NOT_BEGUN} and other.id <> ${tasks.id} order by id limit ${sql.raw(String(MOST_JOINED))}) behind)`,
      shown: sql<
        Claim["shown"]
      >`case when ${tasks.dispatch_type} = 'internal' or ${tasks.schedule_id} is not null then (
        select jsonb_build_object('bot', jsonb_build_object('id', bots.id, 'name', bots.name, 'icon_emoji', bots.icon_emoji,
            'icon_url', bots.icon_url),
          'metadata', (select metadata from messages where messages.id = ${tasks.message_id}
            and starts_with(coalesce(messages.dedupe_key, ''), ${DELEGATED})))
        from bots where bots.id = ${tasks.bot_id}) end`,
      isFollowed: isFollowed("tasks", sql`${tasks.session_id}::text`),
    }),
);

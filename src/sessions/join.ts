// Lets a run take over messages that wait for runs of their own: their tasks end as "merged", and their messages are read
// by this run. One transaction, fenced by the run's claim, so that no message is lost or read twice.

import { sql } from "drizzle-orm";
import { type AttachedFile, filesOf } from "../attachments/store.ts";
import { type Database, rowsOf } from "../db/database.ts";
import type { JsonObject, WhenBusy } from "../db/schema.ts";
import type { Queue } from "../queue/queue.ts";

/** A task that waits behind a run of its session. */
export interface WaitingTask {
  id: string;
  when_busy: WhenBusy;
  merge_key: string | null;
}

/** The run that takes over. */
export interface JoiningRun {
  id: string;
  session_id: string;
  attempt: number;
  when_busy?: WhenBusy;
  merge_key?: string | null;
}

export interface Joined {
  id: string;
  content: string;
  from_person: boolean;
  dedupe_key: string | null;
  metadata: JsonObject;
  files: AttachedFile[] | null;
}

export interface JoinOptions {
  db: Pick<Database, "query">;
  queue: Pick<Queue, "withdrawAll">;
}

/**
 * For a task that waits: one that has been claimed before, and goes on when it has a result or a decision, is no message that
 * arrives. It has steps of its own.
 */
export const HAS_NOT_BEGUN = sql.raw("attempt = 0");

/** Most messages that one run takes over at a time. */
export const MOST_JOINED = 50;

/**
 * Returns the messages that wait at the head of the session's queue and may join the run, oldest first. One that may not
 * keeps back those behind it, so that the order stays.
 */
export function joinable(
  run: Pick<JoiningRun, "when_busy" | "merge_key">,
  waiting: WaitingTask[],
): WaitingTask[] {
  const end = waiting.findIndex(
    ({ when_busy, merge_key }) =>
      merge_key === null ||
      merge_key !== run.merge_key ||
      !(when_busy === "steer" || (when_busy === "collect" && run.when_busy === "collect")),
  );
  return end < 0 ? waiting : waiting.slice(0, end);
}

export function createJoin({ db, queue }: JoinOptions) {
  /** Takes over what may join now; none if the claim is another's. */
  return async (run: JoiningRun): Promise<Joined[]> =>
    db.query.transaction(async (tx) => {
      const claimed = await tx.execute(sql`
        select id from tasks where id = ${run.id}::uuid and attempt = ${run.attempt}::int and status = 'running'
        for no key update`);
      if (rowsOf(claimed).length === 0) return [];
      const found = await tx.execute(sql`
        select id, when_busy, merge_key from tasks where session_id = ${run.session_id}::uuid and status = 'pending'
          and ${HAS_NOT_BEGUN} order by id limit ${MOST_JOINED}`);
      const ids = joinable(run, rowsOf<WaitingTask>(found)).map(({ id }) => id);
      if (ids.length === 0) return [];
      // The messages move to where the run reads them: after its steps so far, before those to come.
      const joined = await tx.execute(sql`
        with merged as (
          update tasks set status = 'merged', merged_into = ${run.id}::uuid, completed_at = now()
          where id in (select value::uuid from jsonb_array_elements_text(${JSON.stringify(ids)}::jsonb)) and status = 'pending'
          returning id, message_id
        ), placed as (
          select id, message_id, nextval('messages_position_seq') as position
          from (select id, message_id from merged order by id) in_order
        )
        update messages set position = placed.position from placed where messages.id = placed.message_id
        returning placed.id as task_id, messages.id, messages.content, messages.from_person,
          messages.dedupe_key, messages.metadata,
          ${filesOf(sql`messages.id`)} as files`);
      const rows = rowsOf<Joined & { task_id: string }>(joined).sort((a, b) =>
        a.task_id < b.task_id ? -1 : 1,
      );
      await queue.withdrawAll(
        tx,
        "tasks",
        rows.map(({ task_id }) => task_id),
      );
      return rows;
    });
}

// Deletes conversations in which nothing has happened for long, if the operator wants that. Always whole ones: whether a conversation
// contains text of strangers is told from its messages, and a part of them would tell otherwise.

import { setTimeout as sleep } from "node:timers/promises";
import { and, eq, gt, type SQL, sql } from "drizzle-orm";
import { advisoryLock } from "../db/advisory-lock.ts";
import type { Database } from "../db/database.ts";
import { sessions } from "../db/schema.ts";
import { every } from "../every.ts";
import type { Logger } from "../log.ts";

export interface PurgeOptions {
  db: Database;
  log: Logger;
  retentionDays: number;
  /** Default: an hour. */
  everyMs?: number;
  now?: () => number;
}

export interface Purge {
  /** Deletes the conversations that are over, one at a time. Returns how many were deleted. */
  run(): Promise<number>;
  close(): Promise<void>;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Sessions that are looked at together. */
const PAGE = 200;
const FIRST_ID = "00000000-0000-0000-0000-000000000000";
/** Pause after each, so that messages which arrive are not held up. */
const PAUSE_MS = 20;

/** Of the servers on one database, only one deletes at a time. */
export function createPurge({
  db,
  log,
  retentionDays,
  everyMs = HOUR_MS,
  now = Date.now,
}: PurgeOptions): Purge {
  let isClosed = false;

  const run = async (): Promise<number> => {
    const before = new Date(now() - retentionDays * DAY_MS).toISOString();
    let [deleted, last] = [0, FIRST_ID];
    while (!isClosed) {
      const page = await pageAfter(db, last, before);
      for (const { id } of page.filter(({ isOver }) => isOver)) {
        if (isClosed) break;
        if (await deleteOne(db, id, before)) deleted++;
        await sleep(PAUSE_MS);
      }
      if (page.length < PAGE) break;
      last = page.at(-1)?.id ?? last;
    }
    return deleted;
  };

  const sweeps = every({
    name: "Deleting old conversations",
    ms: everyMs,
    log,
    led: advisoryLock(db, "heddle sessions purge"),
    async run() {
      const deleted = await run();
      if (deleted > 0) log.info("{deleted} old conversations were deleted", { deleted });
    },
  });

  return {
    run,
    close() {
      isClosed = true;
      return sweeps.close();
    },
  };
}

/**
 * Nothing was said or done in it since then, nothing in it goes on or waits, every outcome was delivered, and nothing rests on it: what
 * a bot remembers names the message that it comes from, and documents that are limited to a session would be deleted with it. Column
 * names are written by hand, because drizzle would write them without their table here.
 */
const isOver = (before: string): SQL<boolean> => sql<boolean>`(
  sessions.created_at < ${before}::timestamptz
  and coalesce((select said.created_at from messages said where said.session_id = sessions.id
    order by said.position desc limit 1) < ${before}::timestamptz, true)
  and not exists (select 1 from tasks where tasks.session_id = sessions.id and (
    tasks.status not in ('complete', 'failed', 'cancelled', 'merged')
    or coalesce(tasks.completed_at, tasks.created_at) >= ${before}::timestamptz
    or exists (select 1 from deliveries where deliveries.task_id = tasks.id and deliveries.status <> 'delivered')))
  and not exists (select 1 from memories where memories.session_id = sessions.id)
  and not exists (select 1 from documents where documents.session_id = sessions.id))`;

const pageAfter = ({ query }: Database, last: string, before: string) =>
  query
    .select({ id: sessions.id, isOver: isOver(before) })
    .from(sessions)
    .where(gt(sessions.id, last))
    .orderBy(sessions.id)
    .limit(PAGE);

/** Looks again once nobody can write into it any more. Whoever is writing just now keeps it. */
async function deleteOne({ query }: Database, id: string, before: string): Promise<boolean> {
  return query.transaction(async (tx) => {
    const own = eq(sessions.id, id);
    const [free] = await tx
      .select({ id: sessions.id })
      .from(sessions)
      .where(own)
      .for("update", { skipLocked: true });
    if (!free) return false;
    const gone = await tx
      .delete(sessions)
      .where(and(own, isOver(before)))
      .returning({ id: sessions.id });
    return gone.length > 0;
  });
}

import { setTimeout as sleep } from "node:timers/promises";
import { inArray, lt } from "drizzle-orm";
import { advisoryLock } from "../db/advisory-lock.ts";
import type { Database } from "../db/database.ts";
import { inboxEvents } from "../db/schema.ts";
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
  /** Deletes webhooks older than the retention in small batches. Returns how many were deleted. */
  run(): Promise<number>;
  close(): Promise<void>;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const BATCH = 500;
/** Pause between two batches, so that incoming webhooks are not held up. */
const PAUSE_MS = 20;

/** Deletes old records once an hour. Of the servers on one database, only one does so at a time. */
export function createPurge({
  db,
  log,
  retentionDays,
  everyMs = HOUR_MS,
  now = Date.now,
}: PurgeOptions): Purge {
  let isClosed = false;

  const run = async (): Promise<number> => {
    const before = new Date(now() - retentionDays * DAY_MS);
    let deleted = 0;
    for (;;) {
      const count = await deleteSome(db, before);
      deleted += count;
      if (count < BATCH || isClosed) return deleted;
      await sleep(PAUSE_MS);
    }
  };

  const sweeps = every({
    name: "Deleting old webhooks",
    ms: everyMs,
    log,
    led: advisoryLock(db, "heddle inbox purge"),
    async run() {
      const deleted = await run();
      if (deleted > 0) log.debug("{deleted} old webhooks were deleted", { deleted });
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

async function deleteSome({ query }: Pick<Database, "query">, before: Date): Promise<number> {
  const old = query
    .select({ id: inboxEvents.id })
    .from(inboxEvents)
    .where(lt(inboxEvents.created_at, before))
    .orderBy(inboxEvents.created_at)
    .limit(BATCH);
  const gone = await query
    .delete(inboxEvents)
    .where(inArray(inboxEvents.id, old))
    .returning({ id: inboxEvents.id });
  return gone.length;
}

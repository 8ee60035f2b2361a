// Keeps the log of events bounded, in age and in number.

import { advisoryLock } from "../db/advisory-lock.ts";
import type { Database } from "../db/database.ts";
import { every } from "../every.ts";
import type { Logger } from "../log.ts";

export interface PurgeOptions {
  db: Database;
  log: Logger;
  /** Default: an hour. */
  everyMs?: number;
  keepHours?: number;
  keepEvents?: number;
}

const HOUR_MS = 3_600_000;
const KEEP_HOURS = 48;
const KEEP_EVENTS = 200_000;
const BATCH = 5_000;

/** The fact about the database that says up to which transaction events were deleted. */
export const PURGED = "events_purged_tx";

export function createPurge({
  db,
  log,
  everyMs = HOUR_MS,
  keepHours = KEEP_HOURS,
  keepEvents = KEEP_EVENTS,
}: PurgeOptions) {
  const run = async (): Promise<number> => {
    let deleted = 0;
    for (;;) {
      const { rows } = await db.execute(
        `with old as (
           select id from events
           where created_at < now() - $1::int * interval '1 hour'
             or id <= (select max(id) from events) - $2::bigint
             -- A restored database counts its transactions anew.
             or tx > pg_current_xact_id()::text::bigint
           order by id limit $3::int
         ), gone as (
           delete from events where id in (select id from old) returning tx
         ), noted as (
           insert into meta (key, value)
           select '${PURGED}', to_jsonb(max(tx)) from gone having count(*) > 0
           on conflict (key) do update set value = to_jsonb(greatest((meta.value #>> '{}')::bigint,
             (excluded.value #>> '{}')::bigint))
         )
         select count(*)::int as count from gone`,
        [keepHours, keepEvents, BATCH],
      );
      const count = Number(rows[0]?.count);
      deleted += count;
      if (count < BATCH) return deleted;
    }
  };
  const sweeps = every({
    name: "Deleting old events",
    ms: everyMs,
    log,
    led: advisoryLock(db, "heddle events purge"),
    run: async () => void (await run()),
  });
  return { run, close: () => sweeps.close() };
}

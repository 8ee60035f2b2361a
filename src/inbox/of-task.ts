import { type SQL, sql } from "drizzle-orm";
import { inboxEvents, tasks } from "../db/schema.ts";

const HOUR_MS = 3_600_000;

/**
 * The webhooks that made this task, and copies of them. Outcomes have no index, so those are looked for among the records of
 * an hour before and after the task, whose ids say when they came; and copies, which may come days later, by their key.
 */
export const ofTask = (id: string): SQL => {
  const made = JSON.stringify([{ task_id: id }]);
  return sql`${inboxEvents.id} in (
    with original as (
      select id, integration_id, idempotency_key from ${inboxEvents}
      where id >= ${idAt(id, -HOUR_MS)} and id <= ${idAt(id, HOUR_MS)} and outcomes @> ${made}::jsonb
    )
    select id from original union
    select copy.id from original join ${inboxEvents} as copy using (integration_id, idempotency_key)
    where copy.outcomes @> ${made}::jsonb)`;
};

/** The first id of a moment: `offsetMs` from the task's beginning. */
const idAt = (task: string, offsetMs: number): SQL => sql`
  (select rpad(lpad(to_hex((extract(epoch from ${tasks.created_at}) * 1000)::bigint + ${offsetMs}::int), 12, '0'), 32, '0')::uuid
    from ${tasks} where ${tasks.id} = ${task})`;

import { type SQL, sql } from "drizzle-orm";
import { inboxEvents, tasks } from "../db/schema.ts";

/**
 * The webhooks that made this task, and copies of them. Outcomes have no index, so the search begins at the ids of an hour
 * before the task: a record is about as old as its task, or younger if it is a copy.
 */
export const ofTask = (id: string): SQL => sql`
  ${inboxEvents.id} >= (select rpad(lpad(to_hex((extract(epoch from ${tasks.created_at}) * 1000)::bigint - 3600000), 12, '0'), 32, '0')::uuid
    from ${tasks} where ${tasks.id} = ${id})
  and ${inboxEvents.outcomes} @> ${JSON.stringify([{ task_id: id }])}::jsonb`;

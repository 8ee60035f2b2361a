// Conversations whose messages are held because they seem to answer each other endlessly.

import { sql } from "drizzle-orm";
import { type Queryable, rowsOf } from "../db/database.ts";
import { type Reach, tasksIn } from "../db/reach.ts";
import { tasks } from "../db/schema.ts";
import type { Repair } from "./repair.ts";

const RECENT_MS = 24 * 3_600_000;
const MOST = 20;

interface Row {
  id: string;
  bot_id: string;
  place: string;
  count: number;
  since: string;
  error: string | null;
}

/** Those that nobody has let continue since. A run counts until its message runs again, or a day has passed. */
export async function loopRepairs(
  query: Queryable,
  reach: Reach | undefined,
  now: number,
): Promise<Repair[]> {
  const held = sql`
    select distinct on (coalesce(tasks.loop_key, tasks.session_id::text)) tasks.id, tasks.bot_id, tasks.error,
      sessions.client_id as place, min(tasks.created_at) over same as since, (count(*) over same)::int as count
    from ${tasks} join sessions on sessions.id = tasks.session_id
    where tasks.status = 'failed' and tasks.error_code = 'loop_detected'
      and tasks.created_at > ${new Date(now - RECENT_MS).toISOString()}
      and not exists (select from loop_releases released
        where released.loop_key = tasks.loop_key and released.released_at > tasks.created_at)
      and not exists (select from tasks again join messages on messages.id = again.message_id
        where again.session_id = tasks.session_id and again.id > tasks.id
          and messages.metadata ->> 'rerun_of' = tasks.id::text)
      ${reach ? sql`and ${tasksIn(query, reach)}` : sql``}
    window same as (partition by coalesce(tasks.loop_key, tasks.session_id::text))
    order by coalesce(tasks.loop_key, tasks.session_id::text), tasks.id desc limit ${MOST}`;
  return rowsOf<Row>(await query.execute(held)).map((row) => ({
    id: `loop_held/${row.id}`,
    kind: "loop_held",
    severity: "warning",
    title: `${row.place} seems to answer itself without end.`,
    detail: row.error,
    blocks: `${row.count} ${row.count === 1 ? "message is" : "messages are"} kept without an answer of ${row.bot_id}.`,
    since: new Date(row.since),
    count: row.count,
    integration_id: null,
    action: "continue_loop",
    scope: "tasks:read",
  }));
}

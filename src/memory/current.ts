// Which memories apply: of each, the accepted version with the highest number.

import { type Placeholder, type SQL, sql } from "drizzle-orm";

/** A statement for the rows that apply to a bot in a channel. The arguments are SQL, not values. */
export const currentMemories = (bot: string, channel: string, asOf = "now()"): string => `
  select * from (
    select distinct on (memory_id) * from memories
    where bot_id = ${bot} and (channel_id is null or channel_id = ${channel}) and status = 'accepted'
      and coalesce(reviewed_at, created_at) <= ${asOf}
    order by memory_id, version desc
  ) latest where text is not null`;

const MOST_SHOWN = 100;
/** The start of the session or its last compaction. */
const AS_OF = `greatest(here.created_at,
  (select created_at from compactions where compactions.session_id = here.id order by number desc limit 1))`;

/**
 * The newest memories of a run's bot, oldest first, as a JSON list. What was learned since the start of the session or its last
 * compaction is not shown until the next one, because it would change the beginning of every request.
 */
export const snapshotOf = (taskId: string | Placeholder): SQL<SnapshotLine[]> => sql`(
  select coalesce(json_agg(json_build_object('text', shown.text,
      'day', to_char(shown.created_at at time zone 'UTC', 'YYYY-MM-DD')) order by shown.created_at, shown.id), '[]')
  from tasks run join sessions here on here.id = run.session_id
    cross join lateral (${sql.raw(`${currentMemories("run.bot_id", "run.channel_id", AS_OF)}
      order by created_at desc, id desc limit ${MOST_SHOWN}`)}) shown
  where run.id = ${taskId}::uuid)`;

export interface SnapshotLine {
  text: string;
  /** "2026-11-28", in UTC. */
  day: string;
}

// What has happened, one line for each thing; the journal is what people and bots wrote down themselves.

import type { Sql } from "heddle/sdk";
import { tables } from "./tables.ts";

export interface TimelineEvent {
  id: number;
  at: string;
  kind: "card" | "plan" | "note" | "journal";
  content: string;
  /** A bot's id, or a person's name. */
  actor: string;
  channel_id: string | null;
  card_id: string | null;
  plan_id: string | null;
  task_id: string | null;
}

export type NewEvent = Pick<TimelineEvent, "kind" | "content" | "actor"> &
  Partial<Pick<TimelineEvent, "channel_id" | "card_id" | "plan_id" | "task_id">>;

/** Tells open pages and other programs that something has changed. */
export const announce = (
  sql: Sql,
  kind: TimelineEvent["kind"],
  { channel_id, card_id, plan_id }: Partial<Pick<TimelineEvent, "channel_id" | "card_id" | "plan_id">>,
): Promise<void> =>
  sql.publish(`${kind}.changed`, {
    ...(channel_id && { channel_id }),
    ...(card_id && { card_id }),
    ...(plan_id && { plan_id }),
  });

export async function tell(sql: Sql, event: NewEvent): Promise<TimelineEvent> {
  const [row] = await sql.query<TimelineEvent>(
    `INSERT INTO timeline (kind, content, actor, channel_id, card_id, plan_id, task_id)
     VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING *`,
    [event.kind, event.content, event.actor, event.channel_id, event.card_id, event.plan_id, event.task_id],
  );
  await announce(sql, event.kind, event);
  return row as TimelineEvent;
}

export interface Wanted {
  days: number;
  limit: number;
  channel_id?: string | undefined;
  /** Only events of these. */
  channels?: readonly string[] | undefined;
  kind?: string | undefined;
  /** The id of the last event of the page before. */
  before?: number | undefined;
}

/** Newest first. */
export const listTimeline = ({
  days,
  limit,
  channel_id,
  channels,
  kind,
  before,
}: Wanted): Promise<TimelineEvent[]> =>
  tables.query<TimelineEvent>(
    `SELECT * FROM timeline
     WHERE at > now() - $1::int * interval '1 day'
       AND ($2::text IS NULL OR channel_id = $2)
       AND ($3::text IS NULL OR kind = $3)
       AND ($4::bigint IS NULL OR id < $4)
       AND ($6::jsonb IS NULL OR $6::jsonb ? channel_id)
     ORDER BY id DESC LIMIT $5`,
    [days, channel_id, kind, before, limit, channels],
  );

// Reads the log of events, which triggers write; see the migration that creates them.

import type { Database } from "../db/database.ts";
import type { JsonObject } from "../db/schema.ts";
import { type Cursor, oldestIn } from "./cursor.ts";

export interface LoggedEvent {
  id: number;
  /** Such as "task.completed". */
  type: string;
  task_id: string | null;
  session_id: string | null;
  channel_id: string | null;
  bot_id: string | null;
  integration_id: string | null;
  owner: string | null;
  correlation_id: string | null;
  /** What a key needs to see it, of an event that an integration has published. */
  scope: string | null;
  data: JsonObject;
  created_at: Date;
}

/** An event with the place after it, from which a reader that has seen it continues. */
export interface Placed {
  event: LoggedEvent;
  cursor: Cursor;
}

export interface Page {
  events: Placed[];
  /** The place after the page. */
  cursor: Cursor;
  hasMore: boolean;
}

const PAGE = 500;

const COLUMNS =
  "id, type, task_id, session_id, channel_id, bot_id, integration_id, owner, correlation_id, scope, data, created_at";

/** The place after everything that is committed now. */
export async function currentCursor(db: Pick<Database, "execute">): Promise<Cursor> {
  const { rows } = await db.execute("select pg_current_snapshot()::text as snapshot");
  return { since: String(rows[0]?.snapshot) };
}

/** Returns what is committed now and follows the place, of one task or of all. */
export async function readLog(
  db: Pick<Database, "execute">,
  { since, within }: Cursor,
  { taskId = null, limit = PAGE }: { taskId?: string | null; limit?: number } = {},
): Promise<Page> {
  const { rows } = await db.execute(
    `with now as materialized (select coalesce($3::text::pg_snapshot, pg_current_snapshot()) as snapshot)
     select now.snapshot::text as snapshot, found.* from now left join lateral (
       select ${COLUMNS} from events
       where tx >= $1::bigint and not pg_visible_in_snapshot(tx::text::xid8, $2::text::pg_snapshot)
         and pg_visible_in_snapshot(tx::text::xid8, now.snapshot) and id > $4::bigint
         and ($5::uuid is null or task_id = $5::uuid)
       order by id limit $6::int
     ) found on true`,
    [oldestIn(since), since, within?.snapshot ?? null, within?.id ?? 0, taskId, limit + 1],
  );
  const snapshot = String(rows[0]?.snapshot);
  const found = rows.filter(({ id }) => id !== null);
  const hasMore = found.length > limit;
  const events = found.slice(0, limit).map((row) => {
    const event = eventIn(row);
    return { event, cursor: { since, within: { snapshot, id: event.id } } };
  });
  const last = events.at(-1);
  return { events, hasMore, cursor: hasMore && last ? last.cursor : { since: snapshot } };
}

const eventIn = (row: Record<string, unknown>): LoggedEvent => ({
  ...(row as unknown as LoggedEvent),
  id: Number(row.id),
  data: typeof row.data === "string" ? JSON.parse(row.data) : (row.data as JsonObject),
  created_at: new Date(row.created_at as string | Date),
});

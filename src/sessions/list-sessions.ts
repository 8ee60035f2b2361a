import { and, desc, eq, lt } from "drizzle-orm";
import type { Queryable } from "../db/database.ts";
import { type Reach, sessionsIn } from "../db/reach.ts";
import { sessions } from "../db/schema.ts";

export type SessionRow = typeof sessions.$inferSelect;

export interface SessionFilter {
  channel_id?: string;
  client_id?: string;
  bot_id?: string;
  active?: boolean;
  /** How many to return, newest first. */
  limit: number;
  /** The id of the previous page's last row. */
  cursor?: string;
  /** Limits the result to rows in reach; undefined returns all rows. */
  reach?: Reach | undefined;
}

export const listSessions = (
  query: Queryable,
  { channel_id, client_id, bot_id, active, limit, cursor, reach }: SessionFilter,
): Promise<SessionRow[]> =>
  query
    .select()
    .from(sessions)
    .where(
      and(
        channel_id === undefined ? undefined : eq(sessions.channel_id, channel_id),
        client_id === undefined ? undefined : eq(sessions.client_id, client_id),
        bot_id === undefined ? undefined : eq(sessions.bot_id, bot_id),
        active === undefined ? undefined : eq(sessions.active, active),
        cursor === undefined ? undefined : lt(sessions.id, cursor),
        reach && sessionsIn(query, reach),
      ),
    )
    .orderBy(desc(sessions.id))
    .limit(limit);

export async function sessionExists(query: Queryable, id: string): Promise<boolean> {
  const rows = await query.select({ id: sessions.id }).from(sessions).where(eq(sessions.id, id));
  return rows.length > 0;
}

import { and, desc, eq, getTableColumns, lt, type SQL, sql } from "drizzle-orm";
import type { Queryable } from "../db/database.ts";
import { type Reach, sessionsIn } from "../db/reach.ts";
import { channels, messages, sessions } from "../db/schema.ts";
import { notFound } from "../errors.ts";

export interface SessionRow
  extends Omit<typeof sessions.$inferSelect, "read_position" | "compact_requested_at"> {
  /** Answers that nobody has read; at most MOST_UNREAD are counted. */
  unread: number;
  /** Null: it has no message. */
  last_message_at: Date | null;
  /** The name that its channel has in the database. */
  channel_name: string;
  /** The beginning of its first message from outside; null if it has none. */
  title: string | null;
}

export const SESSION_ORDERS = ["created", "activity"] as const;

export interface SessionFilter {
  channel_id?: string;
  client_id?: string;
  bot_id?: string;
  active?: boolean;
  /** Whether another bot began it, by giving work to its bot. */
  delegated?: boolean;
  /** Text that the name or the client_id of the channel must contain, ignoring case. */
  q?: string;
  /** By which time the newest come first: that of the session (default), or that of its last message. */
  order?: (typeof SESSION_ORDERS)[number];
  /** How many to return, newest first. */
  limit: number;
  /** The id of the previous page's last row. */
  cursor?: string;
  /** Limits the result to rows in reach; undefined returns all rows. */
  reach?: Reach | undefined;
}

const MOST_UNREAD = 100;
const TITLE_LENGTH = 200;

const { read_position: _, compact_requested_at: __, ...columns } = getTableColumns(sessions);

const select = (query: Queryable) =>
  query
    .select({
      ...columns,
      unread: sql<number>`(select count(*)::int from (
        select 1 from ${messages} where ${messages.session_id} = ${sessions}.id
          and ${messages.position} > ${sessions.read_position}
          and ${messages.role} = 'assistant' and ${messages.tool_calls} is null limit ${MOST_UNREAD}
      ) as answers)`,
      last_message_at: sql<Date | null>`(
        select ${messages.created_at} from ${messages} where ${messages.session_id} = ${sessions}.id
        order by ${messages.position} desc limit 1
      )`.mapWith(messages.created_at),
      channel_name: channels.name,
      title: sql<string | null>`(
        select left(${messages.content}, ${TITLE_LENGTH}) from ${messages}
        where ${messages.session_id} = ${sessions}.id and ${messages.role} = 'user'
        order by ${messages.position} limit 1
      )`,
    })
    .from(sessions)
    .innerJoin(channels, eq(channels.id, sessions.channel_id));

/** The id of a session's last message; ids sort by time. */
const lastActivity = (id: SQL): SQL => sql`coalesce((
  select ${messages.id} from ${messages} where ${messages.session_id} = ${id} order by ${messages.position} desc limit 1
), ${id})`;
const ofThis = lastActivity(sql`${sessions}.id`);

/** Whether the session began with work that another bot gave. */
const isDelegated = sql`coalesce((
  select ${messages.source} = 'delegation' from ${messages} where ${messages.session_id} = ${sessions}.id
  order by ${messages.position} limit 1
), false)`;

export function listSessions(query: Queryable, filter: SessionFilter): Promise<SessionRow[]> {
  const { channel_id, client_id, bot_id, active, delegated, q, order, limit, cursor, reach } = filter;
  const isByActivity = order === "activity";
  const older = (place: string) =>
    isByActivity ? sql`${ofThis} < ${lastActivity(sql`${place}::uuid`)}` : lt(sessions.id, place);
  return select(query)
    .where(
      and(
        channel_id === undefined ? undefined : eq(sessions.channel_id, channel_id),
        client_id === undefined ? undefined : eq(sessions.client_id, client_id),
        bot_id === undefined ? undefined : eq(sessions.bot_id, bot_id),
        active === undefined ? undefined : eq(sessions.active, active),
        delegated === undefined ? undefined : sql`${isDelegated} = ${delegated}`,
        q ? sql`strpos(lower(${channels.name} || ' ' || ${channels.client_id}), lower(${q})) > 0` : undefined,
        cursor === undefined ? undefined : older(cursor),
        reach && sessionsIn(query, reach),
      ),
    )
    .orderBy(isByActivity ? desc(ofThis) : desc(sessions.id))
    .limit(limit);
}

/** Throws `not_found`. */
export async function getSession(query: Queryable, id: string): Promise<SessionRow> {
  const [row] = await select(query).where(eq(sessions.id, id));
  if (!row) throw notFound("session", id);
  return row;
}

/** Notes that everything up to now has been read, or everything up to a message; never less than before. */
export async function markRead(query: Queryable, id: string, messageId?: string): Promise<void> {
  const upTo =
    messageId === undefined
      ? sql`(select max(position) from ${messages} where session_id = ${id})`
      : sql`(select position from ${messages} where session_id = ${id} and id = ${messageId})`;
  const [row] = await query
    .update(sessions)
    .set({ read_position: sql`greatest(${sessions.read_position}, coalesce(${upTo}, 0))` })
    .where(eq(sessions.id, id))
    .returning({ isFound: sql<boolean>`${upTo} is not null` });
  if (!row) throw notFound("session", id);
  if (messageId !== undefined && !row.isFound) throw notFound("message", messageId, "message_id");
}

export async function sessionExists(query: Queryable, id: string): Promise<boolean> {
  const rows = await query.select({ id: sessions.id }).from(sessions).where(eq(sessions.id, id));
  return rows.length > 0;
}

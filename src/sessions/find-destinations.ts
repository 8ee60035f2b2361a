// Finds where a message goes: its session, its channel, and the places that the channel is bound to. One statement
// serves all messages of a batch.

import { eq, inArray, sql } from "drizzle-orm";
import { type Queryable, rowsOf } from "../db/database.ts";
import { prepared } from "../db/prepared.ts";
import { bots, channelBindings, channels, type JsonObject, sessions, type WhenBusy } from "../db/schema.ts";
import { notFound } from "../errors.ts";
import { isUuid } from "../ids.ts";
import { type Author, allowedAmong, isAmong } from "./author.ts";

/** The place of a message; its configs are encrypted. */
export interface Destination {
  session_id: string;
  channel_id: string;
  client_id: string;
  bot_id: string;
  /** Whether there is such a bot. */
  has_bot: boolean;
  session_config: JsonObject | null;
  channel_config: JsonObject | null;
  /** Whether messages of other bots may start runs here. */
  allow_bot_messages: boolean;
  /** What becomes of a message that arrives during a run. */
  when_busy: WhenBusy;
  /** Whether the operator has allowed the person who wrote the message. */
  is_author_allowed: boolean;
  /** Bindings that messages of the channel are mirrored to, oldest first. */
  mirrors: { id: string; client_id: string; dispatch_config: JsonObject | null }[] | null;
}

/** A channel that an event may go to; it need not have a session yet. */
export interface EventDestination extends Omit<Destination, "session_id"> {
  session_id: string | null;
  /** Null for the event's own channel. */
  binding_id: string | null;
  event_filter: string[] | null;
  binding_config: JsonObject | null;
}

type Settled<Value> = PromiseSettledResult<Value>[];

const mirrors = sql<Destination["mirrors"]>`(
  select jsonb_agg(jsonb_build_object('id', bound.id, 'client_id', bound.client_id, 'dispatch_config', bound.dispatch_config)
    order by bound.id)
  from channel_bindings bound where bound.channel_id = ${channels.id} and bound.mirror)`;

/** A session, and who wrote the message for it. */
export interface Addressed {
  sessionId: string;
  author: Author | undefined;
}

export async function findDestinations(
  query: Queryable,
  messages: Addressed[],
): Promise<Settled<Destination>> {
  const authors = messages.map(({ author }) => author);
  const ids = messages.map(({ sessionId }) => sessionId).filter(isUuid);
  const [id] = ids;
  const isOne = id !== undefined && ids.length === 1 && authors.every((author) => author === undefined);
  const rows = isOne
    ? await selectOne(query).execute({ id })
    : await select(query, authors).where(inArray(sessions.id, ids));
  const byId = new Map(rows.map((row) => [row.session_id, row]));
  return messages.map(({ sessionId, author }) => {
    const found = byId.get(sessionId.toLowerCase());
    if (found) {
      const { allowed, ...place } = found;
      return { status: "fulfilled", value: { ...place, is_author_allowed: isAmong(allowed, author) } };
    }
    const reason = notFound("session", sessionId, "session_id");
    return { status: "rejected", reason };
  });
}

const select = (query: Queryable, authors: readonly (Author | undefined)[]) =>
  query
    .select({
      session_id: sessions.id,
      channel_id: sessions.channel_id,
      client_id: sessions.client_id,
      bot_id: sessions.bot_id,
      has_bot: sql<boolean>`${bots.id} is not null`,
      session_config: sessions.dispatch_config,
      channel_config: channels.dispatch_config,
      allow_bot_messages: channels.allow_bot_messages,
      when_busy: channels.when_busy,
      mirrors,
      allowed: allowedAmong(authors),
    })
    .from(sessions)
    .innerJoin(channels, eq(channels.id, sessions.channel_id))
    .leftJoin(bots, eq(bots.id, sessions.bot_id));

/** Most messages come alone, and from nobody that a service names. */
const selectOne = prepared((query) => select(query, []).where(eq(sessions.id, sql.placeholder("id"))));

/** One row per active session of a place, or one row without a session if there is none. */
interface EventRow {
  asked: string;
  binding_id: string | null;
  event_filter: string[] | null;
  binding_config: JsonObject | null;
  channel_id: string;
  client_id: string;
  channel_bot: string | null;
  channel_config: JsonObject | null;
  allow_bot_messages: boolean;
  when_busy: WhenBusy;
  session_id: string | null;
  session_bot: string | null;
  session_config: JsonObject | null;
  /** Those of the possible bots that exist. */
  bots: string[];
  mirrors: Destination["mirrors"];
  allowed: [string, string][] | null;
}

/**
 * Returns for each event the channels bound to its client_id, oldest binding first, and last its own channel, if it
 * has one. A channel's own bot takes precedence over the one that the event names.
 */
export async function findEventDestinations(
  query: Queryable,
  events: { clientId: string; botId: string; author?: Author | undefined }[],
): Promise<Settled<EventDestination[]>> {
  const clientIds = [...new Set(events.map(({ clientId }) => clientId))];
  const named = [...new Set(events.map(({ botId }) => botId))];
  const found = await query.execute(sql`
    select destination.*, channels.client_id, channels.bot_id as channel_bot, channels.dispatch_config as channel_config,
      channels.allow_bot_messages, channels.when_busy, s.id as session_id, s.bot_id as session_bot, s.dispatch_config as session_config, ${mirrors} as mirrors,
      (select coalesce(jsonb_agg(bots.id), '[]') from bots
        where bots.id = channels.bot_id or ${inArray(bots.id, named)}) as bots,
      ${allowedAmong(events.map(({ author }) => author))} as allowed
    from (
      select client_id as asked, id as binding_id, event_filter, config as binding_config, channel_id
      from channel_bindings where ${inArray(channelBindings.client_id, clientIds)}
      union all
      select client_id, null, null, null, id from channels where ${inArray(channels.client_id, clientIds)}
    ) destination
    join channels on channels.id = destination.channel_id
    left join sessions s on s.channel_id = channels.id and s.active
    order by destination.binding_id`);
  const byClient = Map.groupBy(rowsOf<EventRow>(found), ({ asked }) => asked);
  return events.map(({ clientId, botId, author }) => ({
    status: "fulfilled",
    value: destinationsOf(byClient.get(clientId) ?? [], botId, author),
  }));
}

function destinationsOf(rows: EventRow[], named: string, author: Author | undefined): EventDestination[] {
  const groups = Map.groupBy(rows, ({ binding_id }) => binding_id);
  return [...groups].flatMap(([binding_id, group]) => {
    const [row] = group;
    if (!row) return [];
    const bot_id = row.channel_bot ?? named;
    const session = group.find(({ session_bot }) => session_bot === bot_id);
    const destination: EventDestination = {
      binding_id,
      event_filter: row.event_filter,
      binding_config: row.binding_config,
      channel_id: row.channel_id,
      client_id: row.client_id,
      bot_id,
      has_bot: row.bots.includes(bot_id),
      session_id: session?.session_id ?? null,
      session_config: session?.session_config ?? null,
      channel_config: row.channel_config,
      allow_bot_messages: row.allow_bot_messages,
      when_busy: row.when_busy,
      is_author_allowed: isAmong(row.allowed, author),
      mirrors: row.mirrors,
    };
    return [destination];
  });
}

// Where a message goes: the session, its channel, and the places that hear what is said there. One statement for all
// messages of a batch.

import { eq, inArray, sql } from "drizzle-orm";
import { type Queryable, rowsOf } from "../db/database.ts";
import { bots, channels, type JsonObject, sessions } from "../db/schema.ts";
import { HeddleError } from "../errors.ts";
import { isUuid } from "../ids.ts";

/** The configs are sealed. */
export interface Place {
  session_id: string;
  channel_id: string;
  client_id: string;
  bot_id: string;
  /** Whether there is such a bot. */
  has_bot: boolean;
  session_config: JsonObject | null;
  channel_config: JsonObject | null;
  /** Bindings that what is said in the channel goes to, oldest first. */
  mirrors: { client_id: string; dispatch_config: JsonObject | null }[] | null;
}

/** A channel that an event may go to; it need not have a session yet. */
export interface EventPlace extends Omit<Place, "session_id"> {
  session_id: string | null;
  /** Null: the event's own channel. */
  binding_id: string | null;
  event_filter: string[] | null;
  binding_config: JsonObject | null;
}

type Settled<Value> = PromiseSettledResult<Value>[];

const mirrors = sql<Place["mirrors"]>`(
  select jsonb_agg(jsonb_build_object('client_id', heard.client_id, 'dispatch_config', heard.dispatch_config)
    order by heard.id)
  from channel_bindings heard where heard.channel_id = ${channels.id} and heard.mirror)`;

export async function findPlaces(query: Queryable, sessionIds: string[]): Promise<Settled<Place>> {
  const rows = await query
    .select({
      session_id: sessions.id,
      channel_id: sessions.channel_id,
      client_id: sessions.client_id,
      bot_id: sessions.bot_id,
      has_bot: sql<boolean>`${bots.id} is not null`,
      session_config: sessions.dispatch_config,
      channel_config: channels.dispatch_config,
      mirrors,
    })
    .from(sessions)
    .innerJoin(channels, eq(channels.id, sessions.channel_id))
    .leftJoin(bots, eq(bots.id, sessions.bot_id))
    .where(inArray(sessions.id, sessionIds.filter(isUuid)));
  const byId = new Map(rows.map((row) => [row.session_id, row]));
  return sessionIds.map((id) => {
    const value = byId.get(id.toLowerCase());
    if (value) return { status: "fulfilled", value };
    const reason = new HeddleError("not_found", `There is no session "${id}".`, { field: "session_id" });
    return { status: "rejected", reason };
  });
}

/**
 * For each event the channels bound to its client_id, the longest bound first, and its own channel, if there is one,
 * last. A channel's own bot comes before the one that the event names.
 */
export async function findEventPlaces(
  query: Queryable,
  events: { clientId: string; botId: string }[],
): Promise<Settled<EventPlace[]>> {
  const given = JSON.stringify(
    events.map(({ clientId, botId }, nr) => ({ nr, client_id: clientId, bot_id: botId })),
  );
  const found = await query.execute(sql`
    with event as (select * from jsonb_to_recordset(${given}::jsonb) as e (nr int, client_id text, bot_id text)),
    place as (
      select nr, event.bot_id as named, b.id as binding_id, b.event_filter, b.config as binding_config, b.channel_id
      from event join channel_bindings b on b.client_id = event.client_id
      union all
      select nr, event.bot_id, null, null, null, c.id
      from event join channels c on c.client_id = event.client_id
    )
    select nr, binding_id, event_filter, binding_config, s.id as session_id, channels.id as channel_id,
      channels.client_id, coalesce(channels.bot_id, named) as bot_id, bots.id is not null as has_bot,
      s.dispatch_config as session_config, channels.dispatch_config as channel_config, ${mirrors} as mirrors
    from place
    join channels on channels.id = place.channel_id
    left join sessions s on s.client_id = channels.client_id and s.bot_id = coalesce(channels.bot_id, named) and s.active
    left join bots on bots.id = coalesce(channels.bot_id, named)
    order by nr, binding_id`);
  const rows = rowsOf<EventPlace & { nr: number }>(found);
  return events.map((_, nr) => ({ status: "fulfilled", value: rows.filter((row) => row.nr === nr) }));
}

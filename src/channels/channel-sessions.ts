// Manages the active session of a channel. Earlier sessions stay: they can be read and switched back to.

import { and, desc, eq, sql } from "drizzle-orm";
import { DEFAULT_BOT } from "../content/bots/bots.ts";
import type { Database, Queryable } from "../db/database.ts";
import { bots, channels, type JsonObject, sessions } from "../db/schema.ts";
import { type ConfigSealer, sealWhole } from "../dispatch/seal-config.ts";
import { HeddleError, notFound } from "../errors.ts";
import { newId } from "../ids.ts";
import type { DispatchConfig } from "../sdk/types.ts";

export interface ChannelSessions {
  /**
   * Returns the active session of the channel's bot (otherwise of `botId`, otherwise of the bot that spoke last),
   * creating it if needed. Throws `not_found`, `unknown_bot`, and `conflict` when the channel has a bot other than
   * `botId`.
   */
  active(channelId: string, botId?: string): Promise<string>;
  /** Replaces the active session by a new one. Throws as `active` does. */
  reset(
    channelId: string,
    botId?: string,
  ): Promise<{ session_id: string; previous_session_id: string | null }>;
  /** Has the next run of the active session compact it first; null: the channel has no session yet. Throws as `active` does. */
  compact(channelId: string): Promise<{ session_id: string | null }>;
  /**
   * Makes this session the active one of its bot in the channel. Throws `not_found`, `bad_request` when it belongs to
   * another channel, and `conflict` when the channel has another bot.
   */
  switchTo(
    channelId: string,
    sessionId: string,
  ): Promise<{ session_id: string; previous_session_id: string | null }>;
}

export interface ChannelSessionsOptions {
  db: Pick<Database, "query">;
  sealer: ConfigSealer;
}

export function createChannelSessions({ db: { query }, sealer }: ChannelSessionsOptions): ChannelSessions {
  return {
    async active(channelId, botId) {
      const [known] = await query
        .select({ bot_id: channels.bot_id, session_id: sessions.id })
        .from(channels)
        .innerJoin(sessions, eq(sessions.channel_id, channels.id))
        .where(
          and(
            eq(channels.id, channelId),
            eq(sessions.bot_id, sql`coalesce(${channels.bot_id}, ${botId ?? null}, ${sessions.bot_id})`),
            sql`active`,
          ),
        )
        .orderBy(desc(sessions.id))
        .limit(1);
      if (known && (!botId || !known.bot_id || known.bot_id === botId)) return known.session_id;
      return query.transaction(async (tx) => {
        const channel = await lock(tx, channelId);
        const wanted = await botOf(tx, channel, botId);
        return (await activeOf(tx, channel.client_id, wanted)) ?? open(tx, channel, wanted);
      });
    },
    reset: (channelId, botId) =>
      query.transaction(async (tx) => {
        const channel = await lock(tx, channelId);
        const wanted = await botOf(tx, channel, botId);
        const previous = await activeOf(tx, channel.client_id, wanted);
        if (previous) await tx.update(sessions).set({ active: false }).where(eq(sessions.id, previous));
        // The new session keeps the dispatch target of the previous one.
        const config = previous ? await configOf(tx, previous, sealer) : null;
        return {
          session_id: await open(tx, channel, wanted, config),
          previous_session_id: previous ?? null,
        };
      }),
    compact: (channelId) =>
      query.transaction(async (tx) => {
        const channel = await lock(tx, channelId);
        const session = await activeOf(tx, channel.client_id, await botOf(tx, channel, undefined));
        if (session === undefined) return { session_id: null };
        await tx
          .update(sessions)
          .set({ compact_requested_at: sql`clock_timestamp()` })
          .where(eq(sessions.id, session));
        return { session_id: session };
      }),
    switchTo: (channelId, sessionId) =>
      query.transaction(async (tx) => {
        const channel = await lock(tx, channelId);
        const [wanted] = await tx.select().from(sessions).where(eq(sessions.id, sessionId));
        if (!wanted) throw notFound("session", sessionId, "session_id");
        if (wanted.channel_id !== channelId) {
          throw new HeddleError(
            "bad_request",
            "session_id must be a session of this channel; it belongs to another one.",
            {
              field: "session_id",
            },
          );
        }
        if (channel.bot_id && channel.bot_id !== wanted.bot_id) throw otherBot(channel.bot_id, "session_id");
        const previous = await activeOf(tx, channel.client_id, wanted.bot_id);
        if (previous) await tx.update(sessions).set({ active: false }).where(eq(sessions.id, previous));
        await tx.update(sessions).set({ active: true }).where(eq(sessions.id, sessionId));
        return { session_id: sessionId, previous_session_id: previous ?? null };
      }),
  };
}

type Channel = typeof channels.$inferSelect;

/** Serialises changes of a channel's sessions. */
async function lock(tx: Queryable, channelId: string): Promise<Channel> {
  const [channel] = await tx.select().from(channels).where(eq(channels.id, channelId)).for("no key update");
  if (!channel) throw notFound("channel", channelId);
  return channel;
}

async function botOf(tx: Queryable, channel: Channel, requested: string | undefined): Promise<string> {
  if (channel.bot_id && requested && requested !== channel.bot_id) throw otherBot(channel.bot_id, "bot_id");
  const id = channel.bot_id ?? requested ?? (await lastBot(tx, channel.id)) ?? DEFAULT_BOT;
  const [bot] = await tx.select({ id: bots.id }).from(bots).where(eq(bots.id, id));
  if (!bot) throw new HeddleError("unknown_bot", `There is no bot "${id}".`, { field: "bot_id" });
  return id;
}

async function lastBot(tx: Queryable, channelId: string): Promise<string | undefined> {
  const [last] = await tx
    .select({ bot_id: sessions.bot_id })
    .from(sessions)
    .where(and(eq(sessions.channel_id, channelId), sql`active`))
    .orderBy(desc(sessions.id))
    .limit(1);
  return last?.bot_id;
}

async function activeOf(tx: Queryable, clientId: string, botId: string): Promise<string | undefined> {
  const [active] = await tx
    .select({ id: sessions.id })
    .from(sessions)
    .where(and(eq(sessions.client_id, clientId), eq(sessions.bot_id, botId), sql`active`));
  return active?.id;
}

const fieldLocation = (id: string) => ({ table: "sessions", row: id, field: "dispatch_config" });

async function configOf(tx: Queryable, id: string, sealer: ConfigSealer): Promise<ConfigFor | null> {
  const [{ config } = {}] = await tx
    .select({ config: sessions.dispatch_config })
    .from(sessions)
    .where(eq(sessions.id, id));
  if (!config) return null;
  const opened = sealer.open(config, fieldLocation(id)) as DispatchConfig;
  return (fresh) => sealWhole(sealer, opened, fieldLocation(fresh));
}

/** A config sealed for the session of this id. */
type ConfigFor = (id: string) => JsonObject;

async function open(
  tx: Queryable,
  channel: Channel,
  botId: string,
  configFor: ConfigFor | null = null,
): Promise<string> {
  const id = newId();
  const { id: channel_id, client_id } = channel;
  const made = await tx
    .insert(sessions)
    .values({ id, channel_id, client_id, bot_id: botId, dispatch_config: configFor?.(id) ?? null })
    .onConflictDoNothing()
    .returning({ id: sessions.id });
  if (made.length > 0) return id;
  // A message to this bot, which does not lock the channel, has just created one.
  const winner = await activeOf(tx, client_id, botId);
  if (!winner) throw new HeddleError("unavailable", "The session is just being created; try again.");
  return winner;
}

const otherBot = (bot: string, field: string) =>
  new HeddleError(
    "conflict",
    `bot_id must be "${bot}", the channel's own bot; change the channel to use another one.`,
    {
      field,
    },
  );

import { and, eq, or, sql } from "drizzle-orm";
import type { Database, Queryable } from "../db/database.ts";
import { bots, channels, type JsonObject, sessions } from "../db/schema.ts";
import { storable } from "../db/storable.ts";
import { type CheckConfig, type ConfigSealer, sealWhole } from "../dispatch/seal-config.ts";
import { HeddleError } from "../errors.ts";
import { newId } from "../ids.ts";
import type { GetOrCreateSession } from "../sdk/types.ts";
import { createBatcher } from "./batch.ts";

interface SessionKey {
  clientId: string;
  botId: string;
}

/** `owner`, which only the server itself sets, becomes the owner of a channel that is created here. */
export type Wanted = GetOrCreateSession & { owner?: string | null };

/** The session and its bot, which is the channel's own bot, if it has one, rather than the requested one. */
export interface Found {
  session_id: string;
  channel_id: string;
  bot_id: string;
  created: boolean;
}

const BATCH = 64;

export interface GetOrCreateOptions {
  db: Database;
  checkConfig: CheckConfig;
  sealer: ConfigSealer;
}

/**
 * Returns the one active session of a client and bot, creating it if needed. A channel's own bot takes precedence
 * over the requested one. A `dispatchConfig` replaces the session's. Throws `unknown_bot` and `validation`.
 */
export function createGetOrCreate({ db, checkConfig, sealer }: GetOrCreateOptions) {
  const findActive = createBatcher<SessionKey, Omit<Found, "created"> | undefined>({
    limit: BATCH,
    run: (keys) => findActiveSessions(db.query, keys),
  });

  return async (wanted: Wanted): Promise<Found> => {
    // Code of an integration may pass on a field that its service left out; the rest of the batch must not fail
    // because of it.
    for (const [field, value] of Object.entries({ client_id: wanted.clientId, bot_id: wanted.botId })) {
      if (typeof value === "string") continue;
      throw new HeddleError("validation", `${field} must be a text; got ${typeof value}.`, { field });
    }
    const key = { clientId: storable(wanted.clientId), botId: storable(wanted.botId) };
    if (key.clientId.trim() === "") {
      throw new HeddleError("validation", "client_id must not be empty.", { field: "client_id" });
    }
    const given = wanted.dispatchConfig ? await checkConfig(wanted.dispatchConfig) : null;
    const configFor = (id: string) =>
      given && sealWhole(sealer, given, { table: "sessions", row: id, field: "dispatch_config" });
    const existing = await findActive(key);
    const found = existing
      ? { ...existing, created: false }
      : await create(db, key, { configFor, owner: wanted.owner ?? null });
    // Also in one that another request has created meanwhile.
    if (given && !found.created) {
      const config = configFor(found.session_id);
      await db.query
        .update(sessions)
        .set({ dispatch_config: config })
        .where(eq(sessions.id, found.session_id));
    }
    return found;
  };
}

export const unknownBot = (id: string) =>
  new HeddleError("unknown_bot", `There is no bot "${id}".`, { field: "bot_id" });

async function findActiveSessions(
  query: Queryable,
  keys: SessionKey[],
): Promise<PromiseSettledResult<Omit<Found, "created"> | undefined>[]> {
  const rows = await query
    .select({
      id: sessions.id,
      channelId: sessions.channel_id,
      clientId: sessions.client_id,
      botId: sessions.bot_id,
      channelBot: channels.bot_id,
    })
    .from(sessions)
    .innerJoin(channels, eq(channels.id, sessions.channel_id))
    .where(
      and(
        or(
          ...keys.map(({ clientId, botId }) =>
            and(
              eq(sessions.client_id, clientId),
              eq(sessions.bot_id, sql`coalesce(${channels.bot_id}, ${botId})`),
            ),
          ),
        ),
        sql`active`,
      ),
    );
  return keys.map(({ clientId, botId }) => {
    const row = rows.find((one) => one.clientId === clientId && one.botId === (one.channelBot ?? botId));
    const value = row && { session_id: row.id, channel_id: row.channelId, bot_id: row.botId };
    return { status: "fulfilled", value };
  });
}

async function create(
  db: Database,
  { clientId, botId }: SessionKey,
  { configFor, owner }: { configFor: (id: string) => JsonObject | null; owner: string | null },
): Promise<Found> {
  return db.query.transaction(async (tx) => {
    const channel = await channelOf(tx, clientId, owner);
    const bot_id = channel.bot_id ?? botId;
    const [bot] = await tx.select({ id: bots.id }).from(bots).where(eq(bots.id, bot_id));
    if (!bot) throw unknownBot(bot_id);
    const id = newId();
    const [made] = await tx
      .insert(sessions)
      .values({
        id,
        channel_id: channel.id,
        client_id: clientId,
        bot_id,
        dispatch_config: configFor(id),
      })
      .onConflictDoNothing()
      .returning({ id: sessions.id });
    if (made) return { session_id: made.id, channel_id: channel.id, bot_id, created: true };
    // Another request created it after the look-up.
    const [winner] = await findActiveSessions(tx, [{ clientId, botId }]);
    if (winner?.status !== "fulfilled" || winner.value === undefined) {
      throw new HeddleError("unavailable", "The session is just being created; try again.");
    }
    return { ...winner.value, created: false };
  });
}

async function channelOf(
  tx: Queryable,
  clientId: string,
  owner: string | null,
): Promise<{ id: string; bot_id: string | null }> {
  // The update changes nothing; it makes RETURNING return an existing row as well.
  const [row] = await tx
    .insert(channels)
    .values({ id: newId(), client_id: clientId, name: clientId, owner })
    .onConflictDoUpdate({ target: channels.client_id, set: { client_id: clientId } })
    .returning({ id: channels.id, bot_id: channels.bot_id });
  if (!row) throw new HeddleError("internal", "The channel was not stored.");
  return row;
}

// Channels: the permanent records behind client_ids, with the settings that apply to every run in them.

import { and, desc, eq, lt, type SQL, sql } from "drizzle-orm";
import { type AsRead, nextVersion, refuseOverwrite } from "../db/as-read.ts";
import type { Database } from "../db/database.ts";
import { channelsIn, type Reach } from "../db/reach.ts";
import { channels } from "../db/schema.ts";
import { type CheckConfig, type ConfigSealer, sealWhole } from "../dispatch/seal-config.ts";
import { HeddleError, notFound } from "../errors.ts";
import { newId } from "../ids.ts";
import type { DispatchConfig } from "../sdk/types.ts";
import type { IntegrationDirectory } from "./integration-directory.ts";

export type ChannelRow = typeof channels.$inferSelect;

/** A channel with derived fields. */
export interface Channel extends ChannelRow {
  /** The id of the integration whose prefix the client_id has; null when no live integration has it. */
  integration: string | null;
  /** The session to which messages of the channel go; null if there is none yet. */
  active_session_id: string | null;
  /** The name that its integration gives, otherwise its own. */
  display_name: string;
}

type Settable = Omit<
  ChannelRow,
  "id" | "client_id" | "owner" | "created_at" | "updated_at" | "dispatch_config"
>;
export type ChannelSettings = Partial<Settable> & { dispatch_config?: DispatchConfig | null };

export interface ChannelFilter {
  integration?: string;
  bot_id?: string;
  client_id?: string;
  template_id?: string;
  /** Only channels that have this skill or carapace themselves, not those whose bot has it. */
  skill?: string;
  carapace?: string;
  /** Text that the name or client_id must contain, ignoring case. */
  q?: string;
  /** How many to return, newest first; default 50. */
  limit?: number;
  /** The id of the previous page's last row. */
  cursor?: string;
  /** Limits the result to rows in reach; undefined returns all rows. */
  reach?: Reach | undefined;
}

export interface Channels {
  /**
   * Returns the channel of this client_id, creating it with these settings if needed. An existing channel is not
   * changed; the result has its actual settings. Throws `validation` and `unknown_bot`.
   */
  getOrCreate(
    clientId: string,
    settings: ChannelSettings,
    owner?: string | null,
  ): Promise<{ channel: Channel; created: boolean }>;
  /** Throws `not_found`. */
  get(id: string): Promise<Channel>;
  list(filter: ChannelFilter): Promise<Channel[]>;
  /** Throws `not_found`, `validation`, `unknown_bot`, `changed_meanwhile`. */
  update(id: string, change: ChannelSettings, asRead?: AsRead): Promise<Channel>;
  /** Deletes it with its sessions, their messages and tasks. Throws `not_found`. */
  delete(id: string): Promise<void>;
}

export interface ChannelsOptions {
  db: Database;
  checkConfig: CheckConfig;
  sealer: ConfigSealer;
  directory: Pick<IntegrationDirectory, "integrationOf" | "prefixes" | "displayNames">;
  /** Whether there is such a bot. */
  botExists: (id: string) => Promise<boolean>;
}

export function createChannels({ db, checkConfig, sealer, directory, botExists }: ChannelsOptions): Channels {
  const { query } = db;

  const checked = async (id: string, { dispatch_config, ...settings }: ChannelSettings) => {
    const { bot_id } = settings;
    if (bot_id && !(await botExists(bot_id))) {
      throw new HeddleError("unknown_bot", `There is no bot "${bot_id}".`, { field: "bot_id" });
    }
    const at = { table: "channels", row: id, field: "dispatch_config" };
    const sealed = dispatch_config && sealWhole(sealer, await checkConfig(dispatch_config), at);
    return { ...settings, ...(sealed !== undefined && { dispatch_config: sealed }) };
  };

  const find = (where: SQL | undefined, limit = 1) =>
    query
      .select({ channel: channels, active_session_id: activeSession })
      .from(channels)
      .where(where)
      .orderBy(desc(channels.id))
      .limit(limit);

  const describe = async (rows: Awaited<ReturnType<typeof find>>): Promise<Channel[]> => {
    const names = await directory.displayNames(rows.map(({ channel }) => channel));
    return rows.map(({ channel, active_session_id }) => ({
      ...channel,
      active_session_id,
      integration: directory.integrationOf(channel.client_id),
      display_name: names.get(channel.id) ?? channel.name,
    }));
  };

  const one = async (where: SQL | undefined, name: string): Promise<Channel> => {
    const [channel] = await describe(await find(where));
    if (!channel) throw notFound("channel", name);
    return channel;
  };

  return {
    async getOrCreate(clientId, settings, owner = null) {
      if (clientId.trim() === "") {
        throw new HeddleError("validation", "client_id must not be empty.", { field: "client_id" });
      }
      const place = eq(channels.client_id, clientId);
      const [known] = await describe(await find(place));
      if (known) return { channel: known, created: false };
      const id = newId();
      const made = await query
        .insert(channels)
        .values({ id, client_id: clientId, name: clientId, owner, ...(await checked(id, settings)) })
        .onConflictDoNothing()
        .returning({ id: channels.id });
      return { channel: await one(place, clientId), created: made.length > 0 };
    },
    get: (id) => one(eq(channels.id, id), id),
    list: async ({ integration, bot_id, client_id, template_id, q, limit = 50, cursor, reach, ...named }) =>
      describe(
        await find(
          and(
            integration === undefined ? undefined : ofIntegration(directory.prefixes(), integration),
            bot_id ? eq(channels.bot_id, bot_id) : undefined,
            client_id ? eq(channels.client_id, client_id) : undefined,
            template_id ? eq(channels.template_id, template_id) : undefined,
            named.skill ? namesSkill(named.skill) : undefined,
            named.carapace
              ? sql`${channels.carapaces} @> ${JSON.stringify([named.carapace])}::text::jsonb`
              : undefined,
            q
              ? sql`strpos(lower(${channels.name} || ' ' || ${channels.client_id}), lower(${q})) > 0`
              : undefined,
            cursor ? lt(channels.id, cursor) : undefined,
            reach && channelsIn(reach),
          ),
          limit,
        ),
      ),
    async update(id, change, asRead) {
      // Without the channel, nothing that the body says matters.
      if ((await find(eq(channels.id, id))).length === 0) throw notFound("channel", id);
      // Checked before the row is held: what it asks may ask the database on another connection.
      const values = await checked(id, change);
      await query.transaction(async (tx) => {
        const [before] = await tx
          .select({ updated_at: channels.updated_at })
          .from(channels)
          .where(eq(channels.id, id))
          .for("no key update");
        if (!before) throw notFound("channel", id);
        refuseOverwrite(before, asRead);
        await tx
          .update(channels)
          .set({ ...values, updated_at: nextVersion(before) })
          .where(eq(channels.id, id));
      });
      return one(eq(channels.id, id), id);
    },
    async delete(id) {
      const gone = await query.delete(channels).where(eq(channels.id, id)).returning({ id: channels.id });
      if (gone.length === 0) throw notFound("channel", id);
    },
  };
}

/**
 * The session of the channel's bot; in a channel without a bot, the one opened last. The column names are written by
 * hand, because drizzle would write them without their table here.
 */
const activeSession = sql<string | null>`(
  select s.id from sessions s
  where s.channel_id = channels.id and s.active and s.bot_id = coalesce(channels.bot_id, s.bot_id)
  order by s.id desc limit 1)`;

/** Matches client ids with one of its prefixes, except those that another integration claims by a longer prefix. */
function ofIntegration(prefixes: ReturnType<IntegrationDirectory["prefixes"]>, integration: string): SQL {
  const own = prefixes.filter((one) => one.integration === integration);
  const claims = own.map(({ prefix }) => {
    const longer = prefixes.filter(
      (other) =>
        other.integration !== integration &&
        other.prefix.length > prefix.length &&
        other.prefix.startsWith(prefix),
    );
    return sql.join(
      [
        sql`starts_with(${channels.client_id}, ${prefix})`,
        ...longer.map((other) => sql`not starts_with(${channels.client_id}, ${other.prefix})`),
      ],
      sql` and `,
    );
  });
  return claims.length === 0 ? sql`false` : sql`((${sql.join(claims, sql`) or (`)}))`;
}

/** An entry is the id alone, or an object with it. */
const namesSkill = (id: string): SQL =>
  sql`(${channels.skills} @> ${JSON.stringify([id])}::text::jsonb or ${channels.skills} @> ${JSON.stringify([{ id }])}::text::jsonb)`;

// Bots live in the database. Those with a YAML file in `manifests/bots` or `$HEDDLE_HOME/bots` are added to it once; from then
// on only the database counts, so that changes and deletions over the API last.

import { Type as t } from "@sinclair/typebox";
import { asc, eq, inArray } from "drizzle-orm";
import { type AsRead, nextVersion, refuseOverwrite } from "../../db/as-read.ts";
import type { Queryable } from "../../db/database.ts";
import { bots, seeded_bots } from "../../db/schema.ts";
import { HeddleError, notFound } from "../../errors.ts";
import { NOT_BLANK } from "../../schema/pattern-words.ts";
import { SkillEntry } from "../skills/skill.ts";

export type Bot = typeof bots.$inferSelect;

/** A bot as it is written in YAML and sent over the API. */
export const BotFields = t.Object(
  {
    name: t.String({
      minLength: 1,
      maxLength: 200,
      pattern: NOT_BLANK,
      description: "The name that people see.",
    }),
    description: t.Optional(t.String({ maxLength: 2000, description: "What the bot is for." })),
    icon_emoji: t.Optional(
      t.Union([t.String({ minLength: 1, maxLength: 64 }), t.Null()], {
        description: "An emoji with which services show what it posts: 🪶 or :feather:.",
      }),
    ),
    icon_url: t.Optional(
      t.Union([t.String({ pattern: "^https?://[^\\s]+$", maxLength: 2_000 }), t.Null()], {
        description: "The address of a picture with which services show what it posts.",
      }),
    ),
    system_prompt: t.Optional(
      t.String({ maxLength: 200_000, description: "The first system message of each of its runs." }),
    ),
    model: t.Optional(
      t.Union([t.String({ minLength: 1 }), t.Null()], {
        description: "Its model; null: the server's default.",
      }),
    ),
    fallback_models: t.Optional(
      t.Array(t.String({ minLength: 1 }), {
        description: "Models that are tried in order when the first one fails.",
      }),
    ),
    tools: t.Optional(
      t.Array(t.String({ minLength: 1 }), { description: "Names of its tools; * matches any text." }),
    ),
    skills: t.Optional(t.Array(SkillEntry, { description: "Its skills." })),
    carapaces: t.Optional(
      t.Array(t.String({ minLength: 1 }), { description: "Ids of its capability bundles." }),
    ),
    delegate_bots: t.Optional(
      t.Array(t.String({ minLength: 1, maxLength: 64 }), {
        description: "Ids of the bots to which it may delegate work; * stands for all.",
      }),
    ),
    max_iterations: t.Optional(
      t.Union([t.Integer({ minimum: 1, maximum: 100 }), t.Null()], {
        description: "Most model calls of one run; null: the server decides.",
      }),
    ),
    tool_retrieval: t.Optional(
      t.Boolean({
        description:
          "Whether its model is shown only a part of its tools, and finds the others, if there are more than `max_tools`; default true.",
      }),
    ),
    max_tools: t.Optional(
      t.Union([t.Integer({ minimum: 5, maximum: 128 }), t.Null()], {
        description: "Most tools that its model is shown without having looked for them; null: 40.",
      }),
    ),
  },
  { additionalProperties: false },
);
export const BotId = t.String({
  pattern: "^[a-z0-9][a-z0-9_-]{0,63}$",
  description: "The name that messages, channels and sessions refer to it by.",
});

/** The bot that answers when neither the message nor the channel names one. */
export const DEFAULT_BOT = "default";

export type NewBot = typeof BotFields.static & { id: string };

export interface Bots {
  list(): Promise<Bot[]>;
  /** Throws `not_found`. */
  get(id: string): Promise<Bot>;
  exists(id: string): Promise<boolean>;
  /** Throws `conflict` when the id is taken. */
  create(bot: NewBot): Promise<Bot>;
  /** Throws `not_found`, `changed_meanwhile`. */
  update(id: string, change: Partial<typeof BotFields.static>, asRead?: AsRead): Promise<Bot>;
  /** Throws `conflict` for the default bot. */
  delete(id: string): Promise<void>;
  /** Adds the bots that were never added before, and resolves to them; a bot that was deleted stays deleted. */
  seed(files: NewBot[]): Promise<{ id: string }[]>;
}

export function createBots(query: Queryable): Bots {
  return {
    list: () => query.select().from(bots).orderBy(asc(bots.id)),
    async get(id) {
      const [bot] = await query.select().from(bots).where(eq(bots.id, id));
      if (!bot) throw notFound("bot", id);
      return bot;
    },
    async exists(id) {
      const found = await query.select({ id: bots.id }).from(bots).where(eq(bots.id, id));
      return found.length > 0;
    },
    async create(bot) {
      const [made] = await query.insert(bots).values(bot).onConflictDoNothing().returning();
      if (!made) throw new HeddleError("conflict", `A bot "${bot.id}" already exists.`, { field: "id" });
      return made;
    },
    update: (id, change, asRead) =>
      query.transaction(async (tx) => {
        const [before] = await tx.select().from(bots).where(eq(bots.id, id)).for("no key update");
        if (!before) throw notFound("bot", id);
        refuseOverwrite(before, asRead);
        const [bot] = await tx
          .update(bots)
          .set({ ...change, updated_at: nextVersion(before) })
          .where(eq(bots.id, id))
          .returning();
        if (!bot) throw notFound("bot", id);
        return bot;
      }),
    async delete(id) {
      if (id === DEFAULT_BOT) {
        throw new HeddleError(
          "conflict",
          `The bot "${id}" answers wherever no other is named, so it cannot be deleted. Change it instead.`,
          { field: "id" },
        );
      }
      const gone = await query.delete(bots).where(eq(bots.id, id)).returning({ id: bots.id });
      if (gone.length === 0) throw notFound("bot", id);
    },
    async seed(files) {
      if (files.length === 0) return [];
      const ids = files.map(({ id }) => id);
      const known = await query
        .select({ id: seeded_bots.id })
        .from(seeded_bots)
        .where(inArray(seeded_bots.id, ids));
      const unknown = files.filter(({ id }) => !known.some((one) => one.id === id));
      if (unknown.length === 0) return [];
      const added = await query
        .insert(bots)
        .values(unknown.map((bot) => ({ ...bot, source: "file" as const })))
        .onConflictDoNothing()
        .returning({ id: bots.id });
      // Recorded last: a server that dies in between tries again at its next start.
      await query
        .insert(seeded_bots)
        .values(unknown.map(({ id }) => ({ id })))
        .onConflictDoNothing();
      return added;
    },
  };
}

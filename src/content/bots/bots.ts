// Bots: YAML files in `manifests/bots` and `$HEDDLE_HOME/bots` are read into the database once; from then on
// the database is the truth.

import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { Type as t } from "@sinclair/typebox";
import { asc, eq } from "drizzle-orm";
import { parse } from "yaml";
import type { Queryable } from "../../db/database.ts";
import { bots } from "../../db/schema.ts";
import { HeddleError, messageOf, notFound } from "../../errors.ts";
import type { Logger } from "../../log.ts";
import { compileSchema } from "../../schema/json-schema.ts";
import { SkillEntry } from "../skills/skill.ts";

export type Bot = typeof bots.$inferSelect;

/** A bot as it is written in YAML and sent over the API. */
export const BotFields = t.Object(
  {
    name: t.String({ minLength: 1, maxLength: 200 }),
    description: t.Optional(t.String({ maxLength: 2000 })),
    system_prompt: t.Optional(t.String({ maxLength: 200_000 })),
    model: t.Optional(
      t.Union([t.String({ minLength: 1 }), t.Null()], { description: "Null: the server's default" }),
    ),
    fallback_models: t.Optional(t.Array(t.String({ minLength: 1 }))),
    tools: t.Optional(
      t.Array(t.String({ minLength: 1 }), { description: "Tool names; * stands for any text" }),
    ),
    skills: t.Optional(t.Array(SkillEntry)),
    carapaces: t.Optional(t.Array(t.String({ minLength: 1 }), { description: "Ids of capability bundles" })),
    max_iterations: t.Optional(t.Union([t.Integer({ minimum: 1, maximum: 100 }), t.Null()])),
  },
  { additionalProperties: false },
);
export const BotId = t.String({ pattern: "^[a-z0-9][a-z0-9_-]{0,63}$" });

export type NewBot = typeof BotFields.static & { id: string };

export interface Bots {
  list(): Promise<Bot[]>;
  /** Throws `not_found`. */
  get(id: string): Promise<Bot>;
  exists(id: string): Promise<boolean>;
  /** Throws `conflict` when the id is taken. */
  create(bot: NewBot): Promise<Bot>;
  update(id: string, change: Partial<typeof BotFields.static>): Promise<Bot>;
  delete(id: string): Promise<void>;
  /** Inserts the bots of these folders that the database does not know; a bad file is an error with its path. */
  seed(folders: string[], log: Logger): Promise<void>;
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
      if (!made) throw new HeddleError("conflict", `A bot "${bot.id}" exists already.`, { field: "id" });
      return made;
    },
    async update(id, change) {
      const [bot] = await query
        .update(bots)
        .set({ ...change, updated_at: new Date() })
        .where(eq(bots.id, id))
        .returning();
      if (!bot) throw notFound("bot", id);
      return bot;
    },
    async delete(id) {
      const gone = await query.delete(bots).where(eq(bots.id, id)).returning({ id: bots.id });
      if (gone.length === 0) throw notFound("bot", id);
    },
    async seed(folders, log) {
      const found = folders.flatMap(readBots);
      if (found.length === 0) return;
      const added = await query
        .insert(bots)
        .values(found.map((bot) => ({ ...bot, source: "file" as const })))
        .onConflictDoNothing()
        .returning({ id: bots.id });
      for (const { id } of added) log.info("Bot {id} added from its file", { id });
    },
  };
}

const validateFile = compileSchema(
  t.Object({ id: t.Optional(BotId), ...BotFields.properties }, { additionalProperties: false }),
);

function readBots(folder: string): NewBot[] {
  const names = readdirSync(folder).filter((name) => /\.ya?ml$/.test(name));
  return names.sort().map((name) => readBot(join(folder, name)));
}

function readBot(path: string): NewBot {
  let bot: unknown;
  try {
    bot = parse(readFileSync(path, "utf8"));
  } catch (cause) {
    throw new HeddleError("config", `${path} is not YAML: ${messageOf(cause)}`, { cause });
  }
  const [first] = validateFile(bot);
  if (first) throw new HeddleError("config", `${path}: ${first.field || "the file"} ${first.message}.`);
  const id = basename(path).replace(/\.ya?ml$/, "");
  return { id, ...(bot as Omit<NewBot, "id">) };
}

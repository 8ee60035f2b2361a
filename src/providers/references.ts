// What names the models of a provider, so that whoever deletes it knows what asks another one from then on.

import { asc, or, type SQL, sql } from "drizzle-orm";
import type { PgColumn } from "drizzle-orm/pg-core";
import type { Queryable } from "../db/database.ts";
import { bots, channels } from "../db/schema.ts";

/** Something that names models, with the names that begin with the provider's id. */
export interface Reference {
  id: string;
  name: string;
  models: string[];
}

export interface ProviderReferences {
  bots: Reference[];
  channels: Reference[];
  /** Variables of the environment, by their names. */
  settings: Reference[];
}

/** Longer lists are cut: they are read by people. */
const MOST = 100;

export type ReferencesTo = (provider: string) => Promise<ProviderReferences>;

export function createReferencesTo(
  query: Queryable,
  settings: () => readonly { name: string; value: string | null }[],
): ReferencesTo {
  return async (provider) => {
    const prefix = `${provider}/`;
    const named = (names: readonly (string | null)[]): string[] => [
      ...new Set(names.filter((name) => name?.startsWith(prefix)) as string[]),
    ];
    const begins = (column: PgColumn): SQL => sql`starts_with(${column}, ${prefix})`;
    const [ofBots, ofChannels] = await Promise.all([
      query
        .select({ id: bots.id, name: bots.name, model: bots.model, others: bots.fallback_models })
        .from(bots)
        .where(
          or(
            begins(bots.model),
            sql`exists (select from jsonb_array_elements_text(${bots.fallback_models}) as other where starts_with(other, ${prefix}))`,
          ),
        )
        .orderBy(asc(bots.id))
        .limit(MOST),
      query
        .select({ id: channels.id, name: channels.name, model: channels.model_override })
        .from(channels)
        .where(begins(channels.model_override))
        .orderBy(asc(channels.id))
        .limit(MOST),
    ]);
    return {
      bots: ofBots.map(({ id, name, model, others }) => ({ id, name, models: named([model, ...others]) })),
      channels: ofChannels.map(({ id, name, model }) => ({ id, name, models: named([model]) })),
      settings: MODEL_VARIABLES.flatMap((variable) => {
        const value = settings().find(({ name }) => name === variable)?.value ?? "";
        const models = named(value.split(",").map((name) => name.trim()));
        return models.length > 0 ? [{ id: variable, name: variable, models }] : [];
      }),
    };
  };
}

const MODEL_VARIABLES = ["DEFAULT_MODEL", "FALLBACK_MODELS"];

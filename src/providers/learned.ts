// What models of the environment's endpoint have refused. There is no row of a provider to keep it in, and without it each start
// would cost a refused request of every model.

import { createHash } from "node:crypto";
import { eq } from "drizzle-orm";
import type { Database, Queryable } from "../db/database.ts";
import { type ModelFacts, serverFacts } from "../db/schema.ts";
import type { Provider } from "./provider.ts";
import type { Learned } from "./store.ts";

const KEY = "environment_provider_learned";
/** An endpoint that is updated may take more than before; it is asked again after this time. */
const KEPT_DAYS = 14;
/** Models of which something is kept; the newest ones stay. */
const MOST_MODELS = 100;

interface Kept extends Learned {
  /** Milliseconds since 1970. */
  at: number;
}

interface Stored {
  /** Of the endpoint: another one starts anew. */
  endpoint: string;
  models: Record<string, Kept>;
}

export function createLearned({ query }: Pick<Database, "query">, environment: Provider, now = Date.now) {
  const endpoint = createHash("sha256")
    .update(JSON.stringify([environment.adapter, environment.base_url]))
    .digest("hex");

  function keptIn([row]: { value: unknown }[]): Record<string, Kept> {
    const stored = row?.value as Stored | undefined;
    if (stored?.endpoint !== endpoint) return {};
    const oldest = now() - KEPT_DAYS * 86_400_000;
    return Object.fromEntries(Object.entries(stored.models).filter(([, { at }]) => at > oldest));
  }

  const read = (from: Queryable) => from.select().from(serverFacts).where(eq(serverFacts.key, KEY));

  async function write(tx: Queryable, models: Record<string, Kept>): Promise<void> {
    const value: Stored = { endpoint, models };
    await tx
      .insert(serverFacts)
      .values({ key: KEY, value })
      .onConflictDoUpdate({ target: serverFacts.key, set: { value } });
  }

  return {
    /** The provider with what is remembered; what the operator has set comes first. */
    async apply(): Promise<Provider> {
      const known = Object.entries(keptIn(await read(query)));
      const facts = known.map(([model, { maxOutputTokens }]): [string, ModelFacts] => [
        model,
        { ...(maxOutputTokens && { max_output_tokens: maxOutputTokens }), ...environment.models[model] },
      ]);
      return {
        ...environment,
        unsupported: Object.fromEntries(known.map(([model, { unsupported }]) => [model, unsupported])),
        models: { ...environment.models, ...Object.fromEntries(facts) },
      };
    },
    learn: (model: string, { unsupported, maxOutputTokens }: Learned): Promise<void> =>
      query.transaction(async (tx) => {
        const before = keptIn(await read(tx).for("update"));
        const most = maxOutputTokens ?? before[model]?.maxOutputTokens;
        const entry: Kept = {
          unsupported: [...new Set([...(before[model]?.unsupported ?? []), ...unsupported])],
          ...(most && { maxOutputTokens: most }),
          at: now(),
        };
        const newest = Object.entries({ ...before, [model]: entry })
          .sort(([, a], [, b]) => b.at - a.at)
          .slice(0, MOST_MODELS);
        await write(tx, Object.fromEntries(newest));
      }),
    unlearn: (model: string, word: string): Promise<void> =>
      query.transaction(async (tx) => {
        const before = keptIn(await read(tx).for("update"));
        const entry = before[model];
        if (!entry?.unsupported.includes(word)) return;
        const unsupported = entry.unsupported.filter((one) => one !== word);
        await write(tx, { ...before, [model]: { ...entry, unsupported } });
      }),
  };
}

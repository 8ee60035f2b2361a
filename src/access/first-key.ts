import type { Database } from "../db/database.ts";
import { meta } from "../db/schema.ts";
import { messageOf } from "../errors.ts";
import type { Logger } from "../log.ts";
import { within } from "../within.ts";
import type { ApiKeys } from "./api-keys.ts";
import { OPERATOR } from "./caller.ts";
import { ADMIN } from "./scopes.ts";

export interface FirstKeyOptions {
  db: Database;
  apiKeys: Pick<ApiKeys, "create" | "list">;
  log: Logger;
  /** Rejects when nobody can have read it. */
  tell: (key: string) => Promise<void>;
}

/** A reader who does not read must not hold up the start. */
const TELL_MS = 5_000;

/**
 * Makes the admin key of a database's first start; of servers that start together one does. It is stored only once it has
 * been told: one that nobody could read could never be shown again, and the next start makes another instead.
 */
export async function createFirstKey({ db, apiKeys, log, tell }: FirstKeyOptions): Promise<void> {
  let untold: unknown;
  await db.query
    .transaction(async (tx) => {
      const [claimed] = await tx
        .insert(meta)
        .values({ key: "first_api_key", value: new Date().toISOString() })
        .onConflictDoNothing()
        .returning({ key: meta.key });
      if (!claimed) return;
      const { key } = await apiKeys.create({ name: "first start", scopes: [ADMIN] }, OPERATOR, tx);
      try {
        await within(TELL_MS, tell(key));
      } catch (error) {
        untold = error;
        throw error;
      }
    })
    .catch(async (error: unknown) => {
      if (untold === undefined) throw error;
      // Somebody who has made a key by the command line misses nothing.
      if ((await apiKeys.list({ limit: 1 })).length > 0) return;
      log.error(
        "The first admin key could not be written to standard output, so it was not kept ({reason}): start again with one that can be written, set API_KEY, or make a key by heddle keys create.",
        { reason: messageOf(untold) },
      );
    });
}

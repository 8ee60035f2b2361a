import type { Database } from "../db/database.ts";
import { serverFacts } from "../db/schema.ts";
import { errorMessage } from "../errors.ts";
import type { Logger } from "../log.ts";
import { within } from "../within.ts";
import type { ApiKeys } from "./api-keys.ts";
import { OPERATOR } from "./caller.ts";
import { ADMIN } from "./scopes.ts";

export interface FirstKeyOptions {
  db: Database;
  apiKeys: Pick<ApiKeys, "create" | "list">;
  log: Logger;
  /** Prints the key; rejects if nobody could have read it. */
  show: (key: string) => Promise<void>;
}

/** A pipe that nobody reads must not hold up the start. */
const SHOW_TIMEOUT_MS = 5_000;

/**
 * Creates the admin key on a database's first start; if several servers start together, one of them does. The key is
 * stored only after it was shown, because a key that nobody read can never be shown again; if that fails, the next
 * start creates another.
 */
export async function createFirstKey({ db, apiKeys, log, show }: FirstKeyOptions): Promise<void> {
  let notShown: unknown;
  await db.query
    .transaction(async (tx) => {
      const [claimed] = await tx
        .insert(serverFacts)
        .values({ key: "first_api_key", value: new Date().toISOString() })
        .onConflictDoNothing()
        .returning({ key: serverFacts.key });
      if (!claimed) return;
      const { key } = await apiKeys.create({ name: "first start", scopes: [ADMIN] }, OPERATOR, tx);
      try {
        await within(SHOW_TIMEOUT_MS, show(key));
      } catch (error) {
        notShown = error;
        throw error;
      }
    })
    .catch(async (error: unknown) => {
      if (notShown === undefined) throw error;
      // An operator who has already created a key on the command line does not need this one.
      if ((await apiKeys.list({ limit: 1 })).length > 0) return;
      log.error(
        "The first admin key could not be written to standard output, so it was discarded ({reason}). Start again with a writable standard output, set API_KEY, or create a key with: heddle keys create",
        { reason: errorMessage(notShown) },
      );
    });
}

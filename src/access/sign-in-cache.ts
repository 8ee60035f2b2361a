// Finds sign-ins by the hash of their cookie and caches them for a few seconds to save queries.

import { eq } from "drizzle-orm";
import type { Database } from "../db/database.ts";
import { apiKeys, signIns } from "../db/schema.ts";
import { createWriteBehind } from "../db/write-behind.ts";
import type { Logger } from "../log.ts";
import type { Caller } from "./caller.ts";
import { COLUMNS, callerOf, isLive, type SignInFacts, type SignInRow } from "./sign-in-row.ts";

export interface SignInCache {
  /** Returns the caller that the live sign-in with this hash belongs to; `isUse` postpones the end by idleness. */
  find(hash: string, isUse: boolean): Promise<Caller | undefined>;
  /** Drops what belongs to a sign-in or a key that ended, or everything. */
  forget(id: string | undefined): void;
  /** Waits for pending writes of last-seen times. */
  close(): Promise<void>;
}

/** How long the end of a sign-in may go unnoticed while notifications fail. */
const CACHE_MS = 5_000;
const CACHE_SIZE = 10_000;
const LAST_SEEN_MS = 60_000;

export interface SignInCacheOptions {
  db: Database;
  log: Logger;
  facts: SignInFacts;
  /** The wall clock, against which expiry is checked. */
  now: () => number;
  /** A monotonic clock in milliseconds: a wall clock that is set back must not keep an ended sign-in alive. */
  monotonic: () => number;
}

export function createSignInCache({ db, log, facts, now, monotonic }: SignInCacheOptions): SignInCache {
  const cache = new Map<string, { row: SignInRow; checkedAt: number }>();
  const lastSeen = createWriteBehind<{ id: string; at: Date }>({
    async write(uses) {
      for (const { id, at } of uses) {
        await db.query.update(signIns).set({ last_seen_at: at }).where(eq(signIns.id, id));
      }
    },
    // Two servers that update several rows in one statement could deadlock.
    limit: 1,
    lingerMs: 0,
    maxItems: CACHE_SIZE,
    keyOf: ({ id }) => id,
    onLost: ([use], error) =>
      log.warning("The last use of a sign-in was not stored: {error}", { sign_in_id: use?.id, error }),
  });
  /** Counts ends: a row that was read before an end must not enter the cache after it. */
  let ends = 0;

  const lookUp = async (hash: string): Promise<SignInRow | undefined> => {
    const known = cache.get(hash);
    if (known && monotonic() - known.checkedAt < CACHE_MS) return known.row;
    const before = ends;
    const [row] = await db.query
      .select(COLUMNS)
      .from(signIns)
      .leftJoin(apiKeys, eq(apiKeys.id, signIns.api_key_id))
      .where(eq(signIns.hash, hash));
    cache.delete(hash);
    if (!row) return undefined;
    if (known && known.row.last_seen_at > row.last_seen_at) row.last_seen_at = known.row.last_seen_at;
    if (cache.size >= CACHE_SIZE) cache.clear();
    if (before === ends) cache.set(hash, { row, checkedAt: monotonic() });
    return row;
  };

  return {
    async find(hash, isUse) {
      const row = await lookUp(hash);
      if (!row || !isLive(row, facts, now())) return undefined;
      if (isUse && now() - row.last_seen_at.getTime() >= LAST_SEEN_MS) {
        row.last_seen_at = new Date(now());
        lastSeen.add({ id: row.id, at: row.last_seen_at });
      }
      return callerOf(row, facts);
    },
    forget(id) {
      ends += 1;
      if (id === undefined) cache.clear();
      for (const [hash, { row }] of cache) if (row.id === id || row.api_key_id === id) cache.delete(hash);
    },
    close: lastSeen.close,
  };
}

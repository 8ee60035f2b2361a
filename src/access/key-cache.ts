// Finds stored API keys by their hash and caches them for a few seconds to save queries.

import { timingSafeEqual } from "node:crypto";
import { and, eq, isNull } from "drizzle-orm";
import type { Database } from "../db/database.ts";
import { apiKeys } from "../db/schema.ts";
import { createWriteBehind } from "../db/write-behind.ts";
import type { Logger } from "../log.ts";
import type { Caller } from "./caller.ts";
import { isPast } from "./key-grants.ts";

export interface KeyCache {
  /** Returns the caller that the live key with this hash belongs to. */
  find(hash: Buffer): Promise<Caller | undefined>;
  /** Drops a revoked key, or all keys. It counts as a revocation even if nothing of it is cached. */
  forget(id: string | undefined): void;
  /** Waits for pending writes of last-used times. */
  close(): Promise<void>;
}

/** How long a revocation by another process may go unnoticed while notifications fail. */
const CACHE_MS = 5_000;
const CACHE_SIZE = 10_000;
const LAST_USED_MS = 60_000;

interface Cached {
  caller: Caller;
  checkedAt: number;
  touchedAt: number;
}

/** The prefix that marks an integration in `owner`. */
export const INTEGRATION = "integration:";

export interface KeyCacheOptions {
  db: Database;
  log: Logger;
  /** The wall clock, against which expiry is checked. */
  now: () => number;
  /** A monotonic clock in milliseconds: a wall clock that is set back must not keep a revoked key alive. */
  monotonic: () => number;
}

export function createKeyCache({ db, log, now, monotonic }: KeyCacheOptions): KeyCache {
  const cache = new Map<string, Cached>();
  const lastUses = createWriteBehind<{ id: string; at: Date }>({
    async write(uses) {
      for (const { id, at } of uses)
        await db.query.update(apiKeys).set({ last_used_at: at }).where(eq(apiKeys.id, id));
    },
    // Two servers that update several rows in one statement could deadlock.
    limit: 1,
    lingerMs: 0,
    maxItems: CACHE_SIZE,
    keyOf: ({ id }) => id,
    onLost: ([use], error) =>
      log.warning("The last use of an API key was not stored: {error}", { key_id: use?.id, error }),
  });
  /** Counts revocations: a row that was read before a revocation must not enter the cache after it. */
  let revocations = 0;

  const lookUp = async (hash: Buffer): Promise<Cached | undefined> => {
    const name = hash.toString("hex");
    const known = cache.get(name);
    if (known && monotonic() - known.checkedAt < CACHE_MS) return known;
    const before = revocations;
    const [row] = await db.query
      .select()
      .from(apiKeys)
      .where(and(eq(apiKeys.hash, name), isNull(apiKeys.revoked_at)));
    if (!row || !timingSafeEqual(Buffer.from(row.hash, "hex"), hash)) {
      cache.delete(name);
      return undefined;
    }
    const entry: Cached = {
      caller: {
        id: row.id,
        name: row.name,
        scopes: row.scopes,
        expires_at: row.expires_at,
        integrationId: integrationOf(row.owner),
        rows: row.rows,
      },
      checkedAt: monotonic(),
      touchedAt: known?.touchedAt ?? row.last_used_at?.getTime() ?? 0,
    };
    if (cache.size >= CACHE_SIZE) cache.clear();
    if (before === revocations) cache.set(name, entry);
    return entry;
  };

  const touch = (entry: Cached): void => {
    const { id } = entry.caller;
    if (id === null || now() - entry.touchedAt < LAST_USED_MS) return;
    entry.touchedAt = now();
    lastUses.add({ id, at: new Date(entry.touchedAt) });
  };

  return {
    async find(hash) {
      const entry = await lookUp(hash);
      if (!entry || isPast(entry.caller.expires_at, now())) return undefined;
      touch(entry);
      return entry.caller;
    },
    forget(id) {
      revocations += 1;
      if (id === undefined) cache.clear();
      for (const [hash, { caller }] of cache) if (caller.id === id) cache.delete(hash);
    },
    close: lastUses.close,
  };
}

export const integrationOf = (owner: string | null): string | null =>
  owner?.startsWith(INTEGRATION) ? owner.slice(INTEGRATION.length) : null;

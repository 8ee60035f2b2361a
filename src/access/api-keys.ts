// API keys: shown once, kept as a hash, known again without a query as long as they are in the cache.

import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { and, desc, eq, isNull, lt, sql } from "drizzle-orm";
import type { Database, Queryable } from "../db/database.ts";
import { apiKeys, type KeyRows } from "../db/schema.ts";
import { createWriteBehind } from "../db/write-behind.ts";
import { HeddleError } from "../errors.ts";
import { isUuid, newId } from "../ids.ts";
import type { Logger } from "../log.ts";
import { ADMIN, covers, isScope } from "./scopes.ts";

/** Who makes a request. `id` is null for the API_KEY of the environment, and for an ephemeral key. */
export interface Caller {
  id: string | null;
  name: string;
  scopes: readonly string[];
  expires_at: Date | null;
  /** The integration that the key was made for or lent to; null: a person's, or a program's of a person. */
  integrationId: string | null;
  /** Whose rows it reaches. A key with the scope `admin` reaches everybody's. */
  rows: KeyRows;
  /** Set for a key that is known to this process alone. */
  isEphemeral?: boolean;
}

/** A key as it may be shown. */
export interface ApiKey {
  id: string;
  name: string;
  prefix: string;
  scopes: string[];
  /** What Heddle made it for; null for one that a person made. */
  owner: string | null;
  /** The key that made it; null for one that no stored key made. */
  parent_id: string | null;
  rows: KeyRows;
  expires_at: Date | null;
  last_used_at: Date | null;
  revoked_at: Date | null;
  created_at: Date;
}

export interface ApiKeys {
  /** Who the key belongs to; undefined for one that is unknown, revoked or expired. */
  verify(key: string): Promise<Caller | undefined>;
  /** Whether a text has the form of a key, or is the one of the environment. */
  isOwn(key: string): boolean;
  /**
   * `key` is the whole key, given out this one time. 403 when it could do more, reach further or live longer than its
   * maker. `rows` is by default what the maker's are. `query`: a transaction that it is to be a part of.
   */
  create(
    input: { name: string; scopes: string[]; expiresAt?: Date | null; owner?: string; rows?: KeyRows },
    maker: Caller,
    query?: Queryable,
  ): Promise<ApiKey & { key: string }>;
  /**
   * A key for a process that this server starts. It is known to this server alone, by its hash, and to no database, so
   * that it is gone with the server, however that goes. Throws "validation" for what is no scope.
   */
  issueEphemeral(input: { name: string; scopes: readonly string[]; integrationId?: string }): EphemeralKey;
  list(page: {
    limit: number;
    cursor?: string | undefined;
  }): Promise<{ items: ApiKey[]; nextCursor: string | null }>;
  /** The live keys that were made for this owner, the newest first. */
  ownedBy(owner: string): Promise<ApiKey[]>;
  /**
   * Takes the keys along that it made, and those that they made. Works at once in this process, within seconds in
   * others. False when there is no such live key.
   */
  revoke(id: string, caller: Caller): Promise<boolean>;
  /** Waits for the last-used times that are being written. */
  close(): Promise<void>;
}

export interface EphemeralKey {
  key: string;
  revoke(): void;
}

export interface ApiKeysOptions {
  db: Database;
  log: Logger;
  /** API_KEY of the environment: an admin key that is nowhere stored. */
  staticKey?: string | undefined;
  now?: () => number;
}

/** Whoever starts the server: may make the first key. */
export const OPERATOR: Caller = {
  id: null,
  name: "operator",
  scopes: [ADMIN],
  expires_at: null,
  integrationId: null,
  rows: "all",
};

/** How `owner` names an integration. */
const INTEGRATION = "integration:";

const KEY = /^hdl_[0-9a-f]{64}$/;
const PREFIX_LENGTH = 12;
/** How long another process's revocation may go unnoticed. */
const CACHE_MS = 5_000;
const CACHE_SIZE = 10_000;
const LAST_USED_MS = 60_000;

interface Cached {
  caller: Caller;
  checkedAt: number;
  touchedAt: number;
}

const COLUMNS = {
  id: apiKeys.id,
  name: apiKeys.name,
  prefix: apiKeys.prefix,
  scopes: apiKeys.scopes,
  owner: apiKeys.owner,
  parent_id: apiKeys.parent_id,
  rows: apiKeys.rows,
  expires_at: apiKeys.expires_at,
  last_used_at: apiKeys.last_used_at,
  revoked_at: apiKeys.revoked_at,
  created_at: apiKeys.created_at,
};

export function createApiKeys({ db, log, staticKey, now = Date.now }: ApiKeysOptions): ApiKeys {
  const cache = new Map<string, Cached>();
  const ephemeral = new Map<string, Caller>();
  const lastUses = createWriteBehind<{ id: string; at: Date }>({
    async write(uses) {
      for (const { id, at } of uses)
        await db.query.update(apiKeys).set({ last_used_at: at }).where(eq(apiKeys.id, id));
    },
    // Two servers that update several rows in one statement could wait for each other.
    limit: 1,
    lingerMs: 0,
    maxItems: CACHE_SIZE,
    keyOf: ({ id }) => id,
    onLost: ([use], error) =>
      log.warning("The last use of an API key was not stored: {error}", { key_id: use?.id, error }),
  });
  /** Counts revocations: a row that was read before one must not enter the cache after it. */
  let revocations = 0;
  const staticHash = staticKey ? sha256(staticKey) : undefined;

  const lookUp = async (hash: Buffer): Promise<Cached | undefined> => {
    const name = hash.toString("hex");
    const known = cache.get(name);
    if (known && now() - known.checkedAt < CACHE_MS) return known;
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
      checkedAt: now(),
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
    isOwn: (key) => KEY.test(key) || (staticHash !== undefined && timingSafeEqual(staticHash, sha256(key))),
    async verify(key) {
      const hash = sha256(key);
      if (staticHash && timingSafeEqual(staticHash, hash)) return { ...OPERATOR, name: "API_KEY" };
      if (!KEY.test(key)) return undefined;
      const ephemeralCaller = ephemeral.get(hash.toString("hex"));
      if (ephemeralCaller) return ephemeralCaller;
      const entry = await lookUp(hash);
      if (!entry || isPast(entry.caller.expires_at, now())) return undefined;
      touch(entry);
      return entry.caller;
    },

    async create({ name, scopes, expiresAt, owner: wantedOwner, rows: wantedRows }, maker, query = db.query) {
      const rows = wantedRows ?? maker.rows;
      // An integration's key makes keys of that integration only: otherwise it would shed its owner.
      const owner = maker.integrationId === null ? (wantedOwner ?? null) : INTEGRATION + maker.integrationId;
      const wanted = [...new Set(scopes)];
      const expires = expiresAt ?? maker.expires_at;
      refuseWiderKey(wanted, expires, maker, now());
      if (rows === "all" && maker.rows === "own") {
        throw new HeddleError(
          "forbidden",
          "A key that reaches its own rows cannot make one that reaches all.",
          {
            field: "rows",
          },
        );
      }
      if (maker.isEphemeral) {
        throw new HeddleError(
          "forbidden",
          "A key that is lent to a process ends with it, and cannot make others.",
        );
      }
      const key = newKey();
      const row = await query.transaction(async (tx) => {
        // Held against a revocation at the same time, which would not see the child.
        if (maker.id !== null && !(await holdLive(tx, maker.id))) {
          throw new HeddleError("unauthorized", "The API key has just been revoked.");
        }
        const [made] = await tx
          .insert(apiKeys)
          .values({
            id: newId(),
            name,
            prefix: key.slice(0, PREFIX_LENGTH),
            hash: sha256(key).toString("hex"),
            scopes: wanted,
            owner,
            parent_id: maker.id,
            rows,
            expires_at: expires,
          })
          .returning(COLUMNS);
        return made;
      });
      if (!row) throw new Error("INSERT returned no row");
      return { ...row, key };
    },

    issueEphemeral({ name, scopes, integrationId = null }) {
      refuseWiderKey([...scopes], null, OPERATOR, now());
      const key = newKey();
      const hash = sha256(key).toString("hex");
      ephemeral.set(hash, {
        id: null,
        name,
        scopes: [...scopes],
        expires_at: null,
        integrationId,
        rows: "all",
        isEphemeral: integrationId !== null,
      });
      return { key, revoke: () => void ephemeral.delete(hash) };
    },

    async list({ limit, cursor }) {
      if (cursor !== undefined && !isUuid(cursor)) throw invalidCursor();
      const rows = await db.query
        .select(COLUMNS)
        .from(apiKeys)
        .where(cursor === undefined ? undefined : lt(apiKeys.id, cursor))
        .orderBy(desc(apiKeys.id))
        .limit(limit + 1);
      const items = rows.slice(0, limit);
      return { items, nextCursor: rows.length > limit ? (items.at(-1)?.id ?? null) : null };
    },

    ownedBy: (owner) =>
      db.query
        .select(COLUMNS)
        .from(apiKeys)
        .where(and(eq(apiKeys.owner, owner), isNull(apiKeys.revoked_at)))
        .orderBy(desc(apiKeys.id)),

    async revoke(id, caller) {
      const [row] = await db.query
        .select()
        .from(apiKeys)
        .where(and(eq(apiKeys.id, id), isNull(apiKeys.revoked_at)));
      if (!row) return false;
      const beyond = row.scopes.find((scope) => !covers(caller.scopes, scope));
      if (beyond !== undefined) {
        throw new HeddleError("forbidden", `The key has the scope ${beyond}, which yours does not cover.`);
      }
      const gone = await db.query.transaction((tx) => revokeFamily(tx, id, new Date(now())));
      revocations += 1;
      for (const { hash } of gone) cache.delete(hash);
      return true;
    },

    close: lastUses.close,
  };
}

/**
 * Revokes a key and all that come from it. A key that is just being made holds its maker, and is not yet seen by the
 * statement that waits for it: so once more, until a look at the whole family finds nobody.
 */
async function revokeFamily(tx: Queryable, id: string, at: Date): Promise<{ hash: string }[]> {
  const family = sql`with recursive family as (
    select id from ${apiKeys} where id = ${id}
    union select child.id from ${apiKeys} as child join family on child.parent_id = family.id
  ) select id from family`;
  const gone: { hash: string }[] = [];
  for (;;) {
    const found = await tx
      .update(apiKeys)
      .set({ revoked_at: at })
      .where(and(isNull(apiKeys.revoked_at), sql`${apiKeys.id} in (${family})`))
      .returning({ hash: apiKeys.hash });
    if (found.length === 0) return gone;
    gone.push(...found);
  }
}

async function holdLive(tx: Queryable, id: string): Promise<boolean> {
  const [row] = await tx
    .select({ id: apiKeys.id })
    .from(apiKeys)
    .where(and(eq(apiKeys.id, id), isNull(apiKeys.revoked_at)))
    .for("share");
  return row !== undefined;
}

function refuseWiderKey(scopes: string[], expires: Date | null, maker: Caller, now: number): void {
  if (scopes.length === 0) {
    throw new HeddleError("validation", "A key needs at least one scope.", { field: "scopes" });
  }
  for (const [index, scope] of scopes.entries()) {
    if (!isScope(scope)) {
      throw new HeddleError(
        "validation",
        `"${scope}" is no scope: it is "admin" or "<resource>[.<part>]:read", ":write" or ":*".`,
        { field: `scopes.${index}` },
      );
    }
    if (!covers(maker.scopes, scope)) {
      throw new HeddleError("forbidden", `A key without the scope ${scope} cannot give it away.`, {
        field: `scopes.${index}`,
      });
    }
  }
  if (isPast(expires, now)) {
    throw new HeddleError("validation", "expires_at is in the past.", { field: "expires_at" });
  }
  if (maker.expires_at !== null && (expires === null || expires > maker.expires_at)) {
    throw new HeddleError("forbidden", "A key cannot make one that outlives it.", { field: "expires_at" });
  }
}

const integrationOf = (owner: string | null): string | null =>
  owner?.startsWith(INTEGRATION) ? owner.slice(INTEGRATION.length) : null;

const newKey = () => `hdl_${randomBytes(32).toString("hex")}`;

const isPast = (instant: Date | null, now: number): boolean => instant !== null && instant.getTime() <= now;

const sha256 = (text: string): Buffer => createHash("sha256").update(text).digest();

const invalidCursor = () =>
  new HeddleError("validation", "The cursor is not one that this list gave out.", { field: "cursor" });

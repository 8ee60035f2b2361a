// API keys: each is shown once and stored as a hash; a cached key is recognised without a query.

import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { and, desc, eq, gt, isNull, lt, or } from "drizzle-orm";
import type { Database, Queryable } from "../db/database.ts";
import { apiKeys, type KeyRows } from "../db/schema.ts";
import { HeddleError } from "../errors.ts";
import { isUuid, newId } from "../ids.ts";
import type { Logger } from "../log.ts";
import { type Caller, OPERATOR } from "./caller.ts";
import { createKeyCache, INTEGRATION } from "./key-cache.ts";
import { refuseWiderKey } from "./key-grants.ts";
import { refuseNameOfOther } from "./names-of-deciders.ts";
import { announceRevoked } from "./revocations.ts";
import { holdLive, revokeFamily } from "./revoke-family.ts";
import { covers } from "./scopes.ts";

/** A key without its secret part. */
export interface ApiKey {
  id: string;
  name: string;
  prefix: string;
  scopes: string[];
  /** What Heddle created the key for; null for a key that a person created. */
  owner: string | null;
  /** The key that created this one; null if no stored key did. */
  parent_id: string | null;
  rows: KeyRows;
  expires_at: Date | null;
  last_used_at: Date | null;
  revoked_at: Date | null;
  created_at: Date;
}

export interface ApiKeys {
  /** Returns the key's caller; undefined if the key is unknown, revoked or expired. */
  verify(key: string): Promise<Caller | undefined>;
  /** Whether a text has the form of a key, or is the environment's API_KEY. */
  isOwn(key: string): boolean;
  /**
   * Returns the whole key in `key`; it cannot be read again. Throws "forbidden" if the new key could do more, reach
   * more rows or live longer than the key that creates it. `rows` defaults to the creator's. Pass a transaction as
   * `query` to create the key within it.
   */
  create(
    input: { name: string; scopes: string[]; expiresAt?: Date | null; owner?: string; rows?: KeyRows },
    maker: Caller,
    query?: Queryable,
  ): Promise<ApiKey & { key: string }>;
  /**
   * Creates a key for a process that this server starts. Only this server's memory holds its hash, so the key ends with
   * the server even after a crash. Throws "validation" for an invalid scope.
   */
  issueEphemeral(input: { name: string; scopes: readonly string[]; integrationId?: string }): EphemeralKey;
  /**
   * Lists keys newest first; `isLive`: only those that are neither revoked nor expired. `cursor` limits the list to keys
   * older than this id.
   */
  list(page: { limit: number; cursor?: string | undefined; isLive?: boolean }): Promise<ApiKey[]>;
  /** Undefined if there is no such key; a revoked one is found. */
  get(id: string): Promise<ApiKey | undefined>;
  /** Lists the live keys that were created for this owner, newest first. */
  ownedBy(owner: string): Promise<ApiKey[]>;
  /** Revokes the key and all its descendants, on all servers at once. Returns false if there is no such live key. */
  revoke(id: string, caller: Caller): Promise<boolean>;
  /** Forgets what is cached of a key that another server has revoked, or of all keys. */
  forget(id: string | undefined): void;
  /** SHA-256 of the environment's API_KEY, hexadecimal; undefined if there is none. */
  readonly staticKeyHash: string | undefined;
  /** Waits for pending writes of last-used times. */
  close(): Promise<void>;
}

export interface EphemeralKey {
  key: string;
  revoke(): void;
}

export interface ApiKeysOptions {
  db: Database;
  log: Logger;
  /** The environment's API_KEY: an admin key that is not stored in the database. */
  staticKey?: string | undefined;
  /** The wall clock. */
  now?: () => number;
  /** A monotonic clock, in milliseconds. */
  monotonic?: () => number;
}

const KEY = /^hdl_[0-9a-f]{64}$/;
const PREFIX_LENGTH = 12;
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

export function createApiKeys({
  db,
  log,
  staticKey,
  now = Date.now,
  monotonic = () => performance.now(),
}: ApiKeysOptions): ApiKeys {
  const stored = createKeyCache({ db, log, now, monotonic });
  const ephemeral = new Map<string, Caller>();
  const staticHash = staticKey ? sha256(staticKey) : undefined;

  return {
    isOwn: (key) => KEY.test(key) || (staticHash !== undefined && timingSafeEqual(staticHash, sha256(key))),
    async verify(key) {
      const hash = sha256(key);
      if (staticHash && timingSafeEqual(staticHash, hash)) return { ...OPERATOR, name: "API_KEY" };
      if (!KEY.test(key)) return undefined;
      return ephemeral.get(hash.toString("hex")) ?? stored.find(hash);
    },

    async create({ name, scopes, expiresAt, owner: wantedOwner, rows: wantedRows }, maker, query = db.query) {
      const rows = wantedRows ?? maker.rows;
      // A key of an integration can create keys only for that integration; otherwise it could escape its owner's
      // limits.
      const owner = maker.integrationId === null ? (wantedOwner ?? null) : INTEGRATION + maker.integrationId;
      const wanted = [...new Set(scopes)];
      const expires = expiresAt ?? maker.expires_at;
      refuseWiderKey(wanted, expires, maker, now());
      if (rows === "all" && maker.rows === "own") {
        throw new HeddleError("forbidden", 'A key with rows "own" cannot create a key with rows "all".', {
          field: "rows",
        });
      }
      if (maker.isEphemeral) {
        throw new HeddleError("forbidden", "A process's own key cannot create other keys.");
      }
      const key = newKey();
      const row = await query.transaction(async (tx) => {
        // The lock keeps out a concurrent revocation, which would not see the child.
        if (maker.id !== null && !(await holdLive(tx, maker.id))) {
          throw new HeddleError("unauthorized", "The API key has just been revoked.");
        }
        await refuseNameOfOther(tx, { name, scopes: wanted }, maker);
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

    async list({ limit, cursor, isLive = false }) {
      if (cursor !== undefined && !isUuid(cursor)) throw invalidCursor();
      const live = and(
        isNull(apiKeys.revoked_at),
        or(isNull(apiKeys.expires_at), gt(apiKeys.expires_at, new Date(now()))),
      );
      return db.query
        .select(COLUMNS)
        .from(apiKeys)
        .where(and(cursor === undefined ? undefined : lt(apiKeys.id, cursor), isLive ? live : undefined))
        .orderBy(desc(apiKeys.id))
        .limit(limit);
    },

    async get(id) {
      const [key] = await db.query.select(COLUMNS).from(apiKeys).where(eq(apiKeys.id, id));
      return key;
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
        throw new HeddleError("forbidden", `The key has the scope ${beyond}, which your key does not cover.`);
      }
      const gone = await db.query.transaction(async (tx) => {
        const family = await revokeFamily(tx, id, new Date(now()));
        await announceRevoked(
          tx,
          family.map((key) => key.id),
        );
        return family;
      });
      for (const key of gone) stored.forget(key.id);
      return true;
    },

    forget: stored.forget,
    staticKeyHash: staticHash?.toString("hex"),
    close: stored.close,
  };
}

const newKey = () => `hdl_${randomBytes(32).toString("hex")}`;

const sha256 = (text: string): Buffer => createHash("sha256").update(text).digest();

const invalidCursor = () =>
  new HeddleError("validation", "cursor must be a next_cursor of this list.", { field: "cursor" });

// Browsers that are signed in. A browser acts as an API key, or as the operator, and can never do more than that key can
// at the moment. Its cookie is random and stored as a hash.

import { and, desc, eq, gt, isNull, lt, or, type SQL } from "drizzle-orm";
import type { Database, Queryable } from "../db/database.ts";
import { apiKeys, type SignInMethod, signIns } from "../db/schema.ts";
import { HeddleError } from "../errors.ts";
import { isUuid, newId } from "../ids.ts";
import type { Logger } from "../log.ts";
import type { ApiKeys } from "./api-keys.ts";
import type { Caller } from "./caller.ts";
import { announceRevoked } from "./revocations.ts";
import { covers } from "./scopes.ts";
import { createSignInCache } from "./sign-in-cache.ts";
import { DAY_MS, hashOf, newToken, type SignInLinks } from "./sign-in-links.ts";
import { COLUMNS, callerOf, type SignInRow } from "./sign-in-row.ts";

/** What is known of the browser. */
export interface Browser {
  origin: string;
  host: string;
  userAgent: string;
  address: string;
}

export interface SignInLimits {
  /** How long a sign-in lasts without use. */
  idleMs: number;
  /** How long a sign-in lasts at most. */
  absoluteMs: number;
}

/** A sign-in as the list shows it. */
export interface ListedSignIn extends SignInRow {
  caller: Caller;
}

export interface SignIns {
  /** Returns undefined if the key is unknown, revoked or expired. `cookie` cannot be read again. */
  withKey(key: string, browser: Browser): Promise<{ cookie: string } | undefined>;
  /** Returns undefined if the link is unknown, used or expired. Of two calls with one link, one returns undefined. */
  withLink(token: string, browser: Browser): Promise<{ cookie: string } | undefined>;
  /** Returns the caller that the live sign-in with this cookie belongs to; `isUse` postpones the end by idleness. */
  verify(cookie: string, isUse: boolean): Promise<Caller | undefined>;
  /** Lists the live sign-ins, newest first. */
  list(page: { limit: number; cursor?: string | undefined }): Promise<ListedSignIn[]>;
  /** Ends it, on all servers at once. Returns false if there is no such sign-in. */
  revoke(id: string, caller: Caller): Promise<boolean>;
  /** Whether anybody has ever signed in. */
  hasAny(): Promise<boolean>;
  forget(id: string | undefined): void;
  /** Waits for pending writes of last-seen times. */
  close(): Promise<void>;
}

export interface SignInsOptions {
  db: Database;
  log: Logger;
  apiKeys: Pick<ApiKeys, "verify" | "staticKeyHash">;
  links: Pick<SignInLinks, "use">;
  limits: SignInLimits;
  /** The wall clock. */
  now?: () => number;
  /** A monotonic clock, in milliseconds. */
  monotonic?: () => number;
}

/** How much of the header User-Agent is stored. */
const USER_AGENT_LENGTH = 300;
/** Sign-ins that ended longer ago are deleted. */
const KEPT_DAYS = 30;

export function createSignIns(options: SignInsOptions): SignIns {
  const { db, log, apiKeys: keys, links, limits, now = Date.now } = options;
  const { monotonic = () => performance.now() } = options;
  const facts = { idleMs: limits.idleMs, staticKeyHash: keys.staticKeyHash };
  const cache = createSignInCache({ db, log, facts, now, monotonic });

  const insert = async (
    tx: Queryable,
    { origin, host, userAgent, address }: Browser,
    as: {
      method: SignInMethod;
      api_key_id: string | null;
      static_key_hash?: string | null;
      scopes: string[] | null;
    },
  ): Promise<{ cookie: string }> => {
    const cookie = newToken();
    const at = now();
    await tx.delete(signIns).where(lt(signIns.expires_at, new Date(at - KEPT_DAYS * DAY_MS)));
    await tx.insert(signIns).values({
      id: newId(),
      hash: hashOf(cookie),
      ...as,
      origin,
      host,
      user_agent: userAgent.slice(0, USER_AGENT_LENGTH),
      address,
      created_at: new Date(at),
      last_seen_at: new Date(at),
      expires_at: new Date(at + limits.absoluteMs),
    });
    return { cookie };
  };

  /** The same as `isLive` of sign-in-row.ts, in SQL. */
  const areLive = (): SQL | undefined =>
    and(
      isNull(signIns.revoked_at),
      gt(signIns.expires_at, new Date(now())),
      gt(signIns.last_seen_at, new Date(now() - limits.idleMs)),
      isNull(apiKeys.revoked_at),
      or(isNull(apiKeys.expires_at), gt(apiKeys.expires_at, new Date(now()))),
      or(isNull(signIns.static_key_hash), eq(signIns.static_key_hash, keys.staticKeyHash ?? "")),
    );

  const select = (condition: SQL | undefined) =>
    db.query
      .select(COLUMNS)
      .from(signIns)
      .leftJoin(apiKeys, eq(apiKeys.id, signIns.api_key_id))
      .where(and(condition, areLive()));

  return {
    async withKey(key, browser) {
      const caller = await keys.verify(key);
      if (!caller) return undefined;
      const isStatic = caller.id === null && keys.staticKeyHash === hashOf(key);
      // Such a key ends with its process; a sign-in in the database would outlive it.
      if (caller.id === null && !isStatic) {
        throw new HeddleError("forbidden", "The key of a process cannot sign in.");
      }
      const static_key_hash = isStatic ? hashOf(key) : null;
      return db.query.transaction((tx) =>
        insert(tx, browser, { method: "api_key", api_key_id: caller.id, static_key_hash, scopes: null }),
      );
    },
    withLink: (token, browser) =>
      db.query.transaction(async (tx) => {
        const link = await links.use(tx, token);
        return link && insert(tx, browser, { method: "link", ...link });
      }),
    verify: async (cookie, isUse) => (isCookie(cookie) ? cache.find(hashOf(cookie), isUse) : undefined),
    async list({ limit, cursor }) {
      if (cursor !== undefined && !isUuid(cursor)) {
        throw new HeddleError("validation", "cursor must be a next_cursor of this list.", {
          field: "cursor",
        });
      }
      const rows = await select(cursor === undefined ? undefined : lt(signIns.id, cursor))
        .orderBy(desc(signIns.id))
        .limit(limit);
      return rows.map((row) => ({ ...row, caller: callerOf(row, facts) }));
    },
    async revoke(id, caller) {
      const [row] = await select(eq(signIns.id, id));
      if (!row) return false;
      const beyond = callerOf(row, facts).scopes.find((scope) => !covers(caller.scopes, scope));
      if (beyond !== undefined && caller.signIn?.id !== id) {
        throw new HeddleError(
          "forbidden",
          `The sign-in has the scope ${beyond}, which yours does not cover.`,
        );
      }
      await db.query.transaction(async (tx) => {
        await tx
          .update(signIns)
          .set({ revoked_at: new Date(now()) })
          .where(eq(signIns.id, id));
        await announceRevoked(tx, [id]);
      });
      cache.forget(id);
      return true;
    },
    hasAny: async () => (await db.query.select({ id: signIns.id }).from(signIns).limit(1)).length > 0,
    forget: cache.forget,
    close: cache.close,
  };
}

const isCookie = (text: string): boolean => /^[A-Za-z0-9_-]{43}$/.test(text);

// Links with which a browser signs in, once. Like a key, a link is shown once and stored as a hash.

import { createHash, randomBytes } from "node:crypto";
import { and, eq, gt, isNull, lt } from "drizzle-orm";
import type { Database, Queryable } from "../db/database.ts";
import { signInLinks } from "../db/schema.ts";
import { HeddleError } from "../errors.ts";
import { newId } from "../ids.ts";
import type { Caller } from "./caller.ts";
import { refuseWiderKey } from "./key-grants.ts";
import { holdLive } from "./revoke-family.ts";

export interface SignInLink {
  id: string;
  /** The part of the link that is secret. */
  token: string;
  scopes: string[];
  expires_at: Date;
}

export interface SignInLinks {
  /** Throws "forbidden" if the link could do more than its maker. `scopes` defaults to the maker's. */
  create(maker: Caller, scopes?: readonly string[]): Promise<SignInLink>;
  /** Uses the link up within the transaction. Returns undefined if it is unknown, used or expired. */
  use(tx: Queryable, token: string): Promise<{ scopes: string[]; api_key_id: string | null } | undefined>;
}

export interface SignInLinksOptions {
  db: Database;
  /** How long a link is valid. */
  minutes: number;
  /** The wall clock. */
  now?: () => number;
}

const TOKEN = /^once_[A-Za-z0-9_-]{43}$/;
/** Links that ended longer ago are deleted. */
const KEPT_DAYS = 30;
export const DAY_MS = 86_400_000;

export function createSignInLinks({ db, minutes, now = Date.now }: SignInLinksOptions): SignInLinks {
  return {
    async create(maker, scopes = maker.scopes) {
      if (maker.isEphemeral) {
        throw new HeddleError("forbidden", "A process's own key cannot make a sign-in link.");
      }
      const wanted = [...new Set(scopes)];
      refuseWiderKey(wanted, maker.expires_at, maker, now());
      const token = `once_${newToken()}`;
      const row = {
        id: newId(),
        hash: hashOf(token),
        scopes: wanted,
        api_key_id: maker.id,
        expires_at: new Date(now() + minutes * 60_000),
      };
      await db.query.transaction(async (tx) => {
        if (maker.id !== null && !(await holdLive(tx, maker.id))) {
          throw new HeddleError("unauthorized", "The API key has just been revoked.");
        }
        await tx.delete(signInLinks).where(lt(signInLinks.expires_at, new Date(now() - KEPT_DAYS * DAY_MS)));
        await tx.insert(signInLinks).values(row);
      });
      return { id: row.id, token, scopes: wanted, expires_at: row.expires_at };
    },
    async use(tx, token) {
      if (!TOKEN.test(token)) return undefined;
      // Of several servers that get the same token at once, only one finds the row unused.
      const [used] = await tx
        .update(signInLinks)
        .set({ used_at: new Date(now()) })
        .where(
          and(
            eq(signInLinks.hash, hashOf(token)),
            isNull(signInLinks.used_at),
            gt(signInLinks.expires_at, new Date(now())),
          ),
        )
        .returning({ scopes: signInLinks.scopes, api_key_id: signInLinks.api_key_id });
      return used;
    },
  };
}

/** 256 random bits. */
export const newToken = (): string => randomBytes(32).toString("base64url");

export const hashOf = (token: string): string => createHash("sha256").update(token).digest("hex");

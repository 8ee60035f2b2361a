// A sign-in as stored, joined with its key, and the caller that it stands for.

import { apiKeys, signIns } from "../db/schema.ts";
import type { Caller } from "./caller.ts";
import { integrationOf } from "./key-cache.ts";
import { isPast } from "./key-grants.ts";
import { ADMIN } from "./scopes.ts";

export const COLUMNS = {
  id: signIns.id,
  method: signIns.method,
  api_key_id: signIns.api_key_id,
  static_key_hash: signIns.static_key_hash,
  scopes: signIns.scopes,
  origin: signIns.origin,
  host: signIns.host,
  user_agent: signIns.user_agent,
  address: signIns.address,
  last_seen_at: signIns.last_seen_at,
  expires_at: signIns.expires_at,
  revoked_at: signIns.revoked_at,
  created_at: signIns.created_at,
  key: {
    name: apiKeys.name,
    scopes: apiKeys.scopes,
    owner: apiKeys.owner,
    rows: apiKeys.rows,
    expires_at: apiKeys.expires_at,
    revoked_at: apiKeys.revoked_at,
  },
};

type Row<Table extends { $inferSelect: object }> = Table["$inferSelect"];

export interface SignInRow extends Omit<Row<typeof signIns>, "hash"> {
  key: Pick<Row<typeof apiKeys>, "name" | "scopes" | "owner" | "rows" | "expires_at" | "revoked_at"> | null;
}

export interface SignInFacts {
  idleMs: number;
  /** SHA-256 of the environment's API_KEY, hexadecimal. */
  staticKeyHash: string | undefined;
}

/** Whether the sign-in has not ended, and neither has its key. */
export function isLive(row: SignInRow, { idleMs, staticKeyHash }: SignInFacts, now: number): boolean {
  if (row.revoked_at !== null || isPast(row.expires_at, now)) return false;
  if (row.last_seen_at.getTime() + idleMs <= now) return false;
  if (row.static_key_hash !== null && row.static_key_hash !== staticKeyHash) return false;
  if (row.api_key_id === null) return true;
  return row.key !== null && row.key.revoked_at === null && !isPast(row.key.expires_at, now);
}

export function callerOf(row: SignInRow, { idleMs }: Pick<SignInFacts, "idleMs">): Caller {
  const { key } = row;
  return {
    id: row.api_key_id,
    name: key?.name ?? (row.static_key_hash === null ? "operator" : "API_KEY"),
    scopes: row.scopes ?? key?.scopes ?? [ADMIN],
    expires_at: key?.expires_at ?? null,
    integrationId: integrationOf(key?.owner ?? null),
    rows: key?.rows ?? "all",
    signIn: {
      id: row.id,
      method: row.method,
      origin: row.origin,
      host: row.host,
      created_at: row.created_at,
      idle_expires_at: new Date(Math.min(row.last_seen_at.getTime() + idleMs, row.expires_at.getTime())),
      expires_at: row.expires_at,
    },
  };
}

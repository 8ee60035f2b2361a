// Revokes an API key together with its descendants.

import { and, eq, isNull, sql } from "drizzle-orm";
import type { Queryable } from "../db/database.ts";
import { apiKeys } from "../db/schema.ts";

/**
 * Revokes a key and all its descendants. Creating a key locks its parent's row; the UPDATE that waits for this lock
 * does not see the new child yet, so the statement is repeated until it finds no live key.
 */
export async function revokeFamily(
  tx: Queryable,
  id: string,
  at: Date,
): Promise<{ id: string; hash: string }[]> {
  const family = sql`with recursive family as (
    select id from ${apiKeys} where id = ${id}
    union select child.id from ${apiKeys} as child join family on child.parent_id = family.id
  ) select id from family`;
  const gone: { id: string; hash: string }[] = [];
  for (;;) {
    const found = await tx
      .update(apiKeys)
      .set({ revoked_at: at })
      .where(and(isNull(apiKeys.revoked_at), sql`${apiKeys.id} in (${family})`))
      .returning({ id: apiKeys.id, hash: apiKeys.hash });
    if (found.length === 0) return gone;
    gone.push(...found);
  }
}

/** Locks the row of a live key against revocation; returns false if there is no such key. */
export async function holdLive(tx: Queryable, id: string): Promise<boolean> {
  const [row] = await tx
    .select({ id: apiKeys.id })
    .from(apiKeys)
    .where(and(eq(apiKeys.id, id), isNull(apiKeys.revoked_at)))
    .for("share");
  return row !== undefined;
}

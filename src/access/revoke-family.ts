// Revoking an API key together with those that it made.

import { and, eq, isNull, sql } from "drizzle-orm";
import type { Queryable } from "../db/database.ts";
import { apiKeys } from "../db/schema.ts";

/**
 * Revokes a key and all that come from it. A key that is just being made holds its maker, and is not yet seen by the
 * statement that waits for it: so once more, until a look at the whole family finds nobody.
 */
export async function revokeFamily(tx: Queryable, id: string, at: Date): Promise<{ hash: string }[]> {
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

/** Locks the row of a live key against being revoked; false when there is none. */
export async function holdLive(tx: Queryable, id: string): Promise<boolean> {
  const [row] = await tx
    .select({ id: apiKeys.id })
    .from(apiKeys)
    .where(and(eq(apiKeys.id, id), isNull(apiKeys.revoked_at)))
    .for("share");
  return row !== undefined;
}

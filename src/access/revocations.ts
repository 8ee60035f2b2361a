// Tells all servers of a database that keys or sign-ins have ended, so that none lets them in from memory and open
// streams end at once.

import { sql } from "drizzle-orm";
import type { Database, Queryable } from "../db/database.ts";

const CHANNEL = "heddle_revocations";

/** Call this in the transaction that ends them: every server learns of it when the transaction commits. */
export async function announceRevoked(tx: Queryable, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await tx.execute(
    sql`select pg_notify(${CHANNEL}, id) from jsonb_array_elements_text(${JSON.stringify(ids)}::jsonb) as id`,
  );
}

export interface Revocations {
  /** Calls the listener once one of these keys or sign-ins has ended, or may have ended unnoticed. */
  watch(ids: readonly string[], onRevoked: () => void): () => void;
  close(): Promise<void>;
}

export interface RevocationsOptions {
  db: Pick<Database, "listen">;
  /** Forgets what is known of an id, or of all: after an outage of notifications, anything may have ended. */
  forget: (id: string | undefined) => void;
}

export async function followRevocations({ db, forget }: RevocationsOptions): Promise<Revocations> {
  const watchers = new Map<string, Set<() => void>>();
  const revoked = (id: string | undefined): void => {
    forget(id);
    const sets = id === undefined ? [...watchers.values()] : [watchers.get(id) ?? new Set()];
    for (const set of sets) for (const onRevoked of [...set]) onRevoked();
  };
  let isFirst = true;
  const listening = await db.listen(CHANNEL, revoked, () => {
    if (!isFirst) revoked(undefined);
    isFirst = false;
  });
  return {
    watch(ids, onRevoked) {
      for (const id of ids) watchers.set(id, (watchers.get(id) ?? new Set()).add(onRevoked));
      return () => {
        for (const id of ids) {
          const set = watchers.get(id);
          set?.delete(onRevoked);
          if (set?.size === 0) watchers.delete(id);
        }
      };
    },
    close: listening.close,
  };
}

// An advisory lock for work that only one server of a database should do at a time, such as removing old rows.

import { sql } from "drizzle-orm";
import { type Database, rowsOf } from "./database.ts";

/** Runs the work and returns its result, or returns undefined if another server holds the lock. */
export type Exclusively = <Result>(work: () => Promise<Result>) => Promise<Result | undefined>;

/** The lock of a server that has been silent this long is given to another one: its machine sleeps, or cannot be reached. */
const SILENT_MS = 60_000;
const BEAT_MS = 10_000;

export function advisoryLock(
  db: Pick<Database, "kind" | "query" | "keepingOne">,
  name: string,
  { silentMs = SILENT_MS, beatMs = BEAT_MS } = {},
): Exclusively {
  return async (work) => {
    // An embedded database has only one server, and its only connection must stay free for the work.
    if (db.kind === "embedded") return work();
    // The lock belongs to a transaction that does nothing else, so that it is released however the work or the server ends.
    return db.keepingOne(() =>
      db.query.transaction(async (tx) => {
        // By itself, PostgreSQL takes a connection whose other end is gone for a living one for two hours.
        const [lock] = rowsOf<{ mine: boolean }>(
          await tx.execute(sql`select pg_try_advisory_xact_lock(hashtext(${name})) as mine,
            set_config('idle_in_transaction_session_timeout', ${String(silentMs)}, true)`),
        );
        if (!lock?.mine) return undefined;
        let beat: Promise<unknown> = Promise.resolve();
        const beating = setInterval(() => {
          // If the connection is gone, the end of the transaction says so.
          beat = tx.execute(sql`select 1`).catch(() => undefined);
        }, beatMs);
        try {
          return await work();
        } finally {
          clearInterval(beating);
          await beat;
        }
      }),
    );
  };
}

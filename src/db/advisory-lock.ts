// An advisory lock for work that only one server of a database should do at a time, such as removing old rows.

import { sql } from "drizzle-orm";
import { type Database, rowsOf } from "./database.ts";

/** Runs the work and returns its result, or returns undefined if another server holds the lock. */
export type Exclusively = <Result>(work: () => Promise<Result>) => Promise<Result | undefined>;

export function advisoryLock(db: Pick<Database, "kind" | "query" | "keepingOne">, name: string): Exclusively {
  return async (work) => {
    // An embedded database has only one server, and its only connection must stay free for the work.
    if (db.kind === "embedded") return work();
    // The lock belongs to a transaction that does nothing else, so that it is released however the work or the server ends.
    return db.keepingOne(() =>
      db.query.transaction(async (tx) => {
        const [lock] = rowsOf<{ mine: boolean }>(
          await tx.execute(sql`select pg_try_advisory_xact_lock(hashtext(${name})) as mine`),
        );
        return lock?.mine ? work() : undefined;
      }),
    );
  };
}

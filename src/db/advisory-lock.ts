// The advisory lock for what one server of a database does at a time, such as a sweep that all of them would do.

import { sql } from "drizzle-orm";
import { type Database, rowsOf } from "./database.ts";

/** Runs the work, unless another server holds the lock of this name: then it resolves with undefined. */
export type Exclusively = <Result>(work: () => Promise<Result>) => Promise<Result | undefined>;

export function advisoryLock(db: Pick<Database, "kind" | "query">, name: string): Exclusively {
  return async (work) => {
    // An embedded database has one server. Its one connection must stay free for the work.
    if (db.kind === "embedded") return work();
    // The lock belongs to a transaction that does nothing else, and is released with it however the work or the server ends.
    return db.query.transaction(async (tx) => {
      const [lock] = rowsOf<{ mine: boolean }>(
        await tx.execute(sql`select pg_try_advisory_xact_lock(hashtext(${name})) as mine`),
      );
      return lock?.mine ? work() : undefined;
    });
  };
}

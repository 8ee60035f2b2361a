// A database that a test opens by its place, as a server does that is started on it.

import { getLogger } from "@logtape/logtape";
import { openDatabase } from "../src/db/open.ts";
import type { TestDatabase } from "./database-handle.ts";
import type { DatabasePlace } from "./database-pool.ts";

/** Closing it closes what was built on it before: a queue that is left asks the closed database for the rest of the run. */
export async function openAgain({ home, databaseUrl }: DatabasePlace): Promise<TestDatabase> {
  const database = await openDatabase({ home, databaseUrl, log: getLogger("heddle") });
  const closers: (() => Promise<void>)[] = [];
  return {
    ...database,
    home,
    databaseUrl,
    beforeClose: (close) => void closers.unshift(close),
    async close() {
      for (const close of closers.splice(0)) await close();
      await database.close();
    },
  };
}

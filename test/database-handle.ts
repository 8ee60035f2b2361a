// A database as one test has it: it can be taken away from the test while the database itself stays open for the next.

import type { Database, Queryable } from "../src/db/database.ts";
import { within } from "../src/within.ts";
import type { DatabasePlace } from "./database-pool.ts";

/** A second `openDatabase` with its `databaseUrl` is a second server on the same data. */
export interface TestDatabase extends Database, DatabasePlace {
  /** Closes what was made on it, and would go on asking it. */
  beforeClose?(close: () => Promise<void>): void;
}

export interface Handle {
  database: TestDatabase;
  /** True when the test knows where the database is, and may have opened it a second time. */
  isKnown(): boolean;
  /** Ends what the test has left running on it; from then on it answers with an error only. */
  retire(): Promise<void>;
}

/** What a test has left running is not waited for longer. */
const CLOSE_MS = 1_000;

interface HandleOptions extends DatabasePlace {
  database: Database;
  close: () => Promise<void>;
}

export function createHandle({ database, home, databaseUrl, close }: HandleOptions): Handle {
  const closers: (() => Promise<unknown>)[] = [];
  let isKnown = false;
  let isRetired = false;

  const requireOpen = () => {
    if (isRetired) throw new Error("The database of this test is closed.");
  };
  const closing = <Opened extends { close(): Promise<void> }>(opened: Opened): Opened => {
    closers.push(opened.close);
    return opened;
  };
  const known = <Value>(value: Value) => ({
    // Not enumerable: who copies the handle with "..." has not asked for it.
    get() {
      // It belongs to the next test by then.
      if (isRetired && !isKnown)
        throw new Error("Take home and databaseUrl before the database is closed, or use open.place().");
      isKnown = true;
      return value;
    },
  });

  const handle = {
    kind: database.kind,
    query: new Proxy(database.query, {
      get(target, name) {
        requireOpen();
        return Reflect.get(target, name, target);
      },
    }) as Queryable,
    async execute(text, values) {
      requireOpen();
      return database.execute(text, values);
    },
    async listen(...listening) {
      requireOpen();
      return closing(await database.listen(...listening));
    },
    lead(...leading) {
      requireOpen();
      return closing(database.lead(...leading));
    },
    beforeClose: (before) => void closers.unshift(before),
    close,
  } as TestDatabase;

  return {
    database: Object.defineProperties(handle, { home: known(home), databaseUrl: known(databaseUrl) }),
    isKnown: () => isKnown,
    async retire() {
      for (const each of closers) await within(CLOSE_MS, each()).catch(() => {});
      isRetired = true;
    },
  };
}

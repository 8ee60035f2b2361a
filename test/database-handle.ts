// The database object that one test receives. It can be closed while the database behind it stays open for the next test.

import type { Database, Queryable } from "../src/db/database.ts";
import { within } from "../src/within.ts";
import type { DatabasePlace } from "./database-pool.ts";

/** Opening its `databaseUrl` a second time acts as a second server on the same data. */
export interface TestDatabase extends Database, DatabasePlace {
  /** Registers a function that closes something built on the database, such as a queue. */
  beforeClose(close: () => Promise<void>): void;
}

export interface Handle {
  database: TestDatabase;
  /** True when the test has read the location of the database and may have opened it a second time. */
  isExposed(): boolean;
  /** Closes whatever the test left running on the database. Every later call on the handle fails. */
  retire(): Promise<void>;
}

/** The longest wait for something that a test left running. */
const CLOSE_MS = 10_000;

interface HandleOptions extends DatabasePlace {
  database: Database;
  close: () => Promise<void>;
}

export function createHandle({ database, home, databaseUrl, close }: HandleOptions): Handle {
  const closers: (() => Promise<unknown>)[] = [];
  let isExposed = false;
  let isRetired = false;

  const requireOpen = () => {
    if (isRetired) throw new Error("The database of this test is closed.");
  };
  const closing = <Opened extends { close(): Promise<void> }>(opened: Opened): Opened => {
    closers.push(opened.close);
    return opened;
  };
  const exposing = <Value>(value: Value) => ({
    // The property is not enumerable, so copying the handle with "..." does not read it.
    get() {
      // By now the database may belong to the next test.
      if (isRetired && !isExposed)
        throw new Error("Read home and databaseUrl before the database is closed, or use open.place().");
      isExposed = true;
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
    keepingOne: database.keepingOne,
    beforeClose: (before) => void closers.unshift(before),
    close,
  } as TestDatabase;

  return {
    database: Object.defineProperties(handle, { home: exposing(home), databaseUrl: exposing(databaseUrl) }),
    isExposed: () => isExposed,
    async retire() {
      for (const each of closers) await within(CLOSE_MS, each()).catch(() => {});
      isRetired = true;
    },
  };
}

// The databases of one test file. Opening a database takes a second or two; resetting one takes some milliseconds.

import type { Database } from "../src/db/database.ts";
import { within } from "../src/within.ts";
import { createHandle, type TestDatabase } from "./database-handle.ts";
import { createReset, type Reset } from "./database-reset.ts";

/** The location of a database. */
export interface DatabasePlace {
  /** The folder that holds the embedded database and unpacked files. */
  readonly home: string;
  /** Set for PostgreSQL only. */
  readonly databaseUrl: string | undefined;
}

/** The location of a new database with tables but no rows, which nobody has opened yet. */
export interface MadePlace extends DatabasePlace {
  remove(): Promise<void>;
}

export interface DatabaseMaker {
  make(): Promise<MadePlace>;
  open(place: DatabasePlace): Promise<Database>;
}

export interface Acquired {
  database: TestDatabase;
  /** Closes whatever was built on the database, and keeps the database for the next test where possible. */
  release(): Promise<void>;
}

export interface DatabasePool {
  make: DatabaseMaker["make"];
  /** With `isNew` it is one that nobody has used, and that has no other connection. */
  acquire(options?: { isNew?: boolean }): Promise<Acquired>;
  /** Closes and removes every database that is not in use, but for as many as are to be kept. */
  clear(kept?: number): Promise<void>;
}

/** The limit for a reset, which a transaction that a test never ended would block forever. */
const RESET_MS = 10_000;

interface Opened {
  place: MadePlace;
  database: Database;
  reset: Reset;
}

export function createDatabasePool({ make, open }: DatabaseMaker): DatabasePool {
  const idle: Opened[] = [];

  /** Returns a database without rows: one that was reset, or a new one. */
  async function take(isNew: boolean): Promise<Opened> {
    for (let kept = isNew ? undefined : idle.pop(); kept; kept = idle.pop()) {
      if (await within(RESET_MS, kept.reset()).catch(() => false)) return kept;
      await end(kept);
    }
    const place = await make();
    const database = await open(place);
    return { place, database, reset: await createReset(database) };
  }

  return {
    make,
    async acquire({ isNew = false } = {}) {
      const opened = await take(isNew);
      const { place, database } = opened;
      let closing: Promise<void> | undefined;
      const handle = createHandle({ ...place, database, close: () => (closing ??= close()) });
      const close = async () => {
        await handle.retire();
        // A test that has read the location may open the files or connect to the server itself.
        if (handle.isExposed()) await database.close();
        else idle.push(opened);
      };
      return {
        database: handle.database,
        async release() {
          await handle.database.close();
          if (handle.isExposed()) await place.remove();
        },
      };
    },
    async clear(kept = 0) {
      for (const opened of idle.splice(kept)) await end(opened);
    },
  };
}

async function end({ database, place }: Opened): Promise<void> {
  await within(RESET_MS, database.close()).catch(() => {});
  await place.remove();
}

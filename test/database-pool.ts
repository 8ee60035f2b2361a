// The databases of one test file: opening one takes a second or two, taking one back to its first rows some milliseconds.

import type { Database } from "../src/db/database.ts";
import { within } from "../src/within.ts";
import { createHandle, type TestDatabase } from "./database-handle.ts";
import { createReset, type Reset } from "./database-reset.ts";

/** Where a database is. */
export interface DatabasePlace {
  /** The folder of the embedded one, and of unpacked files. */
  readonly home: string;
  /** Set for PostgreSQL. */
  readonly databaseUrl: string | undefined;
}

/** Of a database with the tables and no rows that nobody has opened. */
export interface MadePlace extends DatabasePlace {
  remove(): Promise<void>;
}

export interface DatabaseMaker {
  make(): Promise<MadePlace>;
  open(place: DatabasePlace): Promise<Database>;
}

export interface Lent {
  database: TestDatabase;
  /** Ends what was made on it, closes it and keeps it for the next test when that is possible. */
  giveBack(): Promise<void>;
}

export interface DatabasePool {
  make: DatabaseMaker["make"];
  lend(): Promise<Lent>;
  /** Closes and removes all that nobody has. */
  clear(): Promise<void>;
}

/** A transaction that a test never ends would hold up the reset for good. */
const RESET_MS = 10_000;

interface Opened {
  place: MadePlace;
  database: Database;
  reset: Reset;
}

export function createDatabasePool({ make, open }: DatabaseMaker): DatabasePool {
  const idle: Opened[] = [];

  /** One that is as if it were new. */
  async function take(): Promise<Opened> {
    for (let kept = idle.pop(); kept; kept = idle.pop()) {
      if (await within(RESET_MS, kept.reset()).catch(() => false)) return kept;
      await end(kept);
    }
    const place = await make();
    const database = await open(place);
    return { place, database, reset: await createReset(database) };
  }

  return {
    make,
    async lend() {
      const opened = await take();
      const { place, database } = opened;
      let closing: Promise<void> | undefined;
      const handle = createHandle({ ...place, database, close: () => (closing ??= close()) });
      const close = async () => {
        await handle.retire();
        // Whoever knows where it is may open its files or ask it over a connection of their own.
        if (handle.isKnown()) await database.close();
        else idle.push(opened);
      };
      return {
        database: handle.database,
        async giveBack() {
          await handle.database.close();
          if (handle.isKnown()) await place.remove();
        },
      };
    },
    async clear() {
      for (const opened of idle.splice(0)) await end(opened);
    },
  };
}

async function end({ database, place }: Opened): Promise<void> {
  await within(RESET_MS, database.close()).catch(() => {});
  await place.remove();
}

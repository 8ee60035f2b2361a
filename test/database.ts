// The same suite on both databases: on PGlite always, on PostgreSQL when TEST_DATABASE_URL names a server.

import { afterAll, afterEach, beforeEach, describe, onTestFinished } from "bun:test";
import type { Database } from "../src/db/database.ts";
import type { TestDatabase } from "./database-handle.ts";
import {
  createDatabasePool,
  type DatabaseMaker,
  type DatabasePlace,
  type DatabasePool,
} from "./database-pool.ts";
import { embeddedDatabases } from "./embedded-databases.ts";
import { postgresDatabases } from "./postgres-databases.ts";

export type { TestDatabase } from "./database-handle.ts";
export type { DatabasePlace } from "./database-pool.ts";

export interface OpenTestDatabase {
  /**
   * One with the tables and no rows. When it is opened in a test or a `beforeEach` it is closed after that test, otherwise
   * after the suite's last test; a test may close its own earlier.
   */
  (): Promise<TestDatabase>;
  /** Where one is that nobody has opened, for a server that does so itself. It is removed after the suite's last test. */
  place(): Promise<DatabasePlace>;
}

/** Declares the suite once for each database. */
export function eachDatabase(name: string, suite: (open: OpenTestDatabase) => void): void {
  const pool = poolOf("embedded", embeddedDatabases);
  describe(`${name} (embedded)`, () => lending(pool, suite));
  onPostgres(name, suite);
}

/** Declares the suite for PostgreSQL only: what needs more than one process on the same data. */
export function onPostgres(name: string, suite: (open: OpenTestDatabase) => void): void {
  const server = process.env.TEST_DATABASE_URL;
  if (!server) return;
  const pool = poolOf("postgres", postgresDatabases(server));
  describe(`${name} (postgres)`, () => lending(pool, suite));
}

/** Embedded databases, for tests that do not care which of the two they have. */
export function embeddedDatabase(): OpenTestDatabase {
  return lending(poolOf("embedded", embeddedDatabases), (open) => open);
}

const pools = new Map<Database["kind"], DatabasePool>();

/** The one of this file. */
function poolOf(kind: Database["kind"], maker: DatabaseMaker): DatabasePool {
  const pool = pools.get(kind) ?? createDatabasePool(maker);
  pools.set(kind, pool);
  afterAll(pool.clear);
  return pool;
}

function lending<Result>(pool: DatabasePool, suite: (open: OpenTestDatabase) => Result): Result {
  const endings: (() => Promise<void>)[] = [];
  let isInTest = false;
  beforeEach(() => {
    isInTest = true;
  });
  afterEach(() => {
    isInTest = false;
  });
  const open = async () => {
    const isOfTest = isInTest;
    const { database, giveBack } = await pool.lend();
    // Later than every afterEach: a server that one of them closes must find its database until then.
    if (isOfTest) onTestFinished(giveBack);
    else endings.push(giveBack);
    return database;
  };
  const place = async () => {
    const made = await pool.make();
    endings.push(made.remove);
    return made;
  };
  const result = suite(Object.assign(open, { place }));
  // Registered last, for the same reason.
  afterAll(async () => {
    for (const end of endings) await end();
  });
  return result;
}

// Runs one suite on both databases: always on PGlite, and on PostgreSQL when TEST_DATABASE_URL names a server.

import { afterAll, afterEach, beforeEach, describe, onTestFinished } from "bun:test";
import type { Database } from "../src/db/database.ts";
import type { TestDatabase } from "./database-handle.ts";
import {
  createDatabasePool,
  type DatabaseMaker,
  type DatabasePlace,
  type DatabasePool,
} from "./database-pool.ts";
import { isPartOfRun } from "./databases-of-run.ts";
import { embeddedDatabases } from "./embedded-databases.ts";
import { postgresDatabases } from "./postgres-databases.ts";

export type { TestDatabase } from "./database-handle.ts";
export type { DatabasePlace } from "./database-pool.ts";

export interface OpenTestDatabase {
  /**
   * Opens a database with tables but no rows. A database opened in a test or a `beforeEach` is closed after that test, any
   * other one after the last test of the suite. A test may close its own earlier. With `isNew` nobody has used it before.
   */
  (options?: { isNew?: boolean }): Promise<TestDatabase>;
  /** Makes a database for a server that opens it itself. It is removed after the last test of the suite. */
  place(): Promise<DatabasePlace>;
}

/** Declares the suite once for each database. */
export function eachDatabase(name: string, suite: (open: OpenTestDatabase) => void): void {
  onEmbedded(name, suite);
  onPostgres(name, suite);
}

/**
 * Declares a suite that takes long and asks nothing that its database decides: on PostgreSQL where there is one, because a
 * server starts there in a third of the time, otherwise on PGlite. `BOTH_DATABASES=1` declares it for each.
 */
export function oneDatabase(name: string, suite: (open: OpenTestDatabase) => void): void {
  const hasOne = Boolean(process.env.TEST_DATABASE_URL);
  if (process.env.BOTH_DATABASES === "1") eachDatabase(name, suite);
  else if (hasOne) onPostgres(name, suite);
  else onEmbedded(name, suite);
}

/**
 * Makes variables for servers that are started for something else than their database, which name a PostgreSQL database of their own
 * where there is one: such a start takes a third of the time. Without one they have an embedded database in their home.
 */
export function quickDatabase(): () => Promise<{ DATABASE_URL?: string }> {
  const server = process.env.TEST_DATABASE_URL;
  if (!server || process.env.BOTH_DATABASES === "1") return async () => ({});
  return declareWith(poolOf("postgres", postgresDatabases(server)), (open) => async () => {
    const { databaseUrl = "" } = await open.place();
    return { DATABASE_URL: databaseUrl };
  });
}

/** Declares the suite for PostgreSQL only, for tests that need several processes on the same data. */
export function onPostgres(name: string, suite: (open: OpenTestDatabase) => void): void {
  const server = process.env.TEST_DATABASE_URL;
  if (!server) return;
  const pool = poolOf("postgres", postgresDatabases(server));
  describe(`${name} (postgres)`, () => declareWith(pool, suite));
}

/** Opens embedded databases, for tests to which the kind of database makes no difference. */
export function embeddedDatabase(): OpenTestDatabase {
  return declareWith(poolOf("embedded", embeddedDatabases), (open) => open);
}

function onEmbedded(name: string, suite: (open: OpenTestDatabase) => void): void {
  const pool = poolOf("embedded", embeddedDatabases);
  describe(`${name} (embedded)`, () => declareWith(pool, suite));
}

const pools = new Map<Database["kind"], DatabasePool>();

/** The files of a whole run that share a process share a database of each kind as well; test/run.ts removes it at the end. */
const KEPT = isPartOfRun() ? 1 : 0;

/** Returns the pool of this process. */
function poolOf(kind: Database["kind"], maker: DatabaseMaker): DatabasePool {
  const pool = pools.get(kind) ?? createDatabasePool(maker);
  pools.set(kind, pool);
  afterAll(() => pool.clear(KEPT));
  return pool;
}

function declareWith<Result>(pool: DatabasePool, suite: (open: OpenTestDatabase) => Result): Result {
  const endings: (() => Promise<void>)[] = [];
  let isInTest = false;
  beforeEach(() => {
    isInTest = true;
  });
  afterEach(() => {
    isInTest = false;
  });
  const open = async (options?: { isNew?: boolean }) => {
    const isOfTest = isInTest;
    const { database, release } = await pool.acquire(options);
    // This runs after every afterEach, one of which may close a server that still needs the database.
    if (isOfTest) onTestFinished(release);
    else endings.push(release);
    return database;
  };
  const place = async () => {
    const made = await pool.make();
    endings.push(made.remove);
    return made;
  };
  const result = suite(Object.assign(open, { place }));
  // This is registered last, for the same reason.
  afterAll(async () => {
    for (const end of endings) await end();
  });
  return result;
}

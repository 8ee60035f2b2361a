// The same suite on both databases: on PGlite always, on PostgreSQL when TEST_DATABASE_URL names a server.

import { afterAll, describe } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getLogger } from "@logtape/logtape";
import postgres from "postgres";
import type { Database } from "../src/db/database.ts";
import { openDatabase } from "../src/db/open.ts";
import { prepareArchive } from "../src/db/prepare.ts";
import { createQueue } from "../src/queue/queue.ts";
import { unpackArchive } from "../src/runtime/archive.ts";
import { preparedArchivePath } from "../src/runtime/assets.ts";
import { within } from "../src/within.ts";

const log = getLogger("heddle");

export interface TestDatabase extends Database {
  /** The folder of the embedded one, and of unpacked files. */
  readonly home: string;
  /** Set for PostgreSQL: a second `openDatabase` with it is a second server on the same data. */
  readonly databaseUrl: string | undefined;
  /** Closes what was made on it, and would go on asking it. */
  beforeClose?(close: () => Promise<void>): void;
}

export type OpenTestDatabase = () => Promise<TestDatabase>;

/**
 * Declares the suite once for each database. `open` gives a fresh, migrated one each time; all are closed and removed
 * after the suite's last test (closing one earlier is fine).
 */
export function eachDatabase(name: string, suite: (open: OpenTestDatabase) => void): void {
  describe(`${name} (embedded)`, () => {
    const { open, dispose } = disposing(openEmbeddedForTest);
    suite(open);
    // Registered last: a server that the suite closes must find its files until then.
    afterAll(dispose);
  });
  onPostgres(name, suite);
}

/** Declares the suite for PostgreSQL only: what needs more than one process on the same data. */
export function onPostgres(name: string, suite: (open: OpenTestDatabase) => void): void {
  const server = process.env.TEST_DATABASE_URL;
  if (!server) return;
  describe(`${name} (postgres)`, () => {
    const { open, dispose } = disposing(() => openPostgresForTest(server));
    suite(open);
    afterAll(dispose);
  });
}

/** A fresh embedded database, for a test that does not care which of the two it has. */
export function embeddedDatabase(): OpenTestDatabase {
  const { open, dispose } = disposing(openEmbeddedForTest);
  afterAll(dispose);
  return open;
}

interface Disposable {
  database: TestDatabase;
  remove: () => Promise<void>;
}

function disposing(make: () => Promise<Disposable>): {
  open: OpenTestDatabase;
  dispose: () => Promise<void>;
} {
  const made: Disposable[] = [];
  return {
    async open() {
      const one = await make();
      made.push(one);
      return one.database;
    },
    async dispose() {
      for (const { database, remove } of made) {
        await database.close();
        await remove();
      }
    },
  };
}

async function openEmbeddedForTest(): Promise<Disposable> {
  const home = mkdtempSync(join(tmpdir(), "heddle-test-"));
  // What a first start does, without its syncs: no test survives a power cut.
  await unpackArchive(Bun.file(preparedArchivePath()), join(home, "db"));
  const database = await openDatabase({ home, log });
  return {
    database: { ...closingOnce(database), home, databaseUrl: undefined },
    remove: async () => rmSync(home, { recursive: true, force: true }),
  };
}

/** Every embedded test database begins as a copy of this; test/setup.ts makes it when it is missing. */
export async function makePreparedArchive(): Promise<void> {
  await prepareArchive({ path: preparedArchivePath(), log, initialise: createQueueOnce });
}

async function createQueueOnce(database: Database): Promise<void> {
  const queue = await createQueue({ db: database, log });
  await queue.close();
}

async function openPostgresForTest(server: string): Promise<Disposable> {
  const home = mkdtempSync(join(tmpdir(), "heddle-test-"));
  const admin = postgres(server, { max: 1, onnotice: () => undefined });
  try {
    const template = await ensureTemplate(admin, server, home);
    const name = `heddle_test_${crypto.randomUUID().replaceAll("-", "")}`;
    await admin.unsafe(`create database ${name} template ${template}`);
    const databaseUrl = withDatabase(server, name);
    const database = await openDatabase({ databaseUrl, home, log });
    return {
      database: { ...closingOnce(database), home, databaseUrl },
      async remove() {
        await onServer(server, (sql) => sql.unsafe(`drop database if exists ${name} with (force)`));
        rmSync(home, { recursive: true, force: true });
      },
    };
  } finally {
    await admin.end();
  }
}

/** A database to copy, one for each state of the migrations; made under a lock, since several runs may share a server. */
async function ensureTemplate(admin: postgres.Sql, server: string, home: string): Promise<string> {
  const key = /prepared-(\w+)/.exec(preparedArchivePath())?.[1];
  const name = `heddle_template_${key}`;
  await admin`select pg_advisory_lock(hashtext(${name}))`;
  const [done] = await admin`select 1 from pg_database where datname = ${name} and datistemplate`;
  if (!done) {
    await admin.unsafe(`drop database if exists ${name} with (force)`);
    await admin.unsafe(`create database ${name}`);
    const database = await openDatabase({ databaseUrl: withDatabase(server, name), home, log });
    await createQueueOnce(database);
    await database.close();
    // Last, as the mark that it is whole.
    await admin.unsafe(`alter database ${name} is_template true allow_connections false`);
  }
  await admin`select pg_advisory_unlock(hashtext(${name}))`;
  return name;
}

async function onServer(server: string, act: (sql: postgres.Sql) => Promise<unknown>): Promise<void> {
  const admin = postgres(server, { max: 1, onnotice: () => undefined });
  try {
    await act(admin);
  } finally {
    await admin.end();
  }
}

function withDatabase(server: string, name: string): string {
  const url = new URL(server);
  url.pathname = `/${name}`;
  return url.href;
}

/** What a test has left running is not waited for longer. */
const CLOSE_MS = 1_000;

/** A test may close its database itself, to open it again. */
function closingOnce(database: Database): Database & Pick<TestDatabase, "beforeClose"> {
  const first: (() => Promise<void>)[] = [];
  let closing: Promise<void> | undefined;
  const closeAll = async () => {
    for (const close of first) await within(CLOSE_MS, close()).catch(() => {});
    await database.close();
  };
  return {
    ...database,
    beforeClose: (close) => void first.push(close),
    close() {
      closing ??= closeAll();
      return closing;
    },
  };
}

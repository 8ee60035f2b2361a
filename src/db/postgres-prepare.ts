// Checks and prepares a PostgreSQL server before Heddle uses it; of several servers starting together, one prepares it.

import { setTimeout as pause } from "node:timers/promises";
import { drizzle } from "drizzle-orm/postgres-js";
import postgres, { type Sql, type TransactionSql } from "postgres";
import { HeddleError } from "../errors.ts";
import { migrate } from "./migrate.ts";
import type { PostgresOptions } from "./postgres-js.ts";

const MIN_MAJOR = 15;
/** The key of the advisory lock that one migrating server holds: "heddle" in ASCII. */
const MIGRATION_LOCK = 0x686564646c65n;
const LOCK_RETRY_MS = 250;
const PROGRESS_MS = 30_000;
/** A migration may build indexes over all stored data. */
const MAX_WAIT_MS = 3_600_000;

export interface PrepareServer {
  databaseUrl: string;
  options: PostgresOptions;
  migrationsFolder: string;
  /** Called with a message when this has to wait. */
  onProgress?: ((text: string) => void) | undefined;
}

/** Throws the driver's errors unchanged, or a HeddleError "database". */
export async function prepareServer(prepare: PrepareServer): Promise<void> {
  const client = postgres(prepare.databaseUrl, { ...prepare.options, max: 1, fetch_types: false });
  try {
    await refuseOldServer(client);
    const startedAt = performance.now();
    let reportedAt = Number.NEGATIVE_INFINITY;
    while (!(await prepareOnce(client, prepare.migrationsFolder))) {
      const now = performance.now();
      if (now - startedAt > MAX_WAIT_MS) throw new HeddleError("database", STILL_LOCKED);
      if (now - reportedAt > PROGRESS_MS) {
        prepare.onProgress?.("Waiting for another server that is setting up the database.");
        reportedAt = now;
      }
      await pause(LOCK_RETRY_MS);
    }
  } finally {
    await client.end({ timeout: 5 });
  }
}

const STILL_LOCKED =
  "Another server has been setting up the database for an hour: check what it is waiting for (pg_stat_activity) or stop it, then start again.";

/** The lock belongs to the transaction, so it is always released. Resolves with false if another server holds it. */
function prepareOnce(client: Sql, migrationsFolder: string): Promise<boolean> {
  return client.begin(async (tx) => {
    const [row] = await tx<{ locked: boolean }[]>`
      select pg_try_advisory_xact_lock(${String(MIGRATION_LOCK)}::bigint) as locked`;
    if (!row?.locked) return false;
    await ensureVector(tx);
    const query = drizzle(asClient(tx, client));
    await migrate({ query, migrationsFolder, runsSeveral: true });
    return true;
  });
}

/** drizzle's migrator starts a transaction; inside this one that becomes a savepoint. */
function asClient(tx: TransactionSql, { options }: Sql): Sql {
  return Object.assign(tx, {
    options,
    begin: (act: (inner: TransactionSql) => unknown) => tx.savepoint(act),
  }) as unknown as Sql;
}

async function refuseOldServer(client: Sql): Promise<void> {
  const [row] = await client<{ number: string; text: string }[]>`
    select current_setting('server_version_num') as number, current_setting('server_version') as text`;
  if (row && Number(row.number) < MIN_MAJOR * 10_000) {
    throw new HeddleError(
      "database",
      `The server behind DATABASE_URL is PostgreSQL ${row.text}: Heddle needs PostgreSQL ${MIN_MAJOR} or newer.`,
    );
  }
}

interface Extension {
  /** The version that the server could install; null if it has none. */
  available: string | null;
  installed: string | null;
  major: number;
  database: string;
  role: string;
}

/** The first version whose index scans go on until enough rows pass a filter (`hnsw.iterative_scan`). */
const MIN_VECTOR = [0, 8] as const;

/** Installs or updates pgvector before the migration would, because the migration could not explain a failure. */
async function ensureVector(client: TransactionSql): Promise<void> {
  const [found] = await client<Extension[]>`
    select default_version as available, installed_version as installed,
      current_setting('server_version_num')::int / 10000 as major, current_database() as database,
      current_user as role
    from (values (1)) as one left join pg_available_extensions on name = 'vector'`;
  if (!found || isNewEnough(found.installed)) return;
  if (!isNewEnough(found.available)) throw lacksVector(found);
  const [statement, action] =
    found.installed === null
      ? [
          "create extension if not exists vector",
          "add the extension pgvector: as a superuser run CREATE EXTENSION vector;",
        ]
      : [
          "alter extension vector update",
          "update the extension pgvector: as its owner run ALTER EXTENSION vector UPDATE;",
        ];
  try {
    await client.unsafe(statement);
  } catch (cause) {
    if ((cause as { code?: string }).code !== "42501") throw cause;
    throw new HeddleError(
      "database",
      `The role ${found.role} may not ${action} in the database ${found.database}, and start again.`,
      { cause },
    );
  }
}

export function isNewEnough(version: string | null): boolean {
  if (version === null) return false;
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > MIN_VECTOR[0] || (major === MIN_VECTOR[0] && minor >= MIN_VECTOR[1]);
}

function lacksVector({ available, major }: Extension): HeddleError {
  const found =
    available === null
      ? "no pgvector: install it there"
      : `pgvector ${available}: Heddle needs ${MIN_VECTOR.join(".")} or newer, so install that there`;
  return new HeddleError(
    "database",
    `The PostgreSQL server behind DATABASE_URL has ${found} (Debian: postgresql-${major}-pgvector, from apt.postgresql.org for older releases) and start again.`,
  );
}

// Checks and prepares a PostgreSQL server before Heddle uses it; of several servers starting together, one prepares it.

import { setTimeout as pause } from "node:timers/promises";
import { drizzle } from "drizzle-orm/postgres-js";
import { migrate as applyMigrations } from "drizzle-orm/postgres-js/migrator";
import postgres, { type Sql, type TransactionSql } from "postgres";
import { HeddleError } from "../errors.ts";
import { migrate } from "./migrate.ts";
import type { PostgresOptions } from "./postgres-js.ts";
import * as schema from "./schema.ts";

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
    const query = drizzle(asClient(tx, client), { schema });
    await migrate({ query, migrationsFolder, apply: (config) => applyMigrations(query, config) });
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
  available: boolean;
  installed: boolean;
  major: number;
  database: string;
  role: string;
}

/** Installs pgvector before the migration would, because the migration could not explain a failure. */
async function ensureVector(client: TransactionSql): Promise<void> {
  const [found] = await client<Extension[]>`
    select name is not null as available, installed_version is not null as installed,
      current_setting('server_version_num')::int / 10000 as major, current_database() as database,
      current_user as role
    from (values (1)) as one left join pg_available_extensions on name = 'vector'`;
  if (!found || found.installed) return;
  if (!found.available) {
    throw new HeddleError(
      "database",
      `The PostgreSQL server behind DATABASE_URL has no pgvector: install it there (Debian: postgresql-${found.major}-pgvector) and start again.`,
    );
  }
  try {
    await client`create extension if not exists vector`;
  } catch (cause) {
    if ((cause as { code?: string }).code !== "42501") throw cause;
    throw new HeddleError(
      "database",
      `The role ${found.role} may not add the extension pgvector: as a superuser run CREATE EXTENSION vector; in the database ${found.database}, and start again.`,
      { cause },
    );
  }
}

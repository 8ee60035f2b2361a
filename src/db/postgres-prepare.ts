// What a PostgreSQL server must be and have before Heddle works with it; of servers that start together one prepares it.

import { setTimeout as pause } from "node:timers/promises";
import { drizzle } from "drizzle-orm/postgres-js";
import { migrate as applyMigrations } from "drizzle-orm/postgres-js/migrator";
import postgres, { type Options, type Sql, type TransactionSql } from "postgres";
import { HeddleError } from "../errors.ts";
import { migrate } from "./migrate.ts";
import * as schema from "./schema.ts";

const OLDEST_MAJOR = 15;
/** The key of the advisory lock that one migrating server holds: "heddle" in ASCII. */
const MIGRATION_LOCK = 0x686564646c65n;
const LOCK_AGAIN_MS = 250;
const PROGRESS_MS = 30_000;
/** A migration may build indexes over everything that was ever stored. */
const LONGEST_WAIT_MS = 3_600_000;

/** The driver's, with the option that our patch adds. */
export type PostgresOptions = Options<Record<string, never>> & { answer_timeout?: number };

export interface PrepareServer {
  databaseUrl: string;
  options: PostgresOptions;
  migrationsFolder: string;
  /** Hears of a wait. */
  onProgress?: ((text: string) => void) | undefined;
}

/** Throws what the driver throws, or a HeddleError "database". */
export async function prepareServer(prepare: PrepareServer): Promise<void> {
  const client = postgres(prepare.databaseUrl, { ...prepare.options, max: 1, fetch_types: false });
  try {
    await refuseOldServer(client);
    const startedAt = performance.now();
    let saidAt = Number.NEGATIVE_INFINITY;
    while (!(await prepareOnce(client, prepare.migrationsFolder))) {
      const now = performance.now();
      if (now - startedAt > LONGEST_WAIT_MS) throw new HeddleError("database", STILL_LOCKED);
      if (now - saidAt > PROGRESS_MS) {
        prepare.onProgress?.("Waiting for another server, which is setting the database up.");
        saidAt = now;
      }
      await pause(LOCK_AGAIN_MS);
    }
  } finally {
    await client.end({ timeout: 5 });
  }
}

const STILL_LOCKED =
  "Another server has been setting the database up for an hour: see what it waits for (pg_stat_activity), or end it, and start again.";

/** The lock belongs to the transaction, so it is given back however this ends. False: another server has it. */
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

/** drizzle's migrator begins a transaction; within this one that is a savepoint. */
function asClient(tx: TransactionSql, { options }: Sql): Sql {
  return Object.assign(tx, {
    options,
    begin: (act: (inner: TransactionSql) => unknown) => tx.savepoint(act),
  }) as unknown as Sql;
}

async function refuseOldServer(client: Sql): Promise<void> {
  const [row] = await client<{ number: string; text: string }[]>`
    select current_setting('server_version_num') as number, current_setting('server_version') as text`;
  if (row && Number(row.number) < OLDEST_MAJOR * 10_000) {
    throw new HeddleError(
      "database",
      `The server behind DATABASE_URL is PostgreSQL ${row.text}: Heddle needs ${OLDEST_MAJOR} or newer.`,
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

/** Asked before the migration does it, which could not tell why it failed. */
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

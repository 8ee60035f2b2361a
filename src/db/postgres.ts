// A PostgreSQL server (15 or newer, with pgvector) that DATABASE_URL names.

import { drizzle } from "drizzle-orm/postgres-js";
import { migrate as applyMigrations } from "drizzle-orm/postgres-js/migrator";
import postgres, { type RowList, type Sql } from "postgres";
import { HeddleError } from "../errors.ts";
import type { Logger } from "../log.ts";
import { builtinDir } from "../runtime/assets.ts";
import type { Database } from "./database.ts";
import { migrate } from "./migrate.ts";
import { explainPostgresError } from "./postgres-error.ts";
import { createLeader } from "./postgres-leader.ts";
import { createListener } from "./postgres-listener.ts";
import { prepareStatements } from "./prepared-statements.ts";
import * as schema from "./schema.ts";

const OLDEST_MAJOR = 15;
const POOL_SIZE = 16;
const CONNECT_SECONDS = 10;
/** The key of the advisory lock that one migrating server holds: "heddle" in ASCII. */
const MIGRATION_LOCK = 0x686564646c65n;

/** The types date, timestamp and timestamptz. */
const INSTANTS = new Set([1082, 1114, 1184]);

export interface OpenPostgres {
  databaseUrl: string;
  home: string;
  log: Logger;
}

/** Connects, checks the server and applies migrations; of servers starting together one migrates, the others wait. */
export async function openPostgres({ databaseUrl, home, log }: OpenPostgres): Promise<Database> {
  try {
    await prepareServer(databaseUrl, await builtinDir("migrations", home));
  } catch (error) {
    throw explainPostgresError(error, databaseUrl);
  }
  const client = postgres(databaseUrl, { ...options(log), max: POOL_SIZE });
  const query = drizzle(client, { schema });
  acceptDates(client);
  prepareStatements(client);
  const listener = createListener({ databaseUrl, options: options(log), log });
  return {
    kind: "postgres",
    query,
    execute: (text, values) => execute(client, text, values),
    listen: listener.listen,
    lead: createLeader({ databaseUrl, options: options(log), log }),
    async close() {
      await listener.close();
      await client.end({ timeout: 5 });
    },
  };
}

/**
 * drizzle turns off the driver's conversion of dates and does it by column; a date that stands in free SQL (pg-boss's,
 * inside a transaction of ours) would reach the socket as an object.
 */
function acceptDates(client: Sql): void {
  const serializers = client.options.serializers as Record<number, (value: unknown) => unknown>;
  for (const type of INSTANTS) {
    serializers[type] = (value) => (value instanceof Date ? value.toISOString() : value);
  }
}

const options = (log?: Logger) => ({
  connect_timeout: CONNECT_SECONDS,
  connection: { application_name: "heddle" },
  onnotice: (notice: postgres.Notice) =>
    log?.debug("PostgreSQL: {message}", { message: notice.message ?? "" }),
});

/** On one connection of its own: a session's advisory lock belongs to the connection that took it. */
async function prepareServer(databaseUrl: string, migrationsFolder: string): Promise<void> {
  const client = postgres(databaseUrl, { ...options(), max: 1, fetch_types: false });
  try {
    await refuseOldServer(client);
    await client`select pg_advisory_lock(${String(MIGRATION_LOCK)}::bigint)`;
    await ensureVector(client);
    const query = drizzle(client, { schema });
    await migrate({ query, migrationsFolder, apply: (config) => applyMigrations(query, config) });
  } finally {
    // Closing the connection gives the lock back.
    await client.end({ timeout: 5 });
  }
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
async function ensureVector(client: Sql): Promise<void> {
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

async function execute(client: Sql, text: string, values: unknown[] = []) {
  if (values.length > 0) return { rows: plainRows(await client.unsafe(text, values.map(parameter))) };
  // pg-boss looks for jobs by a long statement without values, again and again: worth preparing like any other.
  if (isOneQuery(text)) return { rows: plainRows(await client.unsafe(text, [], PREPARED)) };
  if (!/^\s*BEGIN\b/i.test(text)) return { rows: allRows(await client.unsafe(text)) };
  // The statements of a transaction belong on one connection, and nobody else may get it before it is over.
  const connection = await client.reserve();
  try {
    return { rows: allRows(await connection.unsafe(text)) };
  } catch (error) {
    // A connection that is gone took its transaction with it; the first error is the one to tell.
    await connection.unsafe("rollback").catch(() => undefined);
    throw error;
  } finally {
    connection.release();
  }
}

/** The driver knows the option; its types do not. */
const PREPARED = { simple: false } as postgres.UnsafeQueryOptions;

const isOneQuery = (text: string): boolean => /^\s*(with|select)\b[^;]*$/i.test(text);

type Rows = RowList<Record<string, unknown>[]>;

/** Several statements answer with one list each. */
function allRows(result: unknown): Record<string, unknown>[] {
  const lists = result as Rows | Rows[];
  return isNested(lists) ? lists.flatMap(plainRows) : plainRows(lists);
}

const isNested = (lists: Rows | Rows[]): lists is Rows[] => !("columns" in lists) && Array.isArray(lists[0]);

/** drizzle turns off the driver's own conversion of dates, and does it itself; here nobody else would. */
function plainRows(rows: Rows): Record<string, unknown>[] {
  const instants = (rows.columns ?? []).filter(({ type }) => INSTANTS.has(type)).map(({ name }) => name);
  if (instants.length > 0) {
    for (const row of rows) {
      for (const name of instants) if (typeof row[name] === "string") row[name] = instant(row[name]);
    }
  }
  return [...rows];
}

/** PostgreSQL writes "2026-01-02 03:04:05.678+00"; times that a date cannot hold ("infinity") stay text. */
function instant(text: string): Date | string {
  const date = new Date(text);
  return Number.isNaN(date.getTime()) ? text : date;
}

/** As text, which PostgreSQL reads as the type it expects; the driver would guess a type from the value. */
function parameter(value: unknown): never {
  return encoded(value) as never;
}

function encoded(value: unknown): unknown {
  if (value === undefined) return null;
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return value;
  if (Array.isArray(value)) return `{${value.map(arrayItem).join(",")}}`;
  if (typeof value === "object" && value !== null) return JSON.stringify(value);
  return value;
}

function arrayItem(item: unknown): string {
  if (item === null || item === undefined) return "null";
  return `"${String(encoded(item)).replace(/["\\]/g, "\\$&")}"`;
}

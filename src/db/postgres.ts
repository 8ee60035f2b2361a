// The PostgreSQL server (15 or newer, with pgvector) named by DATABASE_URL.

import { setTimeout as pause } from "node:timers/promises";
import { drizzle } from "drizzle-orm/postgres-js";
import postgres, { type RowList, type Sql } from "postgres";
import { HeddleError } from "../errors.ts";
import type { Logger } from "../log.ts";
import { builtinDir } from "../runtime/assets.ts";
import type { Database } from "./database.ts";
import { explainPostgresError, isRolledBack } from "./failure.ts";
import { createLeader } from "./postgres-leader.ts";
import { createListener } from "./postgres-listener.ts";
import { findPooling, type Pooling } from "./postgres-pooler.ts";
import { type PostgresOptions, prepareServer } from "./postgres-prepare.ts";
import { prepareStatements } from "./postgres-statements.ts";
import * as schema from "./schema.ts";

/** Each server opens this many connections plus two, for notifications and for the leader's lock. */
const POOL_SIZE = 16;
const CONNECT_SECONDS = 10;
const ANSWER_SECONDS = 20;

/** OIDs of the types date, timestamp and timestamptz. */
const INSTANTS = new Set([1082, 1114, 1184]);

export interface OpenPostgres {
  databaseUrl: string;
  /** The URL of the server itself, if `databaseUrl` leads to a pooler that assigns connections per transaction. */
  directUrl?: string | undefined;
  /** Number of connections for queries. */
  poolSize?: number | undefined;
  /** The connection is dropped if a statement is not answered for this long. */
  answerSeconds?: number | undefined;
  home: string;
  log: Logger;
  onProgress?: ((text: string) => void) | undefined;
}

/**
 * Connects, checks the server and applies migrations; of several servers starting together one migrates and the others
 * wait.
 * @throws HeddleError "database" that says what to do.
 */
export async function openPostgres(open: OpenPostgres): Promise<Database> {
  const { databaseUrl, directUrl = databaseUrl, poolSize = POOL_SIZE, home, log } = open;
  let pooling: Pooling;
  try {
    pooling = await findPooling(databaseUrl, connectionOptions());
    await refuseTransactionPooling(open, pooling);
    await prepareServer({
      databaseUrl: directUrl,
      options: connectionOptions(),
      migrationsFolder: await builtinDir("migrations", home),
      onProgress: open.onProgress,
    });
  } catch (error) {
    throw explainPostgresError(error, databaseUrl);
  }
  const answerSeconds = open.answerSeconds ?? ANSWER_SECONDS;
  const client = postgres(databaseUrl, {
    ...connectionOptions(log, answerSeconds),
    max: poolSize,
    // A pooler rejects settings it does not know; with transaction pooling prepared statements do not work either.
    ...(pooling === "none" && { connection: { ...IDENTITY, ...ISOLATION } }),
    ...(pooling === "transaction" && { prepare: false }),
  });
  const query = drizzle(client, { schema });
  acceptDates(client);
  prepareStatements(client);
  retryTransactions(client);
  const options = connectionOptions(log, answerSeconds);
  const listener = createListener({ databaseUrl: directUrl, options, log });
  return {
    kind: "postgres",
    query,
    execute: (text, values) => execute(client, text, values),
    listen: listener.listen,
    lead: createLeader({ databaseUrl: directUrl, options, log }),
    async close() {
      await listener.close();
      await client.end({ timeout: 5 });
    },
  };
}

/**
 * drizzle disables the driver's conversion of dates and converts by column, so a date in raw SQL (pg-boss's, inside our
 * transaction) would reach the socket as an object.
 */
function acceptDates(client: Sql): void {
  const serializers = client.options.serializers as Record<number, (value: unknown) => unknown>;
  for (const type of INSTANTS) {
    serializers[type] = (value) => (value instanceof Date ? value.toISOString() : value);
  }
}

const IDENTITY = { application_name: "heddle" };
/** Heddle's statements are written for this level; with a stricter default concurrent transactions would fail. */
const ISOLATION = { default_transaction_isolation: "read committed" } as const;

const TRANSACTION_POOLING =
  "leads to a pooler that may use a different connection for each transaction (PgBouncer with pool_mode=transaction). " +
  "Notifications and locks need a permanent connection:";

/** @param pooling that of `databaseUrl` */
async function refuseTransactionPooling({ databaseUrl, directUrl }: OpenPostgres, pooling: Pooling) {
  if (directUrl === undefined || directUrl === databaseUrl) {
    if (pooling !== "transaction") return;
    const remedy = "set DATABASE_DIRECT_URL to the server itself, or set pool_mode=session.";
    throw new HeddleError("database", `DATABASE_URL ${TRANSACTION_POOLING} ${remedy}`);
  }
  if ((await findPooling(directUrl, connectionOptions())) !== "transaction") return;
  throw new HeddleError(
    "database",
    `DATABASE_DIRECT_URL ${TRANSACTION_POOLING} set it to the server itself.`,
  );
}

const connectionOptions = (log?: Logger, answerSeconds?: number): PostgresOptions => ({
  connect_timeout: CONNECT_SECONDS,
  connection: IDENTITY,
  // An option added by our patch (patches/postgres@…); without it the driver waits for ever.
  ...(answerSeconds !== undefined && { answer_timeout: answerSeconds }),
  onnotice: (notice: postgres.Notice) =>
    log?.debug("PostgreSQL: {message}", { message: notice.message ?? "" }),
});

const TRANSACTION_ATTEMPTS = 5;

/**
 * Retries transactions that the server rolled back because of a conflict with another one; nothing of them has taken
 * effect.
 */
function retryTransactions(client: Sql): void {
  const begin = client.begin.bind(client) as (...args: unknown[]) => Promise<unknown>;
  client.begin = (async (...args: unknown[]) => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await begin(...args);
      } catch (error) {
        if (!isRolledBack(error) || attempt >= TRANSACTION_ATTEMPTS) throw error;
        await pause(Math.random() * 20 * 2 ** attempt);
      }
    }
  }) as typeof client.begin;
}

async function execute(client: Sql, text: string, values: unknown[] = []) {
  if (values.length > 0) return { rows: plainRows(await client.unsafe(text, values.map(parameter))) };
  // pg-boss polls for jobs with a long statement without values, which is worth preparing like any other.
  if (isOneQuery(text)) return { rows: plainRows(await client.unsafe(text, [], PREPARED)) };
  if (!/^\s*BEGIN\b/i.test(text)) return { rows: allRows(await client.unsafe(text)) };
  // All statements of a transaction must use one connection, which nothing else may use until it is over.
  const connection = await client.reserve();
  try {
    return { rows: allRows(await connection.unsafe(text)) };
  } catch (error) {
    // If the connection is gone, so is its transaction; report the first error.
    await connection.unsafe("rollback").catch(() => undefined);
    throw error;
  } finally {
    connection.release();
  }
}

/** The driver supports this option, but its types lack it. */
const PREPARED = { simple: false } as postgres.UnsafeQueryOptions;

const isOneQuery = (text: string): boolean => /^\s*(with|select)\b[^;]*$/i.test(text);

type Rows = RowList<Record<string, unknown>[]>;

/** Several statements return one list each. */
function allRows(result: unknown): Record<string, unknown>[] {
  const lists = result as Rows | Rows[];
  return isNested(lists) ? lists.flatMap(plainRows) : plainRows(lists);
}

const isNested = (lists: Rows | Rows[]): lists is Rows[] => !("columns" in lists) && Array.isArray(lists[0]);

/** drizzle disables the driver's conversion of dates and does its own, but not for raw SQL, so it is done here. */
function plainRows(rows: Rows): Record<string, unknown>[] {
  const instants = (rows.columns ?? []).filter(({ type }) => INSTANTS.has(type)).map(({ name }) => name);
  if (instants.length > 0) {
    for (const row of rows) {
      for (const name of instants) if (typeof row[name] === "string") row[name] = instant(row[name]);
    }
  }
  return [...rows];
}

/** Parses a time such as "2026-01-02 03:04:05.678+00"; values that a Date cannot represent ("infinity") stay text. */
function instant(text: string): Date | string {
  const date = new Date(text);
  return Number.isNaN(date.getTime()) ? text : date;
}

/**
 * Passes a value as text, which PostgreSQL reads as the expected type; the driver would guess a type from the value.
 */
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

// A PostgreSQL server (15 or newer, with pgvector) that DATABASE_URL names.

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

/** One server opens this many and two more, for notifications and for the lock of the leader. */
const POOL_SIZE = 16;
const CONNECT_SECONDS = 10;
const ANSWER_SECONDS = 20;

/** The types date, timestamp and timestamptz. */
const INSTANTS = new Set([1082, 1114, 1184]);

export interface OpenPostgres {
  databaseUrl: string;
  /** The server itself, where `databaseUrl` leads to a pooler that gives each transaction another connection. */
  directUrl?: string | undefined;
  /** Connections for queries. */
  poolSize?: number | undefined;
  /** A statement that the server has not answered for this long costs its connection. */
  answerSeconds?: number | undefined;
  home: string;
  log: Logger;
  onProgress?: ((text: string) => void) | undefined;
}

/**
 * Connects, checks the server and applies migrations; of servers starting together one migrates, the others wait.
 * @throws HeddleError "database" that says what to do.
 */
export async function openPostgres(open: OpenPostgres): Promise<Database> {
  const { databaseUrl, directUrl = databaseUrl, poolSize = POOL_SIZE, home, log } = open;
  let pooling: Pooling;
  try {
    pooling = await findPooling(databaseUrl, connectionOptions());
    await refuseLentConnections(open, pooling);
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
    // A pooler refuses settings that it does not know; one by the transaction has no prepared statements either.
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
 * drizzle turns off the driver's conversion of dates and does it by column; a date that stands in free SQL (pg-boss's,
 * inside a transaction of ours) would reach the socket as an object.
 */
function acceptDates(client: Sql): void {
  const serializers = client.options.serializers as Record<number, (value: unknown) => unknown>;
  for (const type of INSTANTS) {
    serializers[type] = (value) => (value instanceof Date ? value.toISOString() : value);
  }
}

const IDENTITY = { application_name: "heddle" };
/** Heddle's statements are written for it; a database whose default is stricter would fail them for each other's sake. */
const ISOLATION = { default_transaction_isolation: "read committed" } as const;

const LENT =
  "leads to a pooler that gives each transaction another connection (PgBouncer with pool_mode=transaction). " +
  "Notifications and locks need a connection that stays:";

/** @param pooling that of `databaseUrl` */
async function refuseLentConnections({ databaseUrl, directUrl }: OpenPostgres, pooling: Pooling) {
  if (directUrl === undefined || directUrl === databaseUrl) {
    if (pooling !== "transaction") return;
    const ways = "name the server itself in DATABASE_DIRECT_URL, or set pool_mode=session.";
    throw new HeddleError("database", `DATABASE_URL ${LENT} ${ways}`);
  }
  if ((await findPooling(directUrl, connectionOptions())) !== "transaction") return;
  throw new HeddleError("database", `DATABASE_DIRECT_URL ${LENT} it must name the server itself.`);
}

const connectionOptions = (log?: Logger, answerSeconds?: number): PostgresOptions => ({
  connect_timeout: CONNECT_SECONDS,
  connection: IDENTITY,
  // An option of our patch (patches/postgres@…): the driver itself waits for ever.
  ...(answerSeconds !== undefined && { answer_timeout: answerSeconds }),
  onnotice: (notice: postgres.Notice) =>
    log?.debug("PostgreSQL: {message}", { message: notice.message ?? "" }),
});

const TRANSACTION_TRIES = 5;

/** A transaction that the server has undone for another one's sake is tried again: nothing of it has happened. */
function retryTransactions(client: Sql): void {
  const begin = client.begin.bind(client) as (...args: unknown[]) => Promise<unknown>;
  client.begin = (async (...args: unknown[]) => {
    for (let tries = 1; ; tries++) {
      try {
        return await begin(...args);
      } catch (error) {
        if (!isRolledBack(error) || tries >= TRANSACTION_TRIES) throw error;
        await pause(Math.random() * 20 * 2 ** tries);
      }
    }
  }) as typeof client.begin;
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

// Contains everything that Heddle changes about postgres.js, with the reasons. test/db/postgres-js.test.ts runs the published
// driver, and fails as soon as one of these changes is no longer needed.
//
// Its source is patched (patches/postgres@3.4.9.patch) in nine points, which cannot be reached from outside:
// - An answer has a time limit (`answer_timeout`): a connection that a firewall has forgotten is never closed.
// - A statement of a transaction whose connection is gone fails; it was run on another connection, outside of the transaction.
// - A connection to a node that only reads (25006, after a failover) is closed, as the next one may lead to one that writes.
// - When the server has no connection left (53300), a query waits for one of the pool's; it failed.
// - After a dropped connection nothing is written to the closed socket, which ended the process with an uncaught error.
// - A query takes the free connection that was used last. In turn, each of twenty had its own cold process at the server.
// - A query is sent at the end of the tick instead of after the next poll of the event loop.
// - The password is salted once for all connections; each needed some milliseconds for the thousands of rounds.
// - The array types are asked for once, and not by each connection.

import { setTimeout as pause } from "node:timers/promises";
import type postgres from "postgres";
import type { Options, RowList, Sql } from "postgres";
import { isRolledBack } from "./failure.ts";
import { parameter } from "./parameter.ts";

/** The driver's options, with the one that the patch adds. */
export type PostgresOptions = Options<Record<string, never>> & { answer_timeout?: number };

/** Changes the client, after drizzle has set its own conversions. */
export function adaptDriver(client: Sql): void {
  acceptDates(client);
  prepareStatements(client);
  retryTransactions(client);
}

/** OIDs of the types date, timestamp and timestamptz. */
const INSTANTS = new Set([1082, 1114, 1184]);

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

/** Per connection. Texts beyond this number (lists of varying length) run unprepared, so that memory stays bounded. */
const MAX_STATEMENTS = 256;

type Unsafe = (text: string, values?: unknown[], options?: Record<string, unknown>) => unknown;
type Scope = (...args: unknown[]) => unknown;

interface Runner {
  unsafe: Unsafe;
  begin?: Scope;
  savepoint?: Scope;
}

/**
 * The driver asks for a statement's types before each run unless it is prepared, and drizzle prepares only on request.
 * Preparing repeated texts saves a round trip and the planning. Modifies the client, and the clients passed to the callbacks
 * of `begin` and `savepoint`. `?prepare=false` in the URL takes precedence.
 */
function prepareStatements(client: Sql): void {
  const seen = new Set<string>();
  patch(client as unknown as Runner, (text) => {
    if (seen.size < MAX_STATEMENTS) seen.add(text);
    return seen.has(text);
  });
}

function patch(runner: Runner, shouldPrepare: (text: string) => boolean): void {
  const { unsafe, begin, savepoint } = runner;
  runner.unsafe = (text, values = [], options = {}) =>
    unsafe(text, values, {
      ...options,
      prepare: (values.length > 0 || options.simple === false) && shouldPrepare(text),
    });
  // `begin` and `savepoint` take their callback as the last argument.
  const scoped =
    (scope: Scope): Scope =>
    (...args) =>
      scope(
        ...args.map((arg) =>
          typeof arg === "function"
            ? (inner: Runner) => {
                patch(inner, shouldPrepare);
                return arg(inner);
              }
            : arg,
        ),
      );
  if (begin) runner.begin = scoped(begin);
  if (savepoint) runner.savepoint = scoped(savepoint);
}

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

/** See `Database.execute`. */
export async function execute(client: Sql, text: string, values: unknown[] = []) {
  if (values.length > 0)
    return { rows: plainRows(await client.unsafe(text, values.map(parameter) as never[])) };
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

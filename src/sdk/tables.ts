// An integration's own tables: PostgreSQL tables in a schema that belongs to the integration. The statements that make them are
// each run once, before the first query.

import { createHash } from "node:crypto";
import { HeddleError } from "../errors.ts";
import { within } from "../within.ts";
import type { Sql, Tables } from "./types.ts";

/** What a driver returns: rows, and the PostgreSQL type (OID) of each column. */
export interface DriverResult {
  rows: Record<string, unknown>[];
  types: Record<string, number>;
}

export type RunStatement = (text: string, values: readonly unknown[]) => Promise<DriverResult>;

/** The database behind the tables of one integration. */
export interface TablesBackend {
  /** The name of its schema. */
  schema: string;
  /** Calls `work` in a transaction. */
  begin<Result>(work: (run: RunStatement) => Promise<Result>): Promise<Result>;
}

const LONGEST_TRANSACTION_MS = 10_000;

/** These would end the transaction that a statement is in, or change the schema that it is for. */
const CONTROL =
  /^\s*(?:abort|begin|commit|end|prepare|release|reset|rollback|savepoint|set|start|discard|listen)\b/i;

export function createDefineTables(backend: () => TablesBackend | undefined) {
  return (statements: readonly string[]): Tables => {
    const isList =
      Array.isArray(statements) && statements.every((text) => typeof text === "string" && text.trim());
    if (!isList) throw invalid("The argument of defineTables() must be a list of SQL statements.");
    let made: Promise<void> | undefined;

    async function ready(): Promise<TablesBackend> {
      const database = backend();
      if (!database) {
        throw new HeddleError(
          "not_supported",
          "Tables are reached in the server only; a process asks a route of its integration, and a test calls useTables().",
        );
      }
      made ??= make(database, statements);
      try {
        await made;
      } catch (error) {
        // The next call tries again: the database may only have been away.
        made = undefined;
        throw error;
      }
      return database;
    }
    const transaction: Tables["transaction"] = async (work) =>
      inSchema(await ready(), async (run) => work({ query: queryOf(run) }));
    return {
      query: (text, values) => transaction(({ query }) => query(text, values)),
      transaction,
    };
  };
}

/** Runs the statements that have not been run yet. They are numbered, and each may never change. */
async function make(database: TablesBackend, statements: readonly string[]): Promise<void> {
  const schema = quoted(database.schema);
  await database.begin(async (run) => {
    // Two servers that start at once take turns.
    await run("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", [`tables of ${database.schema}`]);
    await run(`CREATE SCHEMA IF NOT EXISTS ${schema}`, []);
    await enter(run, schema);
    await run(
      "CREATE TABLE IF NOT EXISTS heddle_statements (number int PRIMARY KEY, sha256 text NOT NULL)",
      [],
    );
    const { rows } = await run("SELECT number, sha256 FROM heddle_statements", []);
    const known = new Map(rows.map(({ number, sha256 }) => [number, sha256]));
    for (const [at, text] of statements.entries()) {
      const sha256 = createHash("sha256").update(text).digest("hex");
      const before = known.get(at + 1);
      if (before === sha256) continue;
      if (before !== undefined) {
        throw invalid(
          `Statement ${at + 1} of defineTables() was changed after it had been run; add a new statement at the end instead.`,
        );
      }
      await run(text, []);
      await run("INSERT INTO heddle_statements (number, sha256) VALUES ($1, $2)", [at + 1, sha256]);
    }
  });
}

/** Begins a transaction in the schema; after the time limit it is undone, and nothing more can be done in it. */
const inSchema = <Result>(
  database: TablesBackend,
  work: (run: RunStatement) => Promise<Result>,
): Promise<Result> =>
  database.begin(async (run) => {
    let isOpen = true;
    try {
      await enter(run, quoted(database.schema));
      const guarded: RunStatement = (text, values) => {
        if (!isOpen) throw new HeddleError("conflict", "The transaction has ended.");
        return run(text, values);
      };
      return await within(LONGEST_TRANSACTION_MS, work(guarded), {
        error: () => new HeddleError("timeout", "A transaction of an integration took more than 10 seconds."),
      });
    } finally {
      isOpen = false;
    }
  });

const enter = (run: RunStatement, schema: string) => run(`SET LOCAL search_path TO ${schema}`, []);

const queryOf = (run: RunStatement): Sql["query"] => {
  return async <Row>(text: string, values: readonly unknown[] = []) => {
    if (CONTROL.test(text))
      throw invalid("Use transaction() instead of a statement that begins or ends one.");
    const { rows, types } = await run(text, values.map(parameter));
    return rows.map((row) =>
      Object.fromEntries(Object.entries(row).map(([name, value]) => [name, plain(value, types[name])])),
    ) as Row[];
  };
};

function parameter(value: unknown): unknown {
  if (value === undefined) return null;
  if (value instanceof Date) return value.toISOString();
  return typeof value === "object" && value !== null && !(value instanceof Uint8Array)
    ? JSON.stringify(value)
    : value;
}

const BIGINT = 20;
const TIMES = new Set([1114, 1184]);

/** The same value from both drivers. */
function plain(value: unknown, type: number | undefined): unknown {
  if (value === null || type === undefined) return value;
  if (type === BIGINT) return Number(value);
  if (!TIMES.has(type)) return value;
  if (value instanceof Date) return value.toISOString();
  // PostgreSQL's own form, "2026-01-31 18:00:00.5+00", lacks the minutes that ISO 8601 wants.
  const text = String(value).replace(" ", "T");
  return new Date(
    /[+-]\d\d$/.test(text) ? `${text}:00` : /[+-]\d\d:\d\d$/.test(text) ? text : `${text}Z`,
  ).toISOString();
}

const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;
const invalid = (message: string) => new HeddleError("validation", message);

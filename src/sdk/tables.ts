// An integration's own tables: PostgreSQL tables in a schema that belongs to the integration. The statements that make them are
// each run once, before the first query.

import { createHash } from "node:crypto";
import { storable } from "../db/storable.ts";
import { HeddleError } from "../errors.ts";
import { within } from "../within.ts";
import { createPublish } from "./publish.ts";
import { checkStatement } from "./statement.ts";
import type { PublishedEvent, Sql, Tables } from "./types.ts";

/** What a driver returns: rows, and the PostgreSQL type (OID) of each column. */
export interface DriverResult {
  rows: Record<string, unknown>[];
  types: Record<string, number>;
}

export type RunStatement = (text: string, values: readonly unknown[]) => Promise<DriverResult>;

export type PublishEvent = (event: PublishedEvent) => Promise<void>;

/** The database behind the tables of one integration. */
export interface TablesBackend {
  /** The name of its schema. */
  schema: string;
  /** The name that it had in an earlier version, which several integrations could share. */
  formerSchema?: string | undefined;
  /** Calls `work` in a transaction; what it publishes is published with it. */
  begin<Result>(work: (run: RunStatement, publish: PublishEvent) => Promise<Result>): Promise<Result>;
}

const LONGEST_TRANSACTION_MS = 10_000;

export function createDefineTables(backend: () => TablesBackend | undefined) {
  return (statements: readonly string[]): Tables => {
    const isList =
      Array.isArray(statements) && statements.every((text) => typeof text === "string" && text.trim());
    if (!isList) throw invalid("The argument of defineTables() must be a list of SQL statements.");
    for (const text of statements) checkStatement(text);
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
      inSchema(await ready(), async (run, publish) =>
        work({ query: queryOf(run), publish: createPublish(publish) }),
      );
    return {
      query: (text, values) => transaction(({ query }) => query(text, values)),
      publish: (...event) => transaction(({ publish }) => publish(...event)),
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
    await takeOver(run, database, statements[0]);
    await run(`CREATE SCHEMA IF NOT EXISTS ${schema}`, []);
    await enter(run, schema);
    await run(
      "CREATE TABLE IF NOT EXISTS heddle_statements (number int PRIMARY KEY, sha256 text NOT NULL)",
      [],
    );
    const { rows } = await run("SELECT number, sha256 FROM heddle_statements", []);
    const known = new Map(rows.map(({ number, sha256 }) => [number, sha256]));
    for (const [at, text] of statements.entries()) {
      const sha256 = sha256Of(text);
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

/** Renames the former schema if it was made by this integration's first statement, and is not another one's. */
async function takeOver(
  run: RunStatement,
  { schema, formerSchema }: TablesBackend,
  first: string | undefined,
): Promise<void> {
  if (formerSchema === undefined || first === undefined) return;
  const { rows } = await run("SELECT nspname FROM pg_namespace WHERE nspname IN ($1, $2)", [
    schema,
    formerSchema,
  ]);
  if (rows.length !== 1 || rows[0]?.nspname !== formerSchema) return;
  const former = quoted(formerSchema);
  const made = await run(`SELECT sha256 FROM ${former}.heddle_statements WHERE number = 1`, []);
  if (made.rows[0]?.sha256 !== sha256Of(first)) return;
  await run(`ALTER SCHEMA ${former} RENAME TO ${quoted(schema)}`, []);
}

const sha256Of = (text: string): string => createHash("sha256").update(text).digest("hex");

/** Begins a transaction in the schema; after the time limit it is undone, and nothing more can be done in it. */
const inSchema = <Result>(
  database: TablesBackend,
  work: (run: RunStatement, publish: PublishEvent) => Promise<Result>,
): Promise<Result> =>
  database.begin(async (run, publish) => {
    let isOpen = true;
    try {
      await enter(run, quoted(database.schema));
      const guarded =
        <Given extends unknown[], Result>(call: (...given: Given) => Result) =>
        (...given: Given): Result => {
          if (!isOpen) throw new HeddleError("conflict", "The transaction has ended.");
          return call(...given);
        };
      return await within(LONGEST_TRANSACTION_MS, work(guarded(run), guarded(publish)), {
        error: () => new HeddleError("timeout", "A transaction of an integration took more than 10 seconds."),
      });
    } finally {
      isOpen = false;
    }
  });

const enter = (run: RunStatement, schema: string) => run(`SET LOCAL search_path TO ${schema}`, []);

const queryOf = (run: RunStatement): Sql["query"] => {
  return async <Row>(text: string, values: readonly unknown[] = []) => {
    checkStatement(text);
    const { rows, types } = await run(text, values.map(parameter));
    return rows.map((row) =>
      Object.fromEntries(Object.entries(row).map(([name, value]) => [name, plain(value, types[name])])),
    ) as Row[];
  };
};

function parameter(value: unknown): unknown {
  if (value === undefined) return null;
  if (typeof value === "string") return storable(value);
  if (value instanceof Date) return value.toISOString();
  return typeof value === "object" && value !== null && !(value instanceof Uint8Array)
    ? JSON.stringify(value).replace(ESCAPE, (found) => (UNSTORABLE.test(found) ? "\u{fffd}" : found))
    : value;
}

const ESCAPE = /\\(?:u[0-9a-f]{4}|.)/g;
/** Of a pair, no half is an escape. */
const UNSTORABLE = /^\\u(?:0000|d[89a-f])/;

const BIGINTS = [20, 1016];
/** timestamp and timestamptz, and lists of them */
const TIMES = [1114, 1184, 1115, 1185];
/** Lists of timestamps, dates, timestamptz and numerics */
const LISTS = [1115, 1182, 1185, 1231];
/** The types (OIDs) that backends return as PostgreSQL's text: also date, time and interval. */
export const AS_TEXT: readonly number[] = [1082, 1083, 1186, ...TIMES, ...LISTS];

/** The same value from both drivers. */
function plain(value: unknown, type = 0): unknown {
  if (value === null) return value;
  if (Array.isArray(value)) return value.map((item) => plain(item, type));
  if (BIGINTS.includes(type)) return Number(value);
  if (typeof value !== "string") return value;
  if (LISTS.includes(type) && value.startsWith("{")) return itemsOf(value).map((item) => plain(item, type));
  return TIMES.includes(type) ? isoTime(value) : value;
}

/** The items of a list such as {"2026-01-31 18:00:00+00",NULL}, of a type whose texts have neither commas nor quotes. */
function itemsOf(list: string): (string | null)[] {
  const items = list.slice(1, -1).replaceAll('"', "");
  return items === "" ? [] : items.split(",").map((item) => (item === "NULL" ? null : item));
}

/** PostgreSQL's own form, "2026-01-31 18:00:00.5+00", lacks the minutes that ISO 8601 wants. */
function isoTime(text: string): string {
  const parted = text.replace(" ", "T");
  const zoned = /[+-]\d\d$/.test(parted)
    ? `${parted}:00`
    : /[+-]\d\d:\d\d$/.test(parted)
      ? parted
      : `${parted}Z`;
  const time = new Date(zoned);
  // "infinity", and years that no Date has.
  return Number.isNaN(time.getTime()) ? text : time.toISOString();
}

const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;
const invalid = (message: string) => new HeddleError("validation", message);

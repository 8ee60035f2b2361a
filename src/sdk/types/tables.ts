// The SDK's tables of an integration.

import type { Publish } from "./events.ts";

/** Runs SQL statements in an integration's own tables. */
export interface Sql {
  /**
   * Runs one statement, with `$1`, `$2` … for the values, and returns its rows. Times are ISO 8601, `bigint` is a number, JSON is parsed.
   * A value that is an object or a list is passed as JSON; undefined is null.
   */
  query<Row = Record<string, unknown>>(text: string, values?: readonly unknown[]): Promise<Row[]>;
  /** The same as the SDK's `publish`; within a transaction, the event is there if and when the transaction takes effect. */
  publish: Publish;
}

/** An integration's own tables, in the server's database. */
export interface Tables extends Sql {
  /**
   * Runs `work` in one transaction, which is undone if it throws, and after 10 seconds. With the embedded database everything else
   * waits meanwhile: call nothing in it but the database.
   */
  transaction<Result>(work: (sql: Sql) => Promise<Result>): Promise<Result>;
}

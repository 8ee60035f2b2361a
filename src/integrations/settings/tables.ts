// The tables of integrations in the server's database, each integration in a schema of its own.

import type { Database } from "../../db/database.ts";
import type { DriverResult, TablesBackend } from "../../sdk/tables.ts";

/** PostgreSQL cuts off longer names. */
const LONGEST_NAME = 63;

export function tablesOf({ query }: Pick<Database, "query">, integrationId: string): TablesBackend {
  return {
    schema: `integration_${integrationId}`.slice(0, LONGEST_NAME),
    begin: (work) =>
      query.transaction((tx) =>
        work(async (text, values) => {
          const statement = { sql: text, params: [...values] };
          // Drizzle's own session, because a text with placeholders must stay in this transaction.
          return resultOf(await tx._.session.prepareQuery(statement, undefined, undefined, false).execute());
        }),
      ),
  };
}

/** The two drivers return different objects. */
function resultOf(result: unknown): DriverResult {
  const { rows, fields, columns } = result as Pglite & Postgres;
  const described = fields
    ? fields.map(({ name, dataTypeID }) => [name, dataTypeID])
    : (columns ?? []).map(({ name, type }) => [name, type]);
  return {
    rows: rows ?? [...(result as Iterable<Record<string, unknown>>)].map((row) => ({ ...row })),
    types: Object.fromEntries(described),
  };
}

interface Pglite {
  rows?: Record<string, unknown>[];
  fields?: { name: string; dataTypeID: number }[];
}

interface Postgres {
  columns?: { name: string; type: number }[];
}

// Runs SQL that somebody else wrote in one of this server's transactions. Drizzle would send a text without values as a script,
// of which one statement could end the transaction, and repeat the values in the message of an error.

import type { Queryable } from "./database.ts";

export interface StatementResult {
  rows: Record<string, unknown>[];
  /** The PostgreSQL type (OID) of each column. */
  types: Record<string, number>;
}

export interface OneStatement {
  text: string;
  values: readonly unknown[];
  /** The types (OIDs) whose values the embedded database's driver is to return as text, as drizzle has the other one do. */
  asText: readonly number[];
}

/** `tx` is a transaction. Rejects with the driver's error, also for more than one statement. */
export async function runStatement(
  tx: Queryable,
  { text, values, asText }: OneStatement,
): Promise<StatementResult> {
  const { client } = tx._.session as unknown as { client: Postgres | Pglite };
  if ("unsafe" in client) {
    const rows = await client.unsafe(text, [...values], { simple: false });
    return {
      rows: [...rows].map((row) => ({ ...row })),
      types: Object.fromEntries((rows.columns ?? []).map(({ name, type }) => [name, type])),
    };
  }
  const { rows, fields } = await client.query(text, [...values], {
    parsers: Object.fromEntries(asText.map((type) => [type, String])),
  });
  return { rows, types: Object.fromEntries(fields.map(({ name, dataTypeID }) => [name, dataTypeID])) };
}

interface Postgres {
  unsafe(
    text: string,
    values: unknown[],
    options: object,
  ): Promise<Record<string, unknown>[] & { columns?: { name: string; type: number }[] }>;
}

interface Pglite {
  query(
    text: string,
    values: unknown[],
    options: object,
  ): Promise<{ rows: Record<string, unknown>[]; fields: { name: string; dataTypeID: number }[] }>;
}

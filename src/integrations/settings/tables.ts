// The tables of integrations in the server's database, each integration in a schema of its own.

import type { Database } from "../../db/database.ts";
import { runStatement } from "../../db/one-statement.ts";
import { AS_TEXT, type TablesBackend } from "../../sdk/tables.ts";

/** PostgreSQL cuts off longer names. */
const LONGEST_NAME = 63;

export const tablesOf = ({ query }: Pick<Database, "query">, integrationId: string): TablesBackend => ({
  schema: `integration_${integrationId}`.slice(0, LONGEST_NAME),
  begin: (work) =>
    query.transaction((tx) => work((text, values) => runStatement(tx, { text, values, asText: AS_TEXT }))),
});

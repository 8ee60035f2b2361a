// The tables of integrations in the server's database, each integration in a schema of its own.

import type { Database } from "../../db/database.ts";
import { runStatement } from "../../db/one-statement.ts";
import { AS_TEXT, type RunStatement, type TablesBackend } from "../../sdk/tables.ts";
import type { PublishedEvent } from "../../sdk/types.ts";

/** PostgreSQL cuts off longer names. */
const LONGEST_NAME = 63;

/** Writes what is published in a transaction of the tables, and is told once it has been committed. */
export interface TablesEvents {
  write(run: RunStatement, event: PublishedEvent): Promise<void>;
  committed(): void;
}

export const tablesOf = (
  { query }: Pick<Database, "query">,
  integrationId: string,
  events: TablesEvents,
): TablesBackend => ({
  schema: `integration_${integrationId}`.slice(0, LONGEST_NAME),
  async begin(work) {
    let isNews = false;
    const result = await query.transaction((tx) => {
      const run: RunStatement = (text, values) => runStatement(tx, { text, values, asText: AS_TEXT });
      return work(run, (event) => {
        isNews = true;
        return events.write(run, event);
      });
    });
    if (isNews) events.committed();
    return result;
  },
});

// The tables of integrations in the server's database, each integration in a schema of its own.

import { createHash } from "node:crypto";
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
  ...schemaOf(integrationId),
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

/** Of ids that are too long, those with the same beginning have different schemas. */
function schemaOf(integrationId: string): Pick<TablesBackend, "schema" | "formerSchema"> {
  const name = `integration_${integrationId}`;
  if (name.length <= LONGEST_NAME) return { schema: name };
  const hash = createHash("sha256").update(integrationId).digest("hex").slice(0, 16);
  return {
    schema: `${name.slice(0, LONGEST_NAME - hash.length - 1)}~${hash}`,
    formerSchema: name.slice(0, LONGEST_NAME),
  };
}

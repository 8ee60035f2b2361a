// Brings a database's tables up to date with the migrations that ship with Heddle.

import { sql } from "drizzle-orm";
import { readMigrationFiles } from "drizzle-orm/migrator";
import { PgDialect } from "drizzle-orm/pg-core";
import { HeddleError } from "../errors.ts";
import { type Queryable, rowsOf } from "./database.ts";

export interface Migrate {
  query: Queryable;
  migrationsFolder: string;
  /** Whether the driver runs a text of several statements: a new database needs a few hundred, each of which would be a round trip. */
  runsSeveral: boolean;
}

/** Applies missing migrations. The caller must ensure that no other process does so at the same time. */
export async function migrate({ query, migrationsFolder, runsSeveral }: Migrate): Promise<void> {
  const known = readMigrationFiles({ migrationsFolder });
  const newestKnown = Math.max(...known.map(({ folderMillis }) => folderMillis));
  const applied = await newestApplied(query);
  if (applied === newestKnown) return;
  if (applied > newestKnown) {
    throw new HeddleError(
      "database",
      "The database was set up by a newer version of Heddle: start that version, or restore a backup from before it.",
    );
  }
  // The semicolon has a line of its own, since a comment may end a statement.
  const migrations = runsSeveral ? known.map((one) => ({ ...one, sql: [one.sql.join("\n;\n")] })) : known;
  // The types say that it needs a session without a schema, which this one is.
  await new PgDialect().migrate(migrations, query._.session as never, { migrationsFolder });
}

/**
 * Returns the time of the latest applied migration in milliseconds since 1970, by which drizzle identifies it; 0 if
 * there is none.
 */
async function newestApplied(query: Queryable): Promise<number> {
  const table = sql`to_regclass('drizzle.__drizzle_migrations')`;
  const [found] = rowsOf<{ present: boolean }>(
    await query.execute(sql`select ${table} is not null as present`),
  );
  if (found?.present !== true) return 0;
  const [newest] = rowsOf<{ newest: number | null }>(
    await query.execute(sql`select max(created_at)::float as newest from drizzle.__drizzle_migrations`),
  );
  return newest?.newest ?? 0;
}

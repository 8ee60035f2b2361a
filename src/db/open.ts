import type { Logger } from "../log.ts";
import type { Database } from "./database.ts";
import type { OpenPostgres } from "./postgres.ts";

export interface OpenDatabase {
  /** A postgres:// URL; undefined selects the embedded database. */
  databaseUrl?: string | undefined;
  /** Options for PostgreSQL; see `OpenPostgres`. */
  postgres?: Pick<OpenPostgres, "directUrl" | "poolSize" | "answerSeconds">;
  /**
   * The embedded database is in its folder "db"; files that must exist on disk are unpacked into its folder "cache".
   */
  home: string;
  log: Logger;
  /** Called with a message for the user when a step takes seconds. */
  onProgress?: (text: string) => void;
}

/**
 * Opens the database and brings its tables up to date.
 * @throws HeddleError "database" that says in one line what is wrong and what to do.
 */
export async function openDatabase({ databaseUrl, postgres, ...options }: OpenDatabase): Promise<Database> {
  // Each driver takes time and memory to load, so only the one in use is imported.
  if (databaseUrl === undefined) {
    const { openEmbedded } = await import("./embedded.ts");
    return openEmbedded(options);
  }
  const { openPostgres } = await import("./postgres.ts");
  return openPostgres({ ...options, ...postgres, databaseUrl });
}

import type { Logger } from "../log.ts";
import type { Database } from "./database.ts";
import type { OpenPostgres } from "./postgres.ts";

export interface OpenDatabase {
  /** A postgres:// URL; undefined: the embedded database. */
  databaseUrl?: string | undefined;
  /** Of PostgreSQL; see `OpenPostgres`. */
  postgres?: Pick<OpenPostgres, "directUrl" | "poolSize" | "answerSeconds">;
  /** The embedded database is its folder "db"; what must be a real file is unpacked into its folder "cache". */
  home: string;
  log: Logger;
  /** Hears, in words for a person, of a step that takes seconds. */
  onProgress?: (text: string) => void;
}

/**
 * Opens the database, with its tables up to date.
 * @throws HeddleError "database" that says in one line what is wrong and what to do.
 */
export async function openDatabase({ databaseUrl, postgres, ...options }: OpenDatabase): Promise<Database> {
  // Each brings a driver that takes time and memory to load: only the one in use is.
  if (databaseUrl === undefined) {
    const { openEmbedded } = await import("./embedded.ts");
    return openEmbedded(options);
  }
  const { openPostgres } = await import("./postgres.ts");
  return openPostgres({ ...options, ...postgres, databaseUrl });
}

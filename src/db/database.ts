// The database types used by the rest of Heddle.

import type { PgDatabase, PgQueryResultHKT } from "drizzle-orm/pg-core";

/** Anything that runs queries: the database itself or a transaction. */
export type Queryable = PgDatabase<PgQueryResultHKT>;

/** Returns the rows of `execute` on a Queryable, which the two drivers wrap differently. */
export function rowsOf<Row>(result: unknown): Row[] {
  return (Array.isArray(result) ? result : (result as { rows: Row[] }).rows) as Row[];
}

/** An open database of either kind. */
export interface Database {
  readonly kind: "embedded" | "postgres";
  /** Queries and transactions (`query.transaction(async (tx) => …)`). */
  readonly query: Queryable;
  /**
   * Runs SQL text with `$1` placeholders. Several statements are allowed only without values. Rows are plain objects.
   */
  execute(text: string, values?: unknown[]): Promise<{ rows: Record<string, unknown>[] }>;
  /** Calls `onPayload` for every NOTIFY on the channel, `onConnected` after each (re)connection. */
  listen(
    channel: string,
    onPayload: (payload: string) => void,
    onConnected: () => void,
  ): Promise<{ close(): Promise<void> }>;
  /**
   * Leader election among the servers of a database, per name; with the embedded database this server leads at once.
   */
  readonly lead: Lead;
  /** Runs what keeps a connection while its own work waits for others: never so much at a time that none is left for them. */
  readonly keepingOne: <Result>(work: () => Promise<Result>) => Promise<Result>;
  close(): Promise<void>;
}

/**
 * Calls `onLead` (asynchronously) when this server becomes the leader, and `onLost` when it no longer is; within a few
 * seconds another server may lead. After a loss it tries again. Closing gives up leadership without calling `onLost`.
 */
export type Lead = (name: string, calls: { onLead(): void; onLost(): void }) => { close(): Promise<void> };

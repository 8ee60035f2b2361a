// The types that the rest of Heddle knows a database by.

import type { PgDatabase, PgQueryResultHKT } from "drizzle-orm/pg-core";
import type * as schema from "./schema.ts";

/** Anything that runs queries: the database itself, or a transaction of it. */
export type Queryable = PgDatabase<PgQueryResultHKT, typeof schema>;

/** The rows of `execute` on a Queryable: the two drivers wrap them differently. */
export function rowsOf<Row>(result: unknown): Row[] {
  return (Array.isArray(result) ? result : (result as { rows: Row[] }).rows) as Row[];
}

/** An open database, whichever of the two kinds it is. */
export interface Database {
  readonly kind: "embedded" | "postgres";
  /** Queries and transactions (`query.transaction(async (tx) => …)`). */
  readonly query: Queryable;
  /** Runs SQL text with `$1` placeholders; several statements only without values. Rows as plain objects. */
  execute(text: string, values?: unknown[]): Promise<{ rows: Record<string, unknown>[] }>;
  /** Calls `onPayload` for every NOTIFY on the channel, `onConnected` after each (re)connection. */
  listen(
    channel: string,
    onPayload: (payload: string) => void,
    onConnected: () => void,
  ): Promise<{ close(): Promise<void> }>;
  /** Makes this server the one of its database that does what is named; embedded, it is at once. */
  readonly lead: Lead;
  close(): Promise<void>;
}

/**
 * Calls `onLead` when this server has become the one, later than the call, and `onLost` when it no longer is; within a few
 * seconds another one may be. After a loss it tries again. Closing it gives the place up, without a call of `onLost`.
 */
export type Lead = (name: string, calls: { onLead(): void; onLost(): void }) => { close(): Promise<void> };

// What is known about the connections of integrations to their services, stored so that every server can show it.

import { and, eq, notInArray, sql } from "drizzle-orm";
import type { Database } from "../db/database.ts";
import { connections } from "../db/schema.ts";
import { createWriteBehind } from "../db/write-behind.ts";
import type { ConnectionStatus } from "../sdk/types.ts";

export type Connection = typeof connections.$inferSelect;

export interface ConnectionReported {
  integrationId: string;
  name: string;
  status: ConnectionStatus;
  /** Null: nothing more is known. */
  detail: string | null;
  /** Whether a listener of the server reports it. Default false. */
  isListener?: boolean;
  /** Whether it has not caught up yet, so that the service does not count as heard. Default: false. */
  isCatchingUp?: boolean;
}

export interface Connections {
  /** Stores a status; `since` stays as it was if the status does. */
  report(reported: ConnectionReported): Promise<void>;
  /** Stores soon; of several reports about one connection only the last is written. Never throws. */
  reportSoon(reported: ConnectionReported): void;
  /** Marks a connection as hearing its service now; stored within half a minute. */
  alive(integrationId: string, name: string): void;
  /** When a connection was last known to hear its service; null if it never was. */
  lastAlive(integrationId: string, name: string): Promise<Date | null>;
  /** Forgets one. */
  forget(integrationId: string, name: string): Promise<void>;
  /** By integration and name. Without an id: those of all integrations. */
  list(integrationId?: string): Promise<Connection[]>;
  /** Forgets the listeners of an integration that are not among these names. */
  keepOnly(integrationId: string, names: readonly string[]): Promise<void>;
  flush(): Promise<void>;
}

const MOST_CHARACTERS = 1_000;
const ALIVE_MS = 30_000;

export interface ConnectionsOptions {
  db: Pick<Database, "query">;
  redact(text: string): string;
  onError(error: unknown): void;
}

export function createConnections({ db, redact, onError }: ConnectionsOptions): Connections {
  const behind = createWriteBehind<ConnectionReported>({
    async write(reports) {
      for (const reported of reports) await write(reported);
    },
    limit: 1,
    lingerMs: 0,
    maxItems: Number.POSITIVE_INFINITY,
    keyOf: ({ integrationId, name }) => `${integrationId}/${name}`,
    onLost: (_, error) => onError(error),
  });
  const heard = createWriteBehind<{ integrationId: string; name: string; at: Date }>({
    async write(marks) {
      for (const { integrationId, name, at } of marks) {
        await db.query.update(connections).set({ alive_at: at }).where(is(integrationId, name));
      }
    },
    limit: 100,
    lingerMs: ALIVE_MS,
    maxItems: Number.POSITIVE_INFINITY,
    keyOf: ({ integrationId, name }) => `${integrationId}/${name}`,
    onLost: (_, error) => onError(error),
  });

  async function write({
    integrationId,
    name,
    status,
    detail,
    isListener = false,
    isCatchingUp = false,
  }: ConnectionReported): Promise<void> {
    const heard = isListener && status === "connected" && !isCatchingUp ? { alive_at: new Date() } : {};
    const shown = detail === null ? null : redact(detail).slice(0, MOST_CHARACTERS);
    await db.query
      .insert(connections)
      .values({
        integration_id: integrationId,
        name,
        status,
        detail: shown,
        is_listener: isListener,
        ...heard,
      })
      .onConflictDoUpdate({
        target: [connections.integration_id, connections.name],
        set: {
          status,
          detail: shown,
          is_listener: isListener,
          ...heard,
          since: sql`case when ${connections.status} = excluded.status then ${connections.since} else excluded.since end`,
        },
      });
  }

  return {
    report: write,
    reportSoon: (reported) => void behind.add(reported),
    alive: (integrationId, name) => void heard.add({ integrationId, name, at: new Date() }),
    async lastAlive(integrationId, name) {
      const [row] = await db.query
        .select({ at: connections.alive_at })
        .from(connections)
        .where(is(integrationId, name));
      return row?.at ?? null;
    },
    async forget(integrationId, name) {
      await db.query.delete(connections).where(is(integrationId, name));
    },
    list: (integrationId) =>
      db.query
        .select()
        .from(connections)
        .where(integrationId === undefined ? undefined : eq(connections.integration_id, integrationId))
        .orderBy(connections.integration_id, connections.name),
    async keepOnly(integrationId, names) {
      await db.query
        .delete(connections)
        .where(
          and(
            eq(connections.integration_id, integrationId),
            eq(connections.is_listener, true),
            names.length > 0 ? notInArray(connections.name, [...names]) : undefined,
          ),
        );
    },
    async flush() {
      await behind.flush();
      await heard.flush();
    },
  };
}

const is = (integrationId: string, name: string) =>
  and(eq(connections.integration_id, integrationId), eq(connections.name, name));

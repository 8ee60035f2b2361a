// The table in which the leader stores the state of its processes, for every server to read.

import { and, eq, inArray, ne } from "drizzle-orm";
import type { Database } from "../db/database.ts";
import { connections, type ProcessState, processes } from "../db/schema.ts";
import { createWriteBehind } from "../db/write-behind.ts";

export type ProcessRow = typeof processes.$inferSelect;

/** The stored state of a process. */
export type ProcessRecord = Omit<ProcessRow, "integration_id" | "server_id" | "updated_at">;

export interface ProcessStore {
  get(integrationId: string): Promise<ProcessRow | undefined>;
  /** Stores the record soon; of several waiting records of one process only the last is written. Never throws. */
  save(integrationId: string, record: ProcessRecord): void;
  delete(integrationId: string): void;
  /** Servers whose processes may still run although they no longer supervise. */
  lostServers(): Promise<string[]>;
  /** Resolves when every change has been written. */
  flush(): Promise<void>;
}

export interface ProcessStoreOptions {
  db: Pick<Database, "query">;
  serverId: string;
  onError(error: unknown): void;
}

const ALIVE: ProcessState[] = ["starting", "running", "stopping", "backing_off"];

export function createProcessStore({ db, serverId, onError }: ProcessStoreOptions): ProcessStore {
  const behind = createWriteBehind<{ id: string; record: ProcessRecord | null }>({
    async write(changes) {
      for (const { id, record } of changes) await write(id, record);
    },
    // Each row is written on its own, so that a faulty one does not prevent the others from being stored.
    limit: 1,
    lingerMs: 0,
    maxItems: Number.POSITIVE_INFINITY,
    keyOf: ({ id }) => id,
    onLost: (_, error) => onError(error),
  });

  /** `null` deletes the row. */
  async function write(id: string, record: ProcessRecord | null): Promise<void> {
    if (record?.pid == null) await closeConnections(id);
    if (record === null) {
      await db.query.delete(processes).where(eq(processes.integration_id, id));
      return;
    }
    const row = { ...record, server_id: serverId, updated_at: new Date() };
    await db.query
      .insert(processes)
      .values({ integration_id: id, ...row })
      .onConflictDoUpdate({ target: processes.integration_id, set: row });
  }

  /** What the process said about its connections is no longer true. Those of listeners are the server's own. */
  async function closeConnections(id: string): Promise<void> {
    const ofProcess = and(eq(connections.integration_id, id), eq(connections.is_listener, false));
    await db.query
      .update(connections)
      .set({ status: "degraded", detail: "The process that reported it has ended.", since: new Date() })
      .where(and(ofProcess, inArray(connections.status, ["connected", "connecting"])));
  }

  return {
    async get(id) {
      const [row] = await db.query.select().from(processes).where(eq(processes.integration_id, id));
      return row;
    },
    save: (id, record) => void behind.add({ id, record }),
    delete: (id) => void behind.add({ id, record: null }),
    async lostServers() {
      const rows = await db.query
        .selectDistinct({ server: processes.server_id })
        .from(processes)
        .where(and(ne(processes.server_id, serverId), inArray(processes.state, ALIVE)));
      return rows.map(({ server }) => server);
    },
    flush: behind.flush,
  };
}

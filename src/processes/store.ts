// The table that tells every server what the one that supervises last saw.

import { and, eq, inArray, ne } from "drizzle-orm";
import type { Database } from "../db/database.ts";
import { type ProcessState, processes } from "../db/schema.ts";

export type ProcessRow = typeof processes.$inferSelect;

/** What is stored of a process. */
export type ProcessRecord = Omit<ProcessRow, "integration_id" | "server_id" | "updated_at">;

export interface ProcessStore {
  get(integrationId: string): Promise<ProcessRow | undefined>;
  /** Of calls that come faster than they can be written only the last one is. Never rejects. */
  save(integrationId: string, record: ProcessRecord): void;
  delete(integrationId: string): void;
  /** Servers whose processes may still run although they no longer supervise. */
  lostServers(): Promise<string[]>;
  /** Resolves when all has been written. */
  flush(): Promise<void>;
}

export interface ProcessStoreOptions {
  db: Pick<Database, "query">;
  serverId: string;
  onError(error: unknown): void;
}

const ALIVE: ProcessState[] = ["starting", "running", "stopping", "backing_off"];

export function createProcessStore({ db, serverId, onError }: ProcessStoreOptions): ProcessStore {
  /** What is to be written; null: the row is to go. */
  const unwritten = new Map<string, ProcessRecord | null>();
  let writing: Promise<void> | undefined;

  async function writeAll(): Promise<void> {
    for (const [id, record] of unwritten) {
      unwritten.delete(id);
      await write(id, record).catch(onError);
    }
    writing = undefined;
  }

  async function write(id: string, record: ProcessRecord | null): Promise<void> {
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

  function note(id: string, record: ProcessRecord | null): void {
    unwritten.set(id, record);
    // Later in this turn: of several changes at once the last one counts.
    writing ??= Promise.resolve().then(writeAll);
  }

  return {
    async get(id) {
      const [row] = await db.query.select().from(processes).where(eq(processes.integration_id, id));
      return row;
    },
    save: note,
    delete: (id) => note(id, null),
    async lostServers() {
      const rows = await db.query
        .selectDistinct({ server: processes.server_id })
        .from(processes)
        .where(and(ne(processes.server_id, serverId), inArray(processes.state, ALIVE)));
      return rows.map(({ server }) => server);
    },
    async flush() {
      while (writing) await writing;
    },
  };
}

// Keeps a server's in-memory copy of a table in sync with changes that other servers of the database make.

import { sql } from "drizzle-orm";
import { errorMessage } from "../errors.ts";
import type { Logger } from "../log.ts";
import type { Database, Queryable } from "./database.ts";

const RETRY_MS = 1_000;

export interface FollowTable {
  db: Database;
  /** A NOTIFY channel used only for this table. */
  channel: string;
  /** Reads the rows of one key, or of all keys, into memory. Calls never overlap. */
  read(key: string | undefined): Promise<void>;
  log: Logger;
}

export interface TableFollower {
  /** Call this within the transaction that changed rows of the key: every server reads them again once it commits. */
  announce(tx: Queryable, key: string): Promise<void>;
  /** Resolves when this server has read what is committed now; rejects if that fails. */
  refresh(key: string): Promise<void>;
  close(): Promise<void>;
}

/** Resolves when everything has been read once. After an outage of notifications everything is read again. */
export async function followTable({ db, channel, read, log }: FollowTable): Promise<TableFollower> {
  let reading: Promise<unknown> = Promise.resolve();
  let retry: ReturnType<typeof setTimeout> | undefined;
  let isClosed = false;
  let isFirst = true;

  // Reads are serialised: a slow read must not overwrite a newer state with an older one.
  function readNext(key?: string): Promise<void> {
    const next = reading.then(() => read(key));
    reading = next.catch(() => undefined);
    return next;
  }

  function onNotify(key?: string): void {
    if (isClosed) return;
    readNext(key).catch((error) => {
      if (isClosed) return;
      log.warning("Changes of {channel} could not be read; retrying: {error}", {
        channel,
        error: errorMessage(error),
      });
      clearTimeout(retry);
      retry = setTimeout(onNotify, RETRY_MS);
    });
  }

  const listening = await db.listen(channel, onNotify, () => {
    if (!isFirst) onNotify();
    isFirst = false;
  });
  // Read only after listening: a change in between would be missed.
  try {
    await readNext();
  } catch (error) {
    await listening.close();
    throw error;
  }
  return {
    announce: async (tx, key) => void (await tx.execute(sql`select pg_notify(${channel}, ${key})`)),
    refresh: readNext,
    async close() {
      isClosed = true;
      clearTimeout(retry);
      await listening.close();
      await reading;
    },
  };
}

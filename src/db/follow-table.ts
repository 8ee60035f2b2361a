// Keeps what a server holds in memory in step with a table that other servers of the database change, too.

import { sql } from "drizzle-orm";
import { messageOf } from "../errors.ts";
import type { Logger } from "../log.ts";
import type { Database, Queryable } from "./database.ts";

const RETRY_MS = 1_000;

export interface FollowTable {
  db: Database;
  /** Of NOTIFY, for this table alone. */
  channel: string;
  /** Reads the rows of a key into memory, or of all keys. Never called twice at a time. */
  read(key: string | undefined): Promise<void>;
  log: Logger;
}

export interface TableFollower {
  /** In the transaction that changed rows of the key: every server reads them again once it commits. */
  announce(tx: Queryable, key: string): Promise<void>;
  /** Resolves when this server has read what is committed now; rejects when it cannot. */
  refresh(key: string): Promise<void>;
  close(): Promise<void>;
}

/** Resolves when everything was read for the first time. After an outage of the notifications all is read again. */
export async function followTable({ db, channel, read, log }: FollowTable): Promise<TableFollower> {
  let reading: Promise<unknown> = Promise.resolve();
  let retry: ReturnType<typeof setTimeout> | undefined;
  let isClosed = false;
  let isFirst = true;

  // One after the other: a slow read must not put an older state over a newer one.
  function readNext(key?: string): Promise<void> {
    const next = reading.then(() => read(key));
    reading = next.catch(() => undefined);
    return next;
  }

  function heard(key?: string): void {
    if (isClosed) return;
    readNext(key).catch((error) => {
      if (isClosed) return;
      log.warning("Changes of {channel} could not be read; trying again: {error}", {
        channel,
        error: messageOf(error),
      });
      clearTimeout(retry);
      retry = setTimeout(heard, RETRY_MS);
    });
  }

  const listening = await db.listen(channel, heard, () => {
    if (!isFirst) heard();
    isFirst = false;
  });
  // Only now: a change between reading and listening would be missed.
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

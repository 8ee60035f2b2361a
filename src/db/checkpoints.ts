// Checkpoints of the embedded database. PostgreSQL leaves them to a process that PGlite does not have, so without these
// the log of a server that is never stopped grows until the disk is full, and is replayed from its beginning after a crash.

import { messageOf } from "../errors.ts";
import type { Logger } from "../log.ts";
import type { Database } from "./database.ts";

/** Log since the last checkpoint: four of its files. A checkpoint writes at most the shared buffers, 32 MB. */
const DUE_AFTER_BYTES = 64 * 1024 * 1024;
const LOOK_EVERY_MS = 5_000;

const LOG_SINCE =
  "select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), redo_lsn)::float8 as bytes from pg_control_checkpoint()";

export interface Checkpoints {
  /** Makes one when enough was written. */
  look(): Promise<void>;
  close(): void;
}

export interface CheckpointOptions {
  execute: Database["execute"];
  log: Logger;
  dueAfterBytes?: number;
}

export function createCheckpoints({
  execute,
  log,
  dueAfterBytes = DUE_AFTER_BYTES,
}: CheckpointOptions): Checkpoints {
  let isLooking = false;

  async function look(): Promise<void> {
    const { rows } = await execute(LOG_SINCE);
    if (Number(rows[0]?.bytes) >= dueAfterBytes) await execute("checkpoint");
  }

  const timer = setInterval(() => {
    if (isLooking) return;
    isLooking = true;
    look()
      .catch((error) => log.warning("No checkpoint was made: {error}", { error: messageOf(error) }))
      .finally(() => {
        isLooking = false;
      });
  }, LOOK_EVERY_MS);
  timer.unref();

  return { look, close: () => clearInterval(timer) };
}

// Makes checkpoints of the embedded database. PostgreSQL leaves them to a process that PGlite does not have. Without
// them the write-ahead log of a long-running server would grow until the disk is full, and be replayed from its start
// after a crash.

import { every } from "../every.ts";
import type { Logger } from "../log.ts";
import type { Database } from "./database.ts";

/** WAL written since the last checkpoint: four segment files. A checkpoint writes at most the shared buffers, 32 MB. */
const DUE_AFTER_BYTES = 64 * 1024 * 1024;
const CHECK_EVERY_MS = 5_000;

const WAL_BYTES =
  "select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), redo_lsn)::float8 as bytes from pg_control_checkpoint()";

export interface Checkpoints {
  /** Makes a checkpoint if enough was written since the last one. */
  check(): Promise<void>;
  close(): Promise<void>;
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
  async function check(): Promise<void> {
    const { rows } = await execute(WAL_BYTES);
    if (Number(rows[0]?.bytes) >= dueAfterBytes) await execute("checkpoint");
  }

  const checks = every({ name: "The checkpoint", ms: CHECK_EVERY_MS, run: check, log });
  return { check, close: checks.close };
}

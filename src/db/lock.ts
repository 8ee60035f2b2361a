// Keeps two processes out of one data folder: two PGlites in it would corrupt it, and PGlite does not check.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { HeddleError } from "../errors.ts";

const SQLITE_BUSY = 5;

/** The process's own, until released: a lock that nobody refers to would be collected, and let go. */
const held = new Set<DatabaseSync>();

/**
 * Locks `folder` for this process, by SQLite's own lock on a file beside it. The kernel takes such a lock back when
 * its holder ends, however it ends: nothing is ever stale, whatever became of process ids, containers or reboots.
 */
export function lockFolder(folder: string): { release(): void } {
  mkdirSync(dirname(folder), { recursive: true, mode: 0o700 });
  const holderFile = `${folder}.pid`;
  const lock = new DatabaseSync(`${folder}.lock`, { timeout: 0 });
  try {
    lock.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
  } catch (error) {
    lock.close();
    if ((error as { errcode?: number }).errcode !== SQLITE_BUSY) throw error;
    throw new HeddleError(
      "database",
      `The data folder ${folder} is in use by another Heddle${holder(holderFile)}: stop that one, or give this one ` +
        "a home of its own (--home). Several servers can share a PostgreSQL database (DATABASE_URL).",
      { cause: error },
    );
  }
  held.add(lock);
  writeFileSync(holderFile, `${process.pid}\n`);
  return {
    release() {
      lock.exec("ROLLBACK");
      lock.close();
      held.delete(lock);
    },
  };
}

/** For the message only; the lock itself does not depend on it. */
function holder(file: string): string {
  try {
    return ` (process ${readFileSync(file, "utf8").trim()})`;
  } catch {
    return "";
  }
}

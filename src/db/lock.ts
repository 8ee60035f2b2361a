// Prevents two processes from using one data folder: two PGlites would corrupt it, and PGlite does not check.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { HeddleError } from "../errors.ts";

const SQLITE_BUSY = 5;

/** Another process has the embedded database, such as a server that is still starting and cannot be asked yet. */
export class DatabaseInUse extends HeddleError {
  /** "another Heddle (process 7)"; without the process if that is not known. */
  readonly holder: string;

  constructor(
    message: string,
    { holder = "another Heddle", cause }: { holder?: string; cause?: unknown } = {},
  ) {
    super("database", message, { cause });
    this.holder = holder;
  }
}

/** Locks held by this process. An unreferenced lock would be garbage-collected and thereby released. */
const held = new Set<DatabaseSync>();

/**
 * Locks `folder` for this process, using SQLite's lock on a file beside it. The kernel releases the lock when the
 * process ends, in whatever way, so it never becomes stale, regardless of process ids, containers or reboots.
 */
export function lockFolder(folder: string): { release(): void } {
  mkdirSync(dirname(folder), { recursive: true, mode: 0o700 });
  const holderFile = `${folder}.pid`;
  const lock = new DatabaseSync(`${folder}.lock`, { timeout: 0 });
  try {
    lock.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
  } catch (error) {
    lock.close();
    if (!isBusy(error)) throw error;
    const named = `another Heddle${holder(holderFile)}`;
    throw new DatabaseInUse(
      `The data folder ${folder} is in use by ${named}: stop that one, or give this one ` +
        "a home of its own (--home). Several servers can share a PostgreSQL database (DATABASE_URL).",
      { holder: named, cause: error },
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

/** Deno gives SQLite's text and no number. */
function isBusy(error: unknown): boolean {
  const { errcode, message } = error as { errcode?: number; message?: string };
  return errcode === SQLITE_BUSY || (errcode === undefined && message === "database is locked");
}

/** Describes the holder for the error message; the lock does not depend on it. */
function holder(file: string): string {
  try {
    return ` (process ${readFileSync(file, "utf8").trim()})`;
  } catch {
    return "";
  }
}

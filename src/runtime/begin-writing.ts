import { closeSync, openSync } from "node:fs";
import { isBun } from "./host.ts";
import { LIBC } from "./libc.ts";

/** Of sync_file_range(2): begins to write what is not on its way yet, and does not wait for it. */
const SYNC_FILE_RANGE_WRITE = 2;

/**
 * Has Linux begin to write new files that will be synced next. Otherwise each sync places the file on the disk and makes a commit
 * of the file system for it; so they share a few. PostgreSQL's initdb does the same.
 */
export function beginWriting(paths: readonly string[]): void {
  const begin = paths.length > 1 ? systemCall() : undefined;
  if (!begin) return;
  for (const path of paths) {
    try {
      const descriptor = openSync(path, "r");
      begin(descriptor);
      closeSync(descriptor);
    } catch {
      // The sync itself will say why.
    }
  }
}

function systemCall(): ((descriptor: number) => void) | undefined {
  if (!isBun || process.platform !== "linux") return undefined;
  const { dlopen } = require("bun:ffi") as typeof import("bun:ffi");
  const signature = { args: ["i32", "i64", "i64", "u32"], returns: "i32" } as const;
  for (const name of LIBC) {
    try {
      const { symbols } = dlopen(name, { sync_file_range: signature });
      return (descriptor) => void symbols.sync_file_range(descriptor, 0n, 0n, SYNC_FILE_RANGE_WRITE);
    } catch {
      // The next name may be the one of this system.
    }
  }
  return undefined;
}

// Writes files durably: when a call returns, both the contents and the directory entries are on disk.

import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, renameSync, writeFileSync } from "node:fs";
import { type FileHandle, open, rename } from "node:fs/promises";
import { dirname } from "node:path";

/** Writes the file atomically: it appears complete or not at all, even after a power cut. */
export function writeDurably(path: string, contents: string | Uint8Array, { mode }: { mode: number }): void {
  const unfinished = `${path}.${crypto.randomUUID()}`;
  writeFileSync(unfinished, contents, { mode, flag: "wx" });
  sync(unfinished, "r+");
  renameDurably(unfinished, path);
}

/** Renames durably. The caller must have synced `from` already. */
export function renameDurably(from: string, to: string): void {
  renameSync(from, to);
  syncFolder(dirname(to));
}

/** The same, and everything else goes on while the disk works. */
export async function renameSynced(from: string, to: string): Promise<void> {
  await rename(from, to);
  await syncOne({ path: dirname(to), isFolder: true });
}

/** Like `mkdir -p`, but syncs the folders it creates. */
export function makeFolderDurably(path: string, { mode }: { mode: number }): void {
  if (existsSync(path)) return;
  const parent = dirname(path);
  makeFolderDurably(parent, { mode });
  mkdirSync(path, { recursive: true, mode });
  syncFolder(parent);
}

/** Syncs a file, or the entries of a folder. */
export async function syncOne({ path, isFolder }: { path: string; isFolder: boolean }): Promise<void> {
  let handle: FileHandle | undefined;
  try {
    // Windows can only sync files opened for writing.
    handle = await open(path, isFolder ? "r" : "r+");
    await handle.sync();
  } catch (error) {
    if (!isFolder || !isUnsyncable(error)) throw error;
  } finally {
    await handle?.close();
  }
}

/** Syncs a folder's entries, not the contents of its files. Does nothing where folders cannot be synced. */
function syncFolder(path: string): void {
  try {
    sync(path, "r");
  } catch (error) {
    if (!isUnsyncable(error)) throw error;
  }
}

/** True for the errors of systems that cannot sync folders, and of a folder that this user may write but not read. */
export function isUnsyncable(error: unknown): boolean {
  const { code = "" } = error as { code?: string };
  return ["EACCES", "EBADF", "EINVAL", "EISDIR", "ENOTSUP", "EPERM"].includes(code);
}

function sync(path: string, flags: "r" | "r+"): void {
  const descriptor = openSync(path, flags);
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

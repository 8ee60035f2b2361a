// Writes files durably: when a call returns, both the contents and the directory entries are on disk.

import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, renameSync, writeFileSync } from "node:fs";
import { type FileHandle, open, readdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";

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

/** Like `mkdir -p`, but syncs the folders it creates. */
export function makeFolderDurably(path: string, { mode }: { mode: number }): void {
  if (existsSync(path)) return;
  const parent = dirname(path);
  makeFolderDurably(parent, { mode });
  mkdirSync(path, { recursive: true, mode });
  syncFolder(parent);
}

/** Concurrent syncs: a journalling file system batches them; one by one they would take seconds. */
const SYNC_CONCURRENCY = 64;

/** Syncs a file, or a folder with everything below it. */
export async function syncTree(path: string): Promise<void> {
  const top = { path, isFolder: (await stat(path)).isDirectory() };
  const found = top.isFolder ? await allBelow(path) : [];
  const waiting = [...found, top].values();
  const work = async () => {
    for (const next of waiting) await syncOne(next);
  };
  await Promise.all(Array.from({ length: SYNC_CONCURRENCY }, work));
}

/** Does not follow links, which may form cycles; Bun's recursive readdir would follow each of them over and over. */
async function allBelow(folder: string): Promise<{ path: string; isFolder: boolean }[]> {
  const all: { path: string; isFolder: boolean }[] = [];
  const folders = [folder];
  for (let next = folders.pop(); next !== undefined; next = folders.pop()) {
    for (const entry of await readdir(next, { withFileTypes: true })) {
      const path = join(next, entry.name);
      const isFolder = entry.isDirectory();
      if (isFolder) folders.push(path);
      if (isFolder || entry.isFile()) all.push({ path, isFolder });
    }
  }
  return all;
}

async function syncOne({ path, isFolder }: { path: string; isFolder: boolean }): Promise<void> {
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

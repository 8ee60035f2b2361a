// Files that are on the disk when the call returns: the contents, and the entries in the folders above.

import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, renameSync, writeFileSync } from "node:fs";
import { type FileHandle, open, readdir, stat } from "node:fs/promises";
import { dirname, join } from "node:path";

/** The file appears whole or not at all, also after a power cut. */
export function writeDurably(path: string, contents: string | Uint8Array, { mode }: { mode: number }): void {
  const unfinished = `${path}.${crypto.randomUUID()}`;
  writeFileSync(unfinished, contents, { mode, flag: "wx" });
  sync(unfinished, "r+");
  renameDurably(unfinished, path);
}

/** What is renamed must have been synced before. */
export function renameDurably(from: string, to: string): void {
  renameSync(from, to);
  syncFolder(dirname(to));
}

/** `mkdir -p` whose new folders are on the disk. */
export function makeFolderDurably(path: string, { mode }: { mode: number }): void {
  if (existsSync(path)) return;
  const parent = dirname(path);
  makeFolderDurably(parent, { mode });
  mkdirSync(path, { recursive: true, mode });
  syncFolder(parent);
}

/** Syncs that a journalling file system makes in one go when they are asked for together; one by one they take seconds. */
const AT_ONCE = 64;

/** A file, or a folder with everything below it. */
export async function syncTree(path: string): Promise<void> {
  const top = { path, isFolder: (await stat(path)).isDirectory() };
  const found = top.isFolder ? await allBelow(path) : [];
  const waiting = [...found, top].values();
  const work = async () => {
    for (const next of waiting) await syncOne(next);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

/** Not through links, which may lead back: Bun's own recursive reading follows them, each way again and again. */
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
    // Windows syncs only what could be written.
    handle = await open(path, isFolder ? "r" : "r+");
    await handle.sync();
  } catch (error) {
    if (!isFolder || !isUnsyncable(error)) throw error;
  } finally {
    await handle?.close();
  }
}

/** Which names the folder has; not what is in the files. Where a folder cannot be synced, nothing is. */
function syncFolder(path: string): void {
  try {
    sync(path, "r");
  } catch (error) {
    if (!isUnsyncable(error)) throw error;
  }
}

/** What systems say that cannot sync folders, or of a folder that this user may write but not read. */
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

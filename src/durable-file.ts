// Files that are on the disk when the call returns: the contents, and the entries in the folders above.

import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  statSync,
  writeFileSync,
} from "node:fs";
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

/** A file, or a folder with everything below it. */
export function syncTree(path: string): void {
  if (!statSync(path).isDirectory()) {
    sync(path, "r+");
    return;
  }
  for (const entry of readdirSync(path, { withFileTypes: true }))
    if (entry.isDirectory() || entry.isFile()) syncTree(join(path, entry.name));
  syncFolder(path);
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

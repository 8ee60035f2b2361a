import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { beginWriting } from "./begin-writing.ts";
import { syncOne } from "./durable-file.ts";

/** Concurrent syncs: a journalling file system batches them; one by one they would take seconds. */
const SYNC_CONCURRENCY = 64;

/** Syncs a file, or a folder with everything below it. */
export async function syncTree(path: string): Promise<void> {
  const top = { path, isFolder: (await stat(path)).isDirectory() };
  const found = top.isFolder ? await allBelow(path) : [];
  beginWriting(found.filter(({ isFolder }) => !isFolder).map((file) => file.path));
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

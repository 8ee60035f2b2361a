// The folder of an integration's bundles: those kept for the next start, those in use, and what is left of released ones.

import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";

/** How many of an integration's newest bundles are kept for the next start. */
const KEPT = 4;
/** Of how many released versions of an integration the source maps stay. */
const MAPS_KEPT = 50;
/** Age after which folders left behind by a crashed process are deleted. */
const STALE_AFTER_MS = 24 * 3600 * 1000;

/** Deletes all files of a released bundle but its source maps. */
export async function deleteModules(dir: string): Promise<void> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => !entry.isDirectory() && !entry.name.endsWith(".map"));
  for (const { parentPath, name } of files) await rm(join(parentPath, name), { force: true });
}

export interface Tidying {
  /** The folders from which this process imports. */
  inUse: ReadonlySet<string>;
  /** Whether a folder is a complete bundle. */
  isBundle(dir: string): Promise<boolean>;
}

export async function tidy(shelf: string, { inUse, isBundle }: Tidying): Promise<void> {
  const folders: { path: string; time: number; isKept: boolean; isSpent: boolean }[] = [];
  for (const name of await readdir(shelf)) {
    const path = join(shelf, name);
    const time = (await stat(path).catch(() => undefined))?.mtimeMs ?? Date.now();
    const isKept = !name.includes(".");
    const isSpent = !isKept && !inUse.has(path) && !(await isBundle(path));
    folders.push({ path, time, isKept, isSpent });
  }
  folders.sort((a, b) => b.time - a.time);
  const superfluous = new Set([
    ...folders.filter(({ isKept }) => isKept).slice(KEPT),
    ...folders.filter(({ isSpent }) => isSpent).slice(MAPS_KEPT),
    ...folders.filter(
      ({ isKept, time, path }) => !isKept && time < Date.now() - STALE_AFTER_MS && !inUse.has(path),
    ),
  ]);
  for (const { path } of superfluous) await rm(path, { recursive: true, force: true });
}

// Watches folders that a server reads while it runs. Each directory is watched for itself: a recursive watch would take
// in all of node_modules, and would not see behind a symbolic link.

import { type FSWatcher, watch } from "node:fs";
import { readdir, realpath, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { messageOf } from "../errors.ts";
import type { Logger } from "../log.ts";

/** Editors write a file in several steps. */
const DEBOUNCE_MS = 50;
/** When the system gives no more watches. */
const POLL_MS = 2000;
/** Where directories come and go all the time, the next change is told soon. */
const MOST_LOOKS = 10;

export interface WatchedFolder {
  dir: string;
  /** Whether a change is told of the folder itself, or of the one directly below it that it lies in. */
  tellsOf: "itself" | "subfolders";
}

export interface WatchOptions {
  /** One that is not there yet is seen when it appears. */
  folders: WatchedFolder[];
  /**
   * Single directories elsewhere, each with the folder of which a change is told; several may have the same one. Asked for
   * again after `refresh`, and whenever something changed.
   */
  others?: () => { dir: string; folder: string }[];
  log: Logger;
  /** Gets the real paths of folders in which something changed, or "all". Not called before it resolved. */
  onChange(changed: ReadonlySet<string> | "all"): Promise<void>;
}

export interface FolderWatch {
  /** Resolves when all that is there is being watched. */
  ready: Promise<void>;
  /** There are other `others` now. */
  refresh(): void;
  close(): void;
}

/** Directories, and the folders that a change in each concerns. */
type Wanted = Map<string, Set<string>>;

export function watchFolders({ folders, others = () => [], log, onChange }: WatchOptions): FolderWatch {
  const watches = new Map<string, { watcher: FSWatcher; identity: string; concerns: Set<string> }>();
  let changed = new Set<string>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let running = false;
  let isClosed = false;
  let isPolling = false;

  function note(concerned: Iterable<string>): void {
    for (const folder of concerned) changed.add(folder);
    schedule();
  }

  function schedule(): void {
    if (!timer && !running && !isClosed) timer = setTimeout(report, DEBOUNCE_MS);
  }

  async function report(): Promise<void> {
    timer = undefined;
    running = true;
    try {
      // First watch what is new, then look: a change in between is then seen twice instead of not at all.
      // What is watched only now may have changed before.
      for (const folder of await cover()) changed.add(folder);
      const batch = changed;
      changed = new Set();
      if (!isClosed && (isPolling || batch.size > 0)) await onChange(isPolling ? "all" : batch);
    } catch (error) {
      log.error("Looking at changed folders failed: {error}", { error });
    }
    running = false;
    if (isClosed) return;
    if (isPolling) timer = setTimeout(report, POLL_MS);
    else if (changed.size > 0) timer = setTimeout(report, DEBOUNCE_MS);
  }

  /**
   * What appears in a directory between the look at it and its watch is told by nobody, so it is looked at again then.
   * Returns the folders that have directories in them which were not watched before.
   */
  async function cover(): Promise<Set<string>> {
    const fresh = new Set<string>();
    for (let looks = 0; looks < MOST_LOOKS && !isClosed; looks++) {
      const found = await coverOnce();
      if (found.length === 0) break;
      for (const folder of found) fresh.add(folder);
    }
    return fresh;
  }

  async function coverOnce(): Promise<string[]> {
    const wanted: Wanted = new Map();
    const missing = await Promise.all(folders.map((folder) => directoriesOf(folder, wanted)));
    // A folder that is not there yet: its parent tells when it is.
    for (const dir of missing)
      if (dir !== undefined && !wanted.has(dirname(dir))) want(wanted, dirname(dir), dir);
    for (const { dir, folder } of others()) want(wanted, await nearest(dir), folder);
    for (const [path, { watcher }] of watches) {
      if (wanted.has(path)) continue;
      watcher.close();
      watches.delete(path);
    }
    const fresh = await Promise.all(
      [...wanted].map(async ([path, concerns]) => ((await coverOne(path, concerns)) ? [...concerns] : [])),
    );
    return fresh.flat();
  }

  /** Whether it was not watched before, or not for all of them. */
  async function coverOne(path: string, concerns: Set<string>): Promise<boolean> {
    const found = await stat(path).catch(() => undefined);
    const known = watches.get(path);
    if (!found || isClosed) return false;
    // The watch of a folder that was replaced by another of its name hears nothing more. Inodes are used again.
    const identity = `${found.ino} ${found.birthtimeMs}`;
    if (known?.identity === identity) {
      const isMore = [...concerns].some((folder) => !known.concerns.has(folder));
      known.concerns = concerns;
      return isMore;
    }
    known?.watcher.close();
    try {
      const watcher = watch(path, { persistent: false }, () => note(made.concerns));
      const made = { watcher, identity, concerns };
      watcher.on("error", () => note(made.concerns));
      watches.set(path, made);
      return true;
    } catch (error) {
      if (isPolling) return false;
      isPolling = true;
      log.warning("{path} cannot be watched ({reason}): looking for changes every {seconds} s instead", {
        path,
        reason: messageOf(error),
        seconds: POLL_MS / 1000,
      });
      return false;
    }
  }

  return {
    ready: cover().then(() => {
      if (isPolling && !timer && !isClosed) timer = setTimeout(report, POLL_MS);
    }),
    refresh: schedule,
    close() {
      isClosed = true;
      clearTimeout(timer);
      for (const { watcher } of watches.values()) watcher.close();
    },
  };
}

/** Adds each directory of it, with the folder that a change in it concerns. Returns its own when there is none. */
async function directoriesOf({ dir, tellsOf }: WatchedFolder, wanted: Wanted): Promise<string | undefined> {
  const root = await realpath(dir).catch(() => undefined);
  if (root === undefined) return dir;
  if (tellsOf === "itself") {
    await addTree(root, root, wanted);
    return undefined;
  }
  want(wanted, root, root);
  const below = await subdirectories(root, { links: true });
  await Promise.all(
    below.map(async (name) => {
      const folder = await realpath(join(root, name)).catch(() => undefined);
      if (folder !== undefined) await addTree(folder, folder, wanted);
    }),
  );
  return undefined;
}

/** Links below such a folder are not followed: they may lead back. */
async function addTree(path: string, folder: string, wanted: Wanted): Promise<void> {
  if (wanted.has(path)) return;
  want(wanted, path, folder);
  const below = await subdirectories(path, { links: false });
  await Promise.all(below.map((name) => addTree(join(path, name), folder, wanted)));
  // Its own entries only: they come and go when packages are installed.
  const packages = join(path, "node_modules");
  if (await stat(packages).catch(() => undefined)) want(wanted, packages, folder);
}

/** The directory itself, or what is left of the way to it. */
async function nearest(dir: string): Promise<string> {
  if ((await stat(dir).catch(() => undefined)) || dir === dirname(dir)) return dir;
  return nearest(dirname(dir));
}

function want(wanted: Wanted, dir: string, folder: string): void {
  wanted.set(dir, (wanted.get(dir) ?? new Set()).add(folder));
}

async function subdirectories(path: string, { links }: { links: boolean }): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isDirectory() || (links && entry.isSymbolicLink()))
    .map((entry) => entry.name)
    .filter((name) => !name.startsWith(".") && name !== "node_modules");
}

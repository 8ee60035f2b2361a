// Watches folders that a running server reads. Each directory is watched separately: a recursive watch would include
// all of node_modules, and would not follow symbolic links.

import { type FSWatcher, watch } from "node:fs";
import { readdir, realpath, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { errorMessage } from "../errors.ts";
import type { Logger } from "../log.ts";
import { isAbsent } from "./absent.ts";
import { scopesIn } from "./packages.ts";

/** Editors save a file in several steps. */
const DEBOUNCE_MS = 50;
/** Polling interval for when the system has no more watches to give. */
const POLL_MS = 2000;
/** Bounds the passes where directories keep appearing; the next change triggers another look soon. */
const MAX_PASSES = 10;

export interface WatchedFolder {
  dir: string;
  /** Whether a change is reported for the folder itself, or for its direct subfolder that contains the change. */
  reports: "itself" | "subfolders";
}

export interface WatchOptions {
  /** A folder that does not exist yet is noticed when it appears. */
  folders: WatchedFolder[];
  /**
   * Single directories elsewhere, each with the folder to report on a change; several may report the same folder. Read
   * again after `refresh` and after every change.
   */
  others?: () => { dir: string; folder: string }[];
  log: Logger;
  /** Called with the real paths of changed folders, or "all". Not called again before its promise has resolved. */
  onChange(changed: ReadonlySet<string> | "all"): Promise<void>;
}

export interface FolderWatch {
  /** Resolves when everything that exists is being watched. */
  ready: Promise<void>;
  /** Call this when `others` would return something new. */
  refresh(): void;
  close(): void;
}

/** Directories to watch, with the folders to report on a change in each. */
type Wanted = Map<string, Set<string>>;

/** Called for a directory that exists but cannot be listed. */
type OnUnreadable = (path: string, error: unknown) => void;

export function watchFolders({ folders, others = () => [], log, onChange }: WatchOptions): FolderWatch {
  const watches = new Map<string, { watcher: FSWatcher; identity: string; concerns: Set<string> }>();
  let changed = new Set<string>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let running = false;
  let isClosed = false;
  let isPolling = false;
  /** Directories already reported as unreadable; each is reported again after it has been readable. */
  let unreadable = new Set<string>();

  function markChanged(concerned: Iterable<string>): void {
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
      // Watch new directories before reporting: a change in between is then seen twice rather than never. A directory
      // that is only now being watched may have changed before.
      for (const folder of await cover()) changed.add(folder);
      const batch = changed;
      changed = new Set();
      if (!isClosed && (isPolling || batch.size > 0)) await onChange(isPolling ? "all" : batch);
    } catch (error) {
      log.error("Handling changed folders failed: {error}", { error });
    }
    running = false;
    if (isClosed) return;
    if (isPolling) timer = setTimeout(report, POLL_MS);
    else if (changed.size > 0) timer = setTimeout(report, DEBOUNCE_MS);
  }

  /**
   * An entry that appears between listing a directory and watching it triggers no event, so directories are listed
   * again until nothing new turns up. Returns the folders containing directories that were not watched before.
   */
  async function cover(): Promise<Set<string>> {
    const fresh = new Set<string>();
    for (let passes = 0; passes < MAX_PASSES && !isClosed; passes++) {
      const found = await coverOnce();
      if (found.length === 0) break;
      for (const folder of found) fresh.add(folder);
    }
    return fresh;
  }

  async function coverOnce(): Promise<string[]> {
    const wanted: Wanted = new Map();
    const failed = new Set<string>();
    const onUnreadable: OnUnreadable = (path, error) => {
      failed.add(path);
      if (unreadable.has(path)) return;
      log.warning("Changes below {path} go unnoticed, because it cannot be read: {reason}", {
        path,
        reason: errorMessage(error),
      });
    };
    const missing = await Promise.all(folders.map((folder) => directoriesOf(folder, wanted, onUnreadable)));
    unreadable = failed;
    // For a folder that does not exist yet, watch its parent.
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

  /** Returns whether the directory was not watched before, or not for all these folders. */
  async function coverOne(path: string, concerns: Set<string>): Promise<boolean> {
    const found = await stat(path).catch(() => undefined);
    const known = watches.get(path);
    if (!found || isClosed) return false;
    // When a folder is replaced by another of the same name, its old watch goes silent. Inode numbers are reused, hence
    // the birth time.
    const identity = `${found.ino} ${found.birthtimeMs}`;
    if (known?.identity === identity) {
      const isMore = [...concerns].some((folder) => !known.concerns.has(folder));
      known.concerns = concerns;
      return isMore;
    }
    known?.watcher.close();
    try {
      const watcher = watch(path, { persistent: false }, () => markChanged(made.concerns));
      const made = { watcher, identity, concerns };
      watcher.on("error", () => markChanged(made.concerns));
      watches.set(path, made);
      return true;
    } catch (error) {
      if (isPolling) return false;
      isPolling = true;
      log.warning("{path} cannot be watched ({reason}); polling for changes every {seconds} s instead", {
        path,
        reason: errorMessage(error),
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

/** Adds each directory of the folder, with the folder to report on a change. Returns `dir` if it does not exist. */
async function directoriesOf(
  { dir, reports }: WatchedFolder,
  wanted: Wanted,
  onUnreadable: OnUnreadable,
): Promise<string | undefined> {
  const resolved = (path: string) =>
    realpath(path).catch((error: unknown) => {
      if (!isAbsent(error)) onUnreadable(path, error);
      return undefined;
    });
  const root = await resolved(dir);
  if (root === undefined) return dir;
  if (reports === "itself") {
    await addTree(root, root, wanted, onUnreadable);
    return undefined;
  }
  want(wanted, root, root);
  const below = await subdirectories(root, { links: true, onUnreadable });
  await Promise.all(
    below.map(async (name) => {
      const folder = await resolved(join(root, name));
      if (folder !== undefined) await addTree(folder, folder, wanted, onUnreadable);
    }),
  );
  return undefined;
}

/** Adds a directory tree. Links are not followed: they may form cycles. */
async function addTree(
  path: string,
  folder: string,
  wanted: Wanted,
  onUnreadable: OnUnreadable,
): Promise<void> {
  if (wanted.has(path)) return;
  want(wanted, path, folder);
  const below = await subdirectories(path, { links: false, onUnreadable });
  await Promise.all(below.map((name) => addTree(join(path, name), folder, wanted, onUnreadable)));
  // Only the entries of node_modules and of the scopes in it, which change when packages are installed or linked.
  const packages = join(path, "node_modules");
  if (!(await stat(packages).catch(() => undefined))) return;
  want(wanted, packages, folder);
  for (const scope of await scopesIn(packages).catch(() => [])) want(wanted, scope, folder);
}

/** The directory itself, or its nearest existing ancestor. */
async function nearest(dir: string): Promise<string> {
  if ((await stat(dir).catch(() => undefined)) || dir === dirname(dir)) return dir;
  return nearest(dirname(dir));
}

function want(wanted: Wanted, dir: string, folder: string): void {
  wanted.set(dir, (wanted.get(dir) ?? new Set()).add(folder));
}

async function subdirectories(
  path: string,
  { links, onUnreadable }: { links: boolean; onUnreadable: OnUnreadable },
): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true }).catch((error: unknown) => {
    // A plain file among links, or a directory removed a moment ago.
    if (!isAbsent(error)) onUnreadable(path, error);
    return [];
  });
  return entries
    .filter((entry) => entry.isDirectory() || (links && entry.isSymbolicLink()))
    .map((entry) => entry.name)
    .filter((name) => !name.startsWith(".") && name !== "node_modules");
}

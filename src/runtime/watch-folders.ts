// Watches folders that a running server reads. Each directory is watched separately: a recursive watch would include
// all of node_modules, and would not follow symbolic links.

import { type FSWatcher, watch } from "node:fs";
import { readdir, realpath, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { errorMessage } from "../errors.ts";
import type { Logger } from "../log.ts";
import { isAbsent } from "./absent.ts";
import { onTheWay } from "./links.ts";
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

/** The folders to report on a change in a directory, with the names of the entries that count; undefined: all of them. */
type Concerns = Map<string, ReadonlySet<string> | undefined>;

/** The directories to watch. */
type Wanted = Map<string, Concerns>;

/** Called for a directory that exists but cannot be listed. */
type OnUnreadable = (path: string, error: unknown) => void;

export function watchFolders({ folders, others = () => [], log, onChange }: WatchOptions): FolderWatch {
  const watches = new Map<string, { watcher: FSWatcher; identity: string; concerns: Concerns }>();
  let changed = new Set<string>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  /** Directories are being looked at; a second look at the same time would watch the same ones again. */
  let running = true;
  /** Something has asked for another look meanwhile. */
  let isDue = false;
  let isClosed = false;
  let isPolling = false;
  /** Directories already reported as unreadable; each is reported again after it has been readable. */
  let unreadable = new Set<string>();

  function markChanged(concerned: Iterable<string>): void {
    for (const folder of concerned) changed.add(folder);
    schedule();
  }

  function schedule(): void {
    if (running) isDue = true;
    else if (!timer && !isClosed) timer = setTimeout(report, DEBOUNCE_MS);
  }

  async function report(): Promise<void> {
    timer = undefined;
    running = true;
    isDue = false;
    try {
      // What changes from here on is looked at in a round of its own: a directory that appears meanwhile may have been missed by
      // `cover`, and would never be watched.
      const batch = changed;
      changed = new Set();
      // Watch new directories before reporting: a change in between is then seen twice rather than never. A directory
      // that is only now being watched may have changed before.
      for (const folder of await cover()) batch.add(folder);
      if (!isClosed && (isPolling || batch.size > 0)) await onChange(isPolling ? "all" : batch);
    } catch (error) {
      log.error("Handling changed folders failed: {error}", { error });
    }
    goOn();
  }

  function goOn(): void {
    running = false;
    if (isClosed) return;
    if (isPolling) timer = setTimeout(report, POLL_MS);
    else if (isDue) schedule();
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
    await Promise.all(folders.map((folder) => directoriesOf(folder, wanted, onUnreadable)));
    unreadable = failed;
    for (const { dir, folder } of others()) want(wanted, await nearest(dir), folder);
    for (const [path, { watcher }] of watches) {
      if (wanted.has(path)) continue;
      watcher.close();
      watches.delete(path);
    }
    const fresh = await Promise.all(
      [...wanted].map(async ([path, concerns]) =>
        (await coverOne(path, concerns)) ? [...concerns.keys()] : [],
      ),
    );
    return fresh.flat();
  }

  /** Returns whether the directory was not watched before, or not for all these folders. */
  async function coverOne(path: string, concerns: Concerns): Promise<boolean> {
    const found = await stat(path).catch(() => undefined);
    const known = watches.get(path);
    if (!found || isClosed) return false;
    // When a folder is replaced by another of the same name, its old watch goes silent. Inode numbers are reused, hence
    // the birth time.
    const identity = `${found.ino} ${found.birthtimeMs}`;
    if (known?.identity === identity) {
      const isMore = [...concerns.keys()].some((folder) => !known.concerns.has(folder));
      known.concerns = concerns;
      return isMore;
    }
    known?.watcher.close();
    try {
      const watcher = watch(path, { persistent: false }, (_event, name) =>
        markChanged(concernedBy(made.concerns, name)),
      );
      const made = { watcher, identity, concerns };
      watcher.on("error", () => markChanged(made.concerns.keys()));
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
    ready: cover().then(goOn),
    refresh: schedule,
    close() {
      isClosed = true;
      clearTimeout(timer);
      for (const { watcher } of watches.values()) watcher.close();
    },
  };
}

/** Adds each directory of the folder, with the folder to report on a change. */
async function directoriesOf(
  { dir, reports }: WatchedFolder,
  wanted: Wanted,
  onUnreadable: OnUnreadable,
): Promise<void> {
  const resolved = (path: string) =>
    realpath(path).catch((error: unknown) => {
      if (!isAbsent(error)) onUnreadable(path, error);
      return undefined;
    });
  const root = await resolved(dir);
  await wantWay(wanted, dir, root ?? dir);
  if (root === undefined) return;
  if (reports === "itself") return addTree(root, root, wanted, onUnreadable);
  want(wanted, root, root);
  const { below, links } = await listing(root, onUnreadable);
  await Promise.all(links.map((name) => wantWay(wanted, join(root, name), root)));
  await Promise.all(
    [...below, ...links].map(async (name) => {
      const folder = await resolved(join(root, name));
      if (folder !== undefined) await addTree(folder, folder, wanted, onUnreadable);
    }),
  );
}

/** Adds a directory tree. Links are not followed: they may form cycles. */
async function addTree(
  path: string,
  folder: string,
  wanted: Wanted,
  onUnreadable: OnUnreadable,
): Promise<void> {
  const concerns = wanted.get(path);
  if (concerns?.has(folder) && concerns.get(folder) === undefined) return;
  want(wanted, path, folder);
  const { below, links } = await listing(path, onUnreadable);
  await Promise.all(links.map((name) => wantWay(wanted, join(path, name), folder)));
  await Promise.all(below.map((name) => addTree(join(path, name), folder, wanted, onUnreadable)));
  // Only the entries of node_modules and of the scopes in it, which change when packages are installed or linked.
  const packages = join(path, "node_modules");
  if (!(await stat(packages).catch(() => undefined))) return;
  want(wanted, packages, folder);
  for (const scope of await scopesIn(packages).catch(() => [])) want(wanted, scope, folder);
}

/** A link on the way may lead elsewhere one day, as the "current" of a deployment does, and what is missing may appear. */
async function wantWay(wanted: Wanted, path: string, folder: string): Promise<void> {
  for (const { dir, name } of await onTheWay(path)) want(wanted, dir, folder, name);
}

/** The directory itself, or its nearest existing ancestor. */
async function nearest(dir: string): Promise<string> {
  if ((await stat(dir).catch(() => undefined)) || dir === dirname(dir)) return dir;
  return nearest(dirname(dir));
}

/** Without a name, a change of any entry counts. */
function want(wanted: Wanted, dir: string, folder: string, name?: string): void {
  const concerns: Concerns = wanted.get(dir) ?? new Map();
  wanted.set(dir, concerns);
  const names = concerns.get(folder);
  if (name === undefined) concerns.set(folder, undefined);
  else if (names || !concerns.has(folder)) concerns.set(folder, new Set([...(names ?? []), name]));
}

/** Not every system says which entry has changed. */
const concernedBy = (concerns: Concerns, name: string | null): string[] =>
  [...concerns].flatMap(([folder, names]) => (!names || name === null || names.has(name) ? [folder] : []));

interface Listing {
  /** The names of the directories in it. */
  below: string[];
  links: string[];
}

async function listing(path: string, onUnreadable: OnUnreadable): Promise<Listing> {
  const entries = await readdir(path, { withFileTypes: true }).catch((error: unknown) => {
    // A plain file among links, or a directory removed a moment ago.
    if (!isAbsent(error)) onUnreadable(path, error);
    return [];
  });
  const shown = entries.filter(({ name }) => !name.startsWith(".") && name !== "node_modules");
  return {
    below: shown.filter((entry) => entry.isDirectory()).map(({ name }) => name),
    links: shown.filter((entry) => entry.isSymbolicLink()).map(({ name }) => name),
  };
}

// Records what a bundle uses from outside its own folder (packages, files beside the folder, the resolver's settings files),
// and data of its own, which may be imported by a name that shows no path. Nothing else would reveal when those change.

import { lstat, readlink, stat } from "node:fs/promises";
import { basename, dirname, extname, join, sep } from "node:path";

export interface TakenIn {
  /** Files and folders by absolute path, with their signatures from before they were read. */
  seen: Record<string, string>;
  /** Directories in which a change may affect the bundle. */
  folders: string[];
  /** Directories of the bundle's own files. */
  own: string[];
}

export const NOTHING_TAKEN_IN: TakenIn = { seen: {}, folders: [], own: [] };

export interface Intake {
  /** Call this before the file (an absolute path) is read. */
  record(path: string): Promise<void>;
  /** Records a file that was not found: its path, with or without an extension. */
  recordMissing(path: string): Promise<void>;
  /** Records the links on the way to a file, by the path that an import names. */
  recordLinks(path: string): Promise<void>;
  result(): TakenIn;
}

export interface IntakeOptions {
  /** The bundle's own folder. Scripts below it are not recorded, except packages. */
  folder: string;
  /** Set when bundling a copy: `root` is a copy of `original`. */
  copy?: { root: string; original: string } | undefined;
}

/** Files that influence how the resolver finds imports. */
const SETTINGS = ["package.json", "tsconfig.json"];

export function createIntake({ folder, copy }: IntakeOptions): Intake {
  const seen = new Map<string, string>();
  const folders = new Set<string>();
  const own = new Set<string>();
  const recorded = new Map<string, Promise<void>>();

  async function sign(path: string): Promise<string> {
    const signature = await signatureOf(path);
    // The first signature counts: either read may have seen a file that was written in between.
    if (!seen.has(path)) seen.set(path, signature);
    return signature;
  }

  /** Records the nearest file of each name in the directory or above. */
  function recordSettings(dir: string): Promise<void> {
    const known = recorded.get(dir);
    if (known) return known;
    const work = Promise.all(SETTINGS.map((name) => recordNearest(name, dir))).then(() => {});
    recorded.set(dir, work);
    return work;
  }

  async function recordNearest(name: string, dir: string): Promise<void> {
    const path = join(dir, name);
    const signature = seen.get(path) ?? (await signatureOf(path));
    if (signature !== MISSING) return void seen.set(path, signature);
    if (dir !== dirname(dir) && !dir.endsWith(`${sep}node_modules`)) await recordNearest(name, dirname(dir));
  }

  return {
    async record(path) {
      if (isBelow(folder, path) && !path.includes(PACKAGES)) {
        own.add(dirname(path));
        // The copy of a bot's files never changes.
        if (!copy && !SCRIPTS.includes(extname(path))) await sign(path);
        return;
      }
      if (copy && isBelow(copy.root, path)) {
        // The copy never changes and its hash is known, but its original may change.
        folders.add(dirname(copy.original + path.slice(copy.root.length)));
        return;
      }
      folders.add(dirname(path));
      const rivals = path.includes(PACKAGES) ? [] : rivalsOf(path);
      await Promise.all([sign(path), recordSettings(dirname(path)), ...rivals.map(sign)]);
    },
    async recordMissing(path) {
      if (isBelow(folder, path) && !path.includes(PACKAGES)) return;
      const wanted = copy && isBelow(copy.root, path) ? copy.original + path.slice(copy.root.length) : path;
      let dir = dirname(wanted);
      while ((await sign(dir)) === MISSING && dir !== dirname(dir)) dir = dirname(dir);
      folders.add(dir);
    },
    async recordLinks(path) {
      if (copy || isBelow(folder, path) || path.includes(PACKAGES)) return;
      for (let dir = dirname(path); dir !== dirname(dir) && !isBelow(dir, folder); dir = dirname(dir)) {
        if (seen.has(dir) || !(await isLink(dir))) continue;
        folders.add(dirname(dir));
        await sign(dir);
      }
    },
    result: () => ({ seen: Object.fromEntries(seen), folders: [...folders], own: [...own] }),
  };
}

/** Returns the paths that have changed since they were recorded. */
export async function changedSince({ seen }: TakenIn): Promise<string[]> {
  const changed = await Promise.all(
    Object.entries(seen).map(async ([path, signature]) =>
      (await signatureOf(path)) === signature ? [] : [path],
    ),
  );
  return changed.flat();
}

/** The files by which the same import might be resolved before it comes to this one, if they existed. */
function rivalsOf(path: string): string[] {
  const ending = extname(path);
  if (!SCRIPTS.includes(ending)) return [];
  const stem = path.slice(0, -ending.length);
  const stems = basename(stem) === "index" ? [stem, dirname(stem)] : [stem];
  return stems.flatMap((one) => SCRIPTS.map((other) => one + other)).filter((other) => other !== path);
}

/** The endings of code. */
export const SCRIPTS = [".tsx", ".jsx", ".ts", ".mts", ".cts", ".js", ".mjs", ".cjs"];

export const isSetting = (path: string): boolean => SETTINGS.includes(basename(path));

const MISSING = "none";
const PACKAGES = `${sep}node_modules${sep}`;

/**
 * Changes when a file is written or an entry is added to a directory. There are too many package files to hash their
 * contents.
 */
async function signatureOf(path: string): Promise<string> {
  if (await isLink(path)) return `to ${await readlink(path).catch(() => MISSING)}`;
  const found = await stat(path).catch(() => undefined);
  if (!found) return MISSING;
  return found.isDirectory() ? `${found.mtimeMs}` : `${found.size} ${found.mtimeMs} ${found.ctimeMs}`;
}

const isLink = (path: string): Promise<boolean> =>
  lstat(path).then(
    (found) => found.isSymbolicLink(),
    () => false,
  );

const isBelow = (folder: string, path: string): boolean => path.startsWith(folder + sep);

// What a bundle took in from outside the folder that it was made of: packages, files beside the folder, settings of the
// resolver. Nothing else tells when they change.

import { stat } from "node:fs/promises";
import { basename, dirname, join, sep } from "node:path";

export interface TakenIn {
  /** Files and folders by absolute path, each with its signature from before it was read. */
  seen: Record<string, string>;
  /** Directories in which a change may concern the bundle. */
  folders: string[];
  /** Those of the bundle's own files. */
  own: string[];
}

export const NOTHING_TAKEN_IN: TakenIn = { seen: {}, folders: [], own: [] };

export interface Intake {
  /** Call it before the file (an absolute path) is read. */
  note(path: string): Promise<void>;
  /** A file that was looked for in vain: its path, with or without an ending. */
  noteMissing(path: string): Promise<void>;
  result(): TakenIn;
}

export interface IntakeOptions {
  /** The bundle's own. Files below it are not taken in, but for packages. */
  folder: string;
  /** When the folder is in a copy: what lies below `root` is the copy of what lies below `original`. */
  copy?: { root: string; original: string } | undefined;
}

/** By these the resolver finds what a file imports. */
const SETTINGS = ["package.json", "tsconfig.json"];

export function createIntake({ folder, copy }: IntakeOptions): Intake {
  const seen = new Map<string, string>();
  const folders = new Set<string>();
  const own = new Set<string>();
  const settled = new Map<string, Promise<void>>();

  async function sign(path: string): Promise<string> {
    const signature = await signatureOf(path);
    // The first one counts: what was written between two reads may have been read by either.
    if (!seen.has(path)) seen.set(path, signature);
    return signature;
  }

  /** The nearest of each name, at or above the directory. */
  function noteSettings(dir: string): Promise<void> {
    const known = settled.get(dir);
    if (known) return known;
    const work = Promise.all(SETTINGS.map((name) => noteNearest(name, dir))).then(() => {});
    settled.set(dir, work);
    return work;
  }

  async function noteNearest(name: string, dir: string): Promise<void> {
    const path = join(dir, name);
    const signature = seen.get(path) ?? (await signatureOf(path));
    if (signature !== MISSING) return void seen.set(path, signature);
    if (dir !== dirname(dir) && !dir.endsWith(`${sep}node_modules`)) await noteNearest(name, dirname(dir));
  }

  return {
    async note(path) {
      if (isBelow(folder, path) && !path.includes(PACKAGES)) return void own.add(dirname(path));
      if (copy && isBelow(copy.root, path)) {
        // A copy never changes, and its hash is known; what it is a copy of may change.
        folders.add(dirname(copy.original + path.slice(copy.root.length)));
        return;
      }
      folders.add(dirname(path));
      await Promise.all([sign(path), noteSettings(dirname(path))]);
    },
    async noteMissing(path) {
      if (isBelow(folder, path)) return;
      const wanted = copy && isBelow(copy.root, path) ? copy.original + path.slice(copy.root.length) : path;
      let dir = dirname(wanted);
      while ((await sign(dir)) === MISSING && dir !== dirname(dir)) dir = dirname(dir);
      folders.add(dir);
    },
    result: () => ({ seen: Object.fromEntries(seen), folders: [...folders], own: [...own] }),
  };
}

/** The paths of what is not as it was when it was taken in. */
export async function changedSince({ seen }: TakenIn): Promise<string[]> {
  const changed = await Promise.all(
    Object.entries(seen).map(async ([path, signature]) =>
      (await signatureOf(path)) === signature ? [] : [path],
    ),
  );
  return changed.flat();
}

export const isSetting = (path: string): boolean => SETTINGS.includes(basename(path));

const MISSING = "none";
const PACKAGES = `${sep}node_modules${sep}`;

/** Differs when the file was written, or something appeared in the directory. Packages are too many to read them all. */
async function signatureOf(path: string): Promise<string> {
  const found = await stat(path).catch(() => undefined);
  if (!found) return MISSING;
  return found.isDirectory() ? `${found.mtimeMs}` : `${found.size} ${found.mtimeMs} ${found.ctimeMs}`;
}

const isBelow = (folder: string, path: string): boolean => path.startsWith(folder + sep);

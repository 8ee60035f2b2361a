// The folder that a server keeps everything in, readable to its user only.

import { chmodSync, statSync } from "node:fs";
import { join } from "node:path";
import { HeddleError, messageOf } from "../errors.ts";
import { makeFolderDurably } from "../runtime/durable-file.ts";
import { isImportable } from "../runtime/importable-path.ts";

export interface Home {
  readonly path: string;
  /** What bots and the operator share; integrations are found in its folder "integrations". */
  readonly workspace: string;
  /** The versions of the workspace's integrations that went live last; bots cannot write there. */
  readonly versions: string;
  /** What people had in the workspace before bots wrote over it. */
  readonly overwritten: string;
  /** May be emptied at any time while no server runs. */
  readonly cache: string;
  readonly encryptionKeyFile: string;
}

/** Makes what is missing: folders 0700, files 0600. Refuses the home of another user. */
export function openHome(path: string, onTrouble: (text: string) => void = () => {}): Home {
  if (!isImportable(path)) {
    throw new HeddleError(
      "config",
      `HEDDLE_HOME must be a path without "?" and "\\", because no code can be loaded from such a folder; got ${path}. Choose another folder, or rename this one.`,
      { field: "HEDDLE_HOME" },
    );
  }
  const home: Home = {
    path,
    workspace: join(path, "workspace"),
    versions: join(path, "versions"),
    overwritten: join(path, "overwritten"),
    cache: join(path, "cache"),
    encryptionKeyFile: join(path, "keys", "encryption.key"),
  };
  const content = ["bots", "skills", "carapaces", "templates"].map((kind) => join(path, kind));
  const folders = [path, ...content, home.workspace, home.cache, join(path, "keys")];
  refuseOthers(path);
  try {
    for (const folder of folders) makeFolderDurably(folder, { mode: 0o700 });
    keepToItself(path, onTrouble);
  } catch (cause) {
    throw new HeddleError(
      "config",
      `HEDDLE_HOME is ${path}, but that folder cannot be made or written: ${messageOf(cause)}`,
      { field: "HEDDLE_HOME", cause },
    );
  }
  return home;
}

/** Undefined for one that is not there, and for one that cannot even be looked at: that it cannot be written is told next. */
function ownerOf(path: string): number | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false })?.uid;
  } catch {
    return undefined;
  }
}

/** Whoever owns a folder says what is in it: settings, and code that is run. */
function refuseOthers(path: string): void {
  const owner = ownerOf(path);
  const own = process.getuid?.();
  // Root's may be a volume that was made for this user's group.
  if (owner === undefined || own === undefined || owner === own || owner === 0) return;
  throw new HeddleError(
    "config",
    `HEDDLE_HOME is ${path}, but that folder belongs to another user (${owner}, and this is ${own}): run Heddle as that user, or name a folder of your own with --home.`,
    { field: "HEDDLE_HOME" },
  );
}

function keepToItself(path: string, onTrouble: (text: string) => void): void {
  try {
    chmodSync(path, 0o700);
  } catch (error) {
    // Only its owner can; a volume that belongs to root and can be written by our group is as it is.
    if ((error as NodeJS.ErrnoException).code !== "EPERM") throw error;
    onTrouble(
      `Others may read what is in ${path}: it belongs to root, and its mode cannot be changed. A folder in it, as HEDDLE_HOME, would be this user's alone.`,
    );
  }
}

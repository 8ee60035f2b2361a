// The folder in which a server keeps everything. Only its own user can read it.

import { chmodSync, statSync } from "node:fs";
import { join } from "node:path";
import { errorMessage, HeddleError } from "../errors.ts";
import { makeFolderDurably } from "../runtime/durable-file.ts";
import { isImportable } from "../runtime/importable-path.ts";

export interface Home {
  readonly path: string;
  /** Shared by bots and the operator; its folder "integrations" is searched for integrations. */
  readonly workspace: string;
  /** The last live versions of the workspace's integrations; bots cannot write there. */
  readonly versions: string;
  /** Files of people in the workspace, as they were before bots overwrote them. */
  readonly overwritten: string;
  /** May be emptied at any time while no server runs. */
  readonly cache: string;
  readonly encryptionKeyFile: string;
}

/** Makes missing folders with mode 0700. Refuses a home that belongs to another user. */
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
      `HEDDLE_HOME must be a folder that this user can make and write; got ${path}: ${errorMessage(cause)}`,
      { field: "HEDDLE_HOME", cause },
    );
  }
  return home;
}

/** Undefined when the folder is absent, and when it cannot be examined: writing to it fails next, with a reason. */
function ownerOf(path: string): number | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false })?.uid;
  } catch {
    return undefined;
  }
}

/** The owner of a folder decides what is in it: settings, and code that will run. */
function refuseOthers(path: string): void {
  const owner = ownerOf(path);
  const own = process.getuid?.();
  // A folder of root's may be a volume that was made for this user's group.
  if (owner === undefined || own === undefined || owner === own || owner === 0) return;
  throw new ForeignHome(
    `HEDDLE_HOME must belong to the user that runs Heddle (${own}); got ${path}, which belongs to another user (${owner}). Run Heddle as that user, or choose a folder of your own with --home.`,
  );
}

/** The folder belongs to another user. */
export class ForeignHome extends HeddleError {
  constructor(message: string, options: { cause?: unknown } = {}) {
    super("config", message, { field: "HEDDLE_HOME", ...options });
  }
}

function keepToItself(path: string, onTrouble: (text: string) => void): void {
  try {
    chmodSync(path, 0o700);
  } catch (error) {
    // Only its owner can change the mode; a volume that root owns and our group can write stays as it is.
    if ((error as NodeJS.ErrnoException).code !== "EPERM") throw error;
    onTrouble(
      `Other users may be able to read ${path}: it belongs to root, so its mode cannot be changed. Set HEDDLE_HOME to a folder inside it to keep it private.`,
    );
  }
}

// The folder that a server keeps everything in, readable to its user only.

import { chmodSync } from "node:fs";
import { join } from "node:path";
import { makeFolderDurably } from "./durable-file.ts";
import { HeddleError, messageOf } from "./errors.ts";

export interface Home {
  readonly path: string;
  /** Bot files that the operator adds. */
  readonly bots: string;
  /** What bots and the operator share; integrations are found in its folder "integrations". */
  readonly workspace: string;
  /** The versions of the workspace's integrations that went live last; bots cannot write there. */
  readonly versions: string;
  /** May be emptied at any time while no server runs. */
  readonly cache: string;
  readonly encryptionKeyFile: string;
}

/** Bun takes "?" for the beginning of a query, and a backslash for a slash: from such a folder nothing can be imported. */
const NOT_IMPORTABLE = /[?\\]/;

/** Makes what is missing: folders 0700, files 0600. */
export function openHome(path: string): Home {
  if (process.platform !== "win32" && NOT_IMPORTABLE.test(path)) {
    throw new HeddleError(
      "config",
      `HEDDLE_HOME must be a path without "?" and "\\", because no code can be loaded from such a folder; got ${path}. Choose another folder, or rename this one.`,
      { field: "HEDDLE_HOME" },
    );
  }
  const home: Home = {
    path,
    bots: join(path, "bots"),
    workspace: join(path, "workspace"),
    versions: join(path, "versions"),
    cache: join(path, "cache"),
    encryptionKeyFile: join(path, "keys", "encryption.key"),
  };
  const content = ["skills", "carapaces", "templates"].map((kind) => join(path, kind));
  const folders = [path, home.bots, ...content, home.workspace, home.cache, join(path, "keys")];
  try {
    for (const folder of folders) makeFolderDurably(folder, { mode: 0o700 });
    chmodSync(path, 0o700);
  } catch (cause) {
    throw new HeddleError(
      "config",
      `HEDDLE_HOME is ${path}, but that folder cannot be made or written: ${messageOf(cause)}`,
      { field: "HEDDLE_HOME", cause },
    );
  }
  return home;
}

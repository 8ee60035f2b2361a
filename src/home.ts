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
  /** May be emptied at any time while no server runs. */
  readonly cache: string;
  readonly encryptionKeyFile: string;
}

/** Makes what is missing: folders 0700, files 0600. */
export function openHome(path: string): Home {
  const home: Home = {
    path,
    bots: join(path, "bots"),
    workspace: join(path, "workspace"),
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

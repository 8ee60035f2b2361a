// The folder that a server keeps everything in, readable to its user only.

import { hkdfSync } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
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
    for (const folder of folders) mkdirSync(folder, { recursive: true, mode: 0o700 });
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

/** The key given in the environment, else the one in the file, which the first start makes. 32 bytes. */
export function encryptionKey(home: Home, fromEnvironment: string | undefined): Buffer {
  if (fromEnvironment) return Buffer.from(fromEnvironment, "hex");
  if (!existsSync(home.encryptionKeyFile)) {
    const made = crypto.getRandomValues(Buffer.alloc(32)).toString("hex");
    // It appears whole or not at all: a start that is cut short must not leave half a key.
    const unfinished = `${home.encryptionKeyFile}.${process.pid}`;
    writeFileSync(unfinished, `${made}\n`, { mode: 0o600 });
    renameSync(unfinished, home.encryptionKeyFile);
  }
  const text = readFileSync(home.encryptionKeyFile, "utf8").trim();
  if (!/^[0-9a-fA-F]{64}$/.test(text)) {
    throw new HeddleError(
      "config",
      `${home.encryptionKeyFile} does not hold 64 hexadecimal digits: restore it from a backup; without it stored secrets cannot be read.`,
    );
  }
  return Buffer.from(text, "hex");
}

/** What outgoing webhooks are signed with unless their target has a secret of its own; the same on every server. */
export function signingSecret(key: Buffer): string {
  const derived = hkdfSync("sha256", key, "", "heddle outgoing webhooks", 32);
  return `whsec_${Buffer.from(derived).toString("base64")}`;
}

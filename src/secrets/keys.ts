// The key that secrets are sealed with, and what is derived from it.

import { hkdfSync } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { writeDurably } from "../durable-file.ts";
import { HeddleError } from "../errors.ts";
import type { Home } from "../home.ts";

/** The key given in the environment, else the one in the file, which the first start makes. 32 bytes. */
export function encryptionKey(home: Home, fromEnvironment: string | undefined): Buffer {
  if (fromEnvironment) return Buffer.from(fromEnvironment, "hex");
  if (!existsSync(home.encryptionKeyFile)) {
    const made = crypto.getRandomValues(Buffer.alloc(32)).toString("hex");
    // On the disk before anything is sealed with it: what is sealed with a lost key is lost as well.
    writeDurably(home.encryptionKeyFile, `${made}\n`, { mode: 0o600 });
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

// Loads the keys that secrets are sealed with, from the environment or from files in the home folder. The database
// determines which key is current, so that a rotation interrupted at any point leaves a home that opens.

import { hkdfSync, randomBytes } from "node:crypto";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { eq } from "drizzle-orm";
import type { Home } from "../config/home.ts";
import type { Queryable } from "../db/database.ts";
import { serverFacts } from "../db/schema.ts";
import { HeddleError } from "../errors.ts";
import { renameDurably, writeDurably } from "../runtime/durable-file.ts";
import { type Key, type KeyRing, keyOf, keyRing } from "./key-ring.ts";
import { createSealer } from "./seal.ts";

export interface GivenKeys {
  /** ENCRYPTION_KEY, hexadecimal. If undefined, the key file is used. */
  current: string | undefined;
  /** ENCRYPTION_KEY_PREVIOUS. */
  previous: readonly string[];
}

/**
 * Key of the check value, which is sealed with the current encryption key so that a wrong key is detected at start-up.
 */
export const CHECK = "encryption_key_check";
export const CHECK_LOCATION = { table: "meta", row: CHECK, field: "value" };

/**
 * Returns the keys of this database. The first start creates one; a later start without the right key changes nothing.
 * @throws HeddleError "config"
 */
export async function openKeys(query: Queryable, home: Home, given: GivenKeys): Promise<KeyRing> {
  const stored = await readCheck(query);
  const known = knownKeys(home, given);
  const made = stored === undefined && known.length === 0 ? makeKey(home) : undefined;
  const current = known[0] ?? made;
  if (!current) throw wrongKey(home);
  const sealed = stored ?? (await storeCheck(query, current));
  const opening = [...known, ...(made ? [made] : [])].find((key) => opens(key, sealed));
  if (!opening) {
    // Another server was faster, so the key created here is not used by anyone.
    if (made) rmSync(home.encryptionKeyFile, { force: true });
    throw wrongKey(home);
  }
  if (given.current) return keyRing(current, known);
  if (opening.id === keyInFile(nextFile(home))?.id) promote(home);
  return keyRing(opening, known);
}

/** The key that seals new secrets, as far as this can be known without the database. */
export function currentKey(home: Home, given: GivenKeys): Key {
  const [key] = knownKeys(home, given);
  if (key) return key;
  throw new HeddleError("config", "There is no encryption key yet: start the server once to create it.", {
    field: "ENCRYPTION_KEY",
  });
}

/** All known keys, the most likely current one first. */
export function knownKeys(home: Home, { current, previous }: GivenKeys): Key[] {
  const files = [home.encryptionKeyFile, nextFile(home), previousFile(home)];
  const first = current === undefined ? files.map(keyInFile) : [keyOf(current)];
  return [...first, ...previous.map(keyOf)].filter((key) => key !== undefined);
}

/** Writes a new key beside the current one, which remains current until the database says otherwise. */
export function makeNextKey(home: Home): Key {
  const hex = randomBytes(32).toString("hex");
  writeDurably(nextFile(home), `${hex}\n`, { mode: 0o600 });
  return keyOf(hex);
}

/** Replaces the current key by the next one. The old key is kept as the previous one, because a backup may need it. */
export function promote(home: Home): void {
  // Another process that opened the same home has already done this.
  if (!existsSync(nextFile(home))) return;
  if (existsSync(home.encryptionKeyFile)) {
    writeDurably(previousFile(home), readFileSync(home.encryptionKeyFile), { mode: 0o600 });
  }
  renameDurably(nextFile(home), home.encryptionKeyFile);
}

/** The secret that signs outgoing webhooks whose target has no secret of its own; the same on every server. */
export function signingSecret({ bytes }: Key): string {
  const derived = hkdfSync("sha256", bytes, "", "heddle outgoing webhooks", 32);
  return `whsec_${Buffer.from(derived).toString("base64")}`;
}

const previousFile = ({ encryptionKeyFile }: Home): string => `${encryptionKeyFile}.previous`;
const nextFile = ({ encryptionKeyFile }: Home): string => `${encryptionKeyFile}.next`;

function makeKey(home: Home): Key {
  const hex = randomBytes(32).toString("hex");
  // Write it to disk before sealing anything with it: a value sealed with a lost key is lost as well.
  writeDurably(home.encryptionKeyFile, `${hex}\n`, { mode: 0o600 });
  return keyOf(hex);
}

function keyInFile(path: string): Key | undefined {
  if (!existsSync(path)) return undefined;
  const text = readFileSync(path, "utf8").trim();
  if (/^[0-9a-fA-F]{64}$/.test(text)) return keyOf(text);
  throw new HeddleError(
    "config",
    `${path} must contain 64 hexadecimal digits and does not: restore it from a backup, since stored secrets cannot be read without it.`,
  );
}

async function readCheck(query: Queryable): Promise<string | undefined> {
  const [row] = await query.select().from(serverFacts).where(eq(serverFacts.key, CHECK));
  return row && String(row.value);
}

/** Stores the check value and returns the one now in the database; another server may have been faster. */
async function storeCheck(query: Queryable, key: Key): Promise<string> {
  const value = createSealer(keyRing(key)).seal("ok", CHECK_LOCATION);
  await query.insert(serverFacts).values({ key: CHECK, value }).onConflictDoNothing();
  return (await readCheck(query)) ?? value;
}

function opens(key: Key, sealed: string): boolean {
  try {
    return createSealer(keyRing(key)).open(sealed, CHECK_LOCATION) === "ok";
  } catch {
    return false;
  }
}

const wrongKey = (home: Home): HeddleError =>
  new HeddleError(
    "config",
    `ENCRYPTION_KEY must be the key that this database's secrets were sealed with, and is a different one: set it to that key (or set ENCRYPTION_KEY_PREVIOUS to that key, to rotate it), or restore ${home.encryptionKeyFile}.`,
    { field: "ENCRYPTION_KEY" },
  );

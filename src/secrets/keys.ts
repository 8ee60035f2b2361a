// Where the keys come from that secrets are sealed with: the environment, or files of the home folder. Which of them is the
// current one, the database says: a rotation that was cut short anywhere leaves a home that opens.

import { hkdfSync, randomBytes } from "node:crypto";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { eq } from "drizzle-orm";
import type { Home } from "../config/home.ts";
import type { Queryable } from "../db/database.ts";
import { meta } from "../db/schema.ts";
import { HeddleError } from "../errors.ts";
import { renameDurably, writeDurably } from "../runtime/durable-file.ts";
import { type Key, type KeyRing, keyOf, keyRing } from "./key-ring.ts";
import { createSealer } from "./seal.ts";

export interface GivenKeys {
  /** ENCRYPTION_KEY; hexadecimal. Undefined: the file counts. */
  current: string | undefined;
  /** ENCRYPTION_KEY_PREVIOUS. */
  previous: readonly string[];
}

/** A word that is sealed with the current key: a wrong one is found at boot. */
export const CHECK = "encryption_key_check";
export const CHECK_PLACE = { table: "meta", row: CHECK, field: "value" };

/**
 * The keys of this database. The first start makes one; a later one without the right key changes nothing.
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
    // Another server was first: what was made here is nobody's key.
    if (made) rmSync(home.encryptionKeyFile, { force: true });
    throw wrongKey(home);
  }
  if (given.current) return keyRing(current, known);
  if (opening.id === keyInFile(nextFile(home))?.id) promote(home);
  return keyRing(opening, known);
}

/** That which new secrets are sealed with, as far as can be told without the database. */
export function currentKey(home: Home, given: GivenKeys): Key {
  const [key] = knownKeys(home, given);
  if (key) return key;
  throw new HeddleError("config", "There is no encryption key yet: the first start makes it.", {
    field: "ENCRYPTION_KEY",
  });
}

/** In the order in which they may be the current one. */
export function knownKeys(home: Home, { current, previous }: GivenKeys): Key[] {
  const files = [home.encryptionKeyFile, nextFile(home), previousFile(home)];
  const first = current === undefined ? files.map(keyInFile) : [keyOf(current)];
  return [...first, ...previous.map(keyOf)].filter((key) => key !== undefined);
}

/** Writes a new key beside the current one, which stays it until the database says otherwise. */
export function makeNextKey(home: Home): Key {
  const hex = randomBytes(32).toString("hex");
  writeDurably(nextFile(home), `${hex}\n`, { mode: 0o600 });
  return keyOf(hex);
}

/** The next key takes the place of the current one, which is kept as the previous: a backup may need it. */
export function promote(home: Home): void {
  // Somebody who opened the same home has done it.
  if (!existsSync(nextFile(home))) return;
  if (existsSync(home.encryptionKeyFile)) {
    writeDurably(previousFile(home), readFileSync(home.encryptionKeyFile), { mode: 0o600 });
  }
  renameDurably(nextFile(home), home.encryptionKeyFile);
}

/** What outgoing webhooks are signed with unless their target has a secret of its own; the same on every server. */
export function signingSecret({ bytes }: Key): string {
  const derived = hkdfSync("sha256", bytes, "", "heddle outgoing webhooks", 32);
  return `whsec_${Buffer.from(derived).toString("base64")}`;
}

const previousFile = ({ encryptionKeyFile }: Home): string => `${encryptionKeyFile}.previous`;
const nextFile = ({ encryptionKeyFile }: Home): string => `${encryptionKeyFile}.next`;

function makeKey(home: Home): Key {
  const hex = randomBytes(32).toString("hex");
  // On the disk before anything is sealed with it: what is sealed with a lost key is lost as well.
  writeDurably(home.encryptionKeyFile, `${hex}\n`, { mode: 0o600 });
  return keyOf(hex);
}

function keyInFile(path: string): Key | undefined {
  if (!existsSync(path)) return undefined;
  const text = readFileSync(path, "utf8").trim();
  if (/^[0-9a-fA-F]{64}$/.test(text)) return keyOf(text);
  throw new HeddleError(
    "config",
    `${path} does not hold 64 hexadecimal digits: restore it from a backup; without it stored secrets cannot be read.`,
  );
}

async function readCheck(query: Queryable): Promise<string | undefined> {
  const [row] = await query.select().from(meta).where(eq(meta.key, CHECK));
  return row && String(row.value);
}

/** What is stored then, which another server may have been quicker with. */
async function storeCheck(query: Queryable, key: Key): Promise<string> {
  const value = createSealer(keyRing(key)).seal("ok", CHECK_PLACE);
  await query.insert(meta).values({ key: CHECK, value }).onConflictDoNothing();
  return (await readCheck(query)) ?? value;
}

function opens(key: Key, sealed: string): boolean {
  try {
    return createSealer(keyRing(key)).open(sealed, CHECK_PLACE) === "ok";
  } catch {
    return false;
  }
}

const wrongKey = (home: Home): HeddleError =>
  new HeddleError(
    "config",
    `ENCRYPTION_KEY is not the key that this database's secrets were stored with: set it to that key (or ENCRYPTION_KEY_PREVIOUS, to change it), or restore ${home.encryptionKeyFile}.`,
    { field: "ENCRYPTION_KEY" },
  );

// Seals secrets for the database: AES-256-GCM, and a check that the key is the one the database knows.

import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { eq } from "drizzle-orm";
import type { Queryable } from "../db/database.ts";
import { type JsonObject, meta } from "../db/schema.ts";
import { HeddleError } from "../errors.ts";
import { MASK } from "./urls.ts";

export interface Vault {
  seal(text: string): string;
  open(sealed: string): string;
  /** A copy in which every secret field is sealed. */
  sealConfig(config: JsonObject): JsonObject;
  /** The reverse of `sealConfig`. */
  openConfig(config: JsonObject): JsonObject;
}

const PREFIX = "sealed:v1:";
const SECRET_FIELD = /(token|secret|password|passwd|api_?key|authorization|credential|private_?key)s?$/i;

/** `onSecret` hears every secret that passes, so that it can be kept out of logs. */
export function createVault(key: Buffer, onSecret: (secret: string) => void): Vault {
  const seal = (text: string): string => {
    onSecret(text);
    const iv = randomBytes(12);
    const cipher = createCipheriv("aes-256-gcm", key, iv);
    const sealed = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
    return PREFIX + Buffer.concat([iv, cipher.getAuthTag(), sealed]).toString("base64");
  };
  const open = (sealed: string): string => {
    const bytes = Buffer.from(sealed.slice(PREFIX.length), "base64");
    const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, 12));
    decipher.setAuthTag(bytes.subarray(12, 28));
    const text = Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString("utf8");
    onSecret(text);
    return text;
  };
  return {
    seal,
    open,
    sealConfig: (config) =>
      mapStrings(config, (name, value) => {
        // Nobody outside has seen a sealed value, so this one is made up.
        if (value.startsWith(PREFIX)) {
          throw new HeddleError("validation", `A value must not begin with "${PREFIX}".`, { field: name });
        }
        if (isSecret(name) && value === MASK) {
          throw new HeddleError("validation", `${name} is what stands for a secret, not the secret itself.`, {
            field: name,
          });
        }
        return isSecret(name) ? seal(value) : value;
      }),
    openConfig: (config) =>
      mapStrings(config, (_, value) => (value.startsWith(PREFIX) ? open(value) : value)),
  };
}

/** What may be shown of a config: sealed and secret fields are replaced by stars. */
export function maskConfig(config: JsonObject): JsonObject {
  return mapStrings(config, (name, value) => (isSecret(name) || value.startsWith(PREFIX) ? MASK : value));
}

/** Stores a sealed word on the first start and opens it on each later one: a wrong key is found at boot. */
export async function checkEncryptionKey(query: Queryable, vault: Vault): Promise<void> {
  const name = "encryption_key_check";
  await query
    .insert(meta)
    .values({ key: name, value: vault.seal("ok") })
    .onConflictDoNothing();
  const [row] = await query.select().from(meta).where(eq(meta.key, name));
  try {
    vault.open(String(row?.value));
  } catch (cause) {
    throw new HeddleError(
      "config",
      "ENCRYPTION_KEY is not the key that this database's secrets were stored with: set it to that key, or restore keys/encryption.key in HEDDLE_HOME.",
      { field: "ENCRYPTION_KEY", cause },
    );
  }
}

const isSecret = (name: string) => SECRET_FIELD.test(name);

/** Applies `change` to every string, told the name of the nearest field it stands under. */
function mapStrings(config: JsonObject, change: (name: string, value: string) => string): JsonObject {
  const walk = (name: string, value: unknown): unknown => {
    if (typeof value === "string") return change(name, value);
    if (Array.isArray(value)) return value.map((item) => walk(name, item));
    if (value !== null && typeof value === "object") {
      return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, walk(key, inner)]));
    }
    return value;
  };
  return walk("", config) as JsonObject;
}

// Seals single texts with AES-256-GCM. A sealed value is bound to its location in the database and carries the id of
// its key.

import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { HeddleError } from "../errors.ts";
import type { Key, KeyRing } from "./key-ring.ts";

/** The location of a sealed value. Copied to any other location, the value does not open. */
export interface FieldLocation {
  table: string;
  /** The row's id, or whatever identifies it. */
  row: string;
  /** The column and the path within it. */
  field: string;
}

export interface Sealer {
  /** `hint` is stored beside it in plain text, to be shown in its place. */
  seal(text: string, at: FieldLocation, hint?: string): string;
  /** Throws `internal` if the value was sealed for another location or modified, or if its key is missing. */
  open(sealed: string, at: FieldLocation): string;
}

/** Prefix of sealed values; no value from outside may start with it. */
const SEALED = "sealed:v";
const V1 = "sealed:v1:";
const V2 = "sealed:v2:";

export const isSealed = (value: unknown): value is string =>
  typeof value === "string" && value.startsWith(SEALED);

/** The displayable hint of a sealed value, if any. */
export const hintOf = (sealed: string): string | undefined => parse(sealed)?.hint;

export function createSealer({ current, all }: KeyRing): Sealer {
  return {
    seal(text, at, hint) {
      const iv = randomBytes(12);
      const cipher = createCipheriv("aes-256-gcm", current.bytes, iv);
      cipher.setAAD(boundTo(at, current.id, hint));
      const sealed = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
      const payload = Buffer.concat([iv, cipher.getAuthTag(), sealed]).toString("base64url");
      return `${V2}${current.id}:${payload}${hint === undefined ? "" : `:${hint}`}`;
    },
    open(sealed, at) {
      if (sealed.startsWith(V1)) return openUnbound(sealed, all, at);
      const parts = parse(sealed);
      if (!parts) throw cannotOpen(at, "it is not in the format of a sealed value");
      const key = all.find(({ id }) => id === parts.keyId);
      if (!key)
        throw cannotOpen(
          at,
          `its key ${parts.keyId} is missing; set ENCRYPTION_KEY_PREVIOUS if the key was changed`,
        );
      try {
        return decrypt(key, parts.payload, boundTo(at, key.id, parts.hint));
      } catch (cause) {
        throw cannotOpen(at, "it was modified, or sealed for another location and copied here", cause);
      }
    },
  };
}

/** Opens a value of version 1, which is not bound to a location. `heddle keys rotate` reseals these. */
function openUnbound(sealed: string, keys: readonly Key[], at: FieldLocation): string {
  for (const key of keys) {
    try {
      return decrypt(key, sealed.slice(V1.length), undefined);
    } catch {
      // Try the next key: a value of this version does not name its key.
    }
  }
  throw cannotOpen(at, "it was sealed with none of the known keys");
}

function decrypt(key: Key, payload: string, bound: Buffer | undefined): string {
  const bytes = Buffer.from(payload, "base64url");
  const decipher = createDecipheriv("aes-256-gcm", key.bytes, bytes.subarray(0, 12));
  if (bound) decipher.setAAD(bound);
  decipher.setAuthTag(bytes.subarray(12, 28));
  return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString("utf8");
}

const boundTo = ({ table, row, field }: FieldLocation, keyId: string, hint = ""): Buffer =>
  Buffer.from(JSON.stringify(["heddle", 2, keyId, table, row, field, hint]));

const cannotOpen = ({ table, row, field }: FieldLocation, why: string, cause?: unknown): HeddleError =>
  new HeddleError("internal", `The sealed value in ${table}.${field} of ${row} cannot be opened: ${why}.`, {
    cause,
  });

function parse(sealed: string): { keyId: string; payload: string; hint?: string } | undefined {
  if (!sealed.startsWith(V2)) return undefined;
  const [keyId = "", payload = "", ...hint] = sealed.slice(V2.length).split(":");
  return { keyId, payload, ...(hint.length > 0 && { hint: hint.join(":") }) };
}

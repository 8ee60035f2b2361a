// Seals single texts: AES-256-GCM, bound to the place in the database that they are for, with the id of their key.

import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { HeddleError } from "../errors.ts";
import type { Key, KeyRing } from "./key-ring.ts";

/** Where a sealed value stands. Copied to anywhere else it does not open. */
export interface Place {
  table: string;
  /** The id of the row, or what else names it. */
  row: string;
  /** The column, and the path within it. */
  field: string;
}

export interface Sealer {
  /** `hint` is stored beside it in clear, for who may see so much. */
  seal(text: string, at: Place, hint?: string): string;
  /** Throws `internal` for what was sealed for another place, with a key that is not there, or has been changed. */
  open(sealed: string, at: Place): string;
}

/** What begins like this is sealed, and nothing that comes from outside may. */
const SEALED = "sealed:v";
const V1 = "sealed:v1:";
const V2 = "sealed:v2:";

export const isSealed = (value: unknown): value is string =>
  typeof value === "string" && value.startsWith(SEALED);

/** What may be shown of a sealed value, if anything. */
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
      if (!parts) throw closed(at, "it is no sealed value");
      const key = all.find(({ id }) => id === parts.keyId);
      if (!key) throw closed(at, `its key ${parts.keyId} is not there: is ENCRYPTION_KEY_PREVIOUS missing?`);
      try {
        return decrypt(key, parts.payload, boundTo(at, key.id, parts.hint));
      } catch (cause) {
        throw closed(at, "it was changed, or sealed for another place and moved here", cause);
      }
    },
  };
}

/** Of the first version: not bound to any place. `heddle keys rotate` seals them anew. */
function openUnbound(sealed: string, keys: readonly Key[], at: Place): string {
  for (const key of keys) {
    try {
      return decrypt(key, sealed.slice(V1.length), undefined);
    } catch {
      // Another one may be its key: a value of this version does not say.
    }
  }
  throw closed(at, "none of the keys opens it");
}

function decrypt(key: Key, payload: string, bound: Buffer | undefined): string {
  const bytes = Buffer.from(payload, "base64url");
  const decipher = createDecipheriv("aes-256-gcm", key.bytes, bytes.subarray(0, 12));
  if (bound) decipher.setAAD(bound);
  decipher.setAuthTag(bytes.subarray(12, 28));
  return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString("utf8");
}

const boundTo = ({ table, row, field }: Place, keyId: string, hint = ""): Buffer =>
  Buffer.from(JSON.stringify(["heddle", 2, keyId, table, row, field, hint]));

const closed = ({ table, row, field }: Place, why: string, cause?: unknown): HeddleError =>
  new HeddleError("internal", `The sealed value in ${table}.${field} of ${row} does not open: ${why}.`, {
    cause,
  });

function parse(sealed: string): { keyId: string; payload: string; hint?: string } | undefined {
  if (!sealed.startsWith(V2)) return undefined;
  const [keyId = "", payload = "", ...hint] = sealed.slice(V2.length).split(":");
  return { keyId, payload, ...(hint.length > 0 && { hint: hint.join(":") }) };
}

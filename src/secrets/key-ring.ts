// The keys that can open sealed values, and the current one, which seals new values.

import { createHash } from "node:crypto";

export interface Key {
  /** Identifies the key without revealing it. */
  id: string;
  /** The key itself, 32 bytes. */
  bytes: Buffer;
}

export interface KeyRing {
  current: Key;
  /** All keys, the current one first. */
  all: readonly Key[];
}

export function keyOf(hex: string): Key {
  const bytes = Buffer.from(hex, "hex");
  const id = createHash("sha256").update("heddle key id\0").update(bytes).digest("hex").slice(0, 8);
  return { id, bytes };
}

export function keyRing(current: Key, others: readonly Key[] = []): KeyRing {
  return { current, all: [current, ...others.filter(({ id }) => id !== current.id)] };
}

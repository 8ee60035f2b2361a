// The keys that sealed values open with, and the one that new ones are sealed with.

import { createHash } from "node:crypto";

export interface Key {
  /** Says which key it is, and nothing of it. */
  id: string;
  /** 32 of them. */
  bytes: Buffer;
}

export interface KeyRing {
  current: Key;
  /** The current one first. */
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

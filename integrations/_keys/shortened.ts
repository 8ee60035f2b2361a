// Keys that are made of what others named, and so may be longer than a key can be.

import { createHash } from "node:crypto";

/** The most characters of a key of the store, and of an idempotency key. */
export const LONGEST_KEY = 255;

/** Shortens a text to at most `length` characters. Equal texts stay equal, and different texts stay different. */
export function shortened(text: string, length = LONGEST_KEY): string {
  if (text.length <= length) return text;
  const hash = createHash("sha256").update(text).digest("hex");
  return `${text.slice(0, length - hash.length - 1).toWellFormed()}~${hash}`;
}

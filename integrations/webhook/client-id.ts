import { createHash } from "node:crypto";

export const CLIENT_PREFIX = "webhook:";
const LONGEST_KEY = 200;

/** The place of an endpoint's messages. An endpoint's name has no colon, so no key leads to another endpoint's. */
export const clientIdOf = (name: string, key: string | null): string =>
  key === null ? `${CLIENT_PREFIX}${name}` : `${CLIENT_PREFIX}${name}:${shortened(key, LONGEST_KEY)}`;

/** The same text for the same text, at most `length` characters long, and another one for another. */
export function shortened(text: string, length: number): string {
  if (text.length <= length) return text;
  const hash = createHash("sha256").update(text).digest("hex");
  return `${text.slice(0, length - hash.length - 1)}~${hash}`;
}

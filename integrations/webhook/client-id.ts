import { createHash } from "node:crypto";

export const CLIENT_PREFIX = "webhook:";
const LONGEST_KEY = 200;

/** The client id of an endpoint's messages. Names of endpoints contain no colon, so no key can lead to another endpoint. */
export const clientIdOf = (name: string, key: string | null): string =>
  key === null ? `${CLIENT_PREFIX}${name}` : `${CLIENT_PREFIX}${name}:${shortened(key, LONGEST_KEY)}`;

/** Shortens a text to at most `length` characters. Equal texts stay equal, and different texts stay different. */
export function shortened(text: string, length: number): string {
  if (text.length <= length) return text;
  const hash = createHash("sha256").update(text).digest("hex");
  return `${text.slice(0, length - hash.length - 1)}~${hash}`;
}

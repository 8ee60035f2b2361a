import { randomInt } from "node:crypto";

/** Without characters that look like others: 0 O, 1 I L, U V. */
const ALPHABET = "23456789ABCDEFGHJKMNPQRSTWXYZ";
const LENGTH = 8;
const SPACING = /[\s-]/g;

export const newPairingCode = (): string =>
  Array.from({ length: LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)]).join("");

/** Returns the code as it was made, however a person has typed it; undefined for a text that is none. */
export function readPairingCode(typed: string): string | undefined {
  const code = typed.replace(SPACING, "").toUpperCase();
  return code.length === LENGTH && [...code].every((one) => ALPHABET.includes(one)) ? code : undefined;
}

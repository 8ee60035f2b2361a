// Estimates whether a secret is distinguishable from ordinary text. A password such as "postgres" is not: redacting it
// would garble ordinary texts, and show their readers which word the password is.

import { SHORTEST_TERM } from "./matcher.ts";

/** Required bits for a secret of words only; by this estimate it takes at least three words. */
const ENOUGH_IN_WORDS = 28;
/**
 * Required bits for a secret with a digit or symbol, which few ordinary words contain; eight random characters have
 * more.
 */
const ENOUGH = 26;
const MIN_DISTINCT_CHARACTERS = 5;
/** The rest of a longer secret does not affect the result. */
const EXAMINED_LENGTH = 400;

export function isTellable(secret: string): boolean {
  if (secret.length < SHORTEST_TERM) return false;
  const text = secret.slice(0, EXAMINED_LENGTH);
  return new Set(text).size >= MIN_DISTINCT_CHARACTERS && bitsOf(text) >= enoughFor(text);
}

/** Required bits for a key that opens everything; sixteen random characters have more. */
const HARD_TO_GUESS = 64;

export function isGuessable(key: string): boolean {
  return new Set(key).size < 8 || bitsOf(key.slice(0, EXAMINED_LENGTH)) < HARD_TO_GUESS;
}

const enoughFor = (text: string): number => (/^[\p{L}\s\-_]*$/u.test(text) ? ENOUGH_IN_WORDS : ENOUGH);

const RUN = /\p{Lu}?\p{Ll}+|\p{Lu}+|\p{N}+|[\s\-_.:/,]|./gsu;

/** A rough estimate: consecutive letters may be a word, digits a year. */
function bitsOf(text: string): number {
  let bits = 0;
  for (const [run] of text.matchAll(RUN)) bits += run.length * bitsOfEach(run);
  return bits;
}

function bitsOfEach(run: string): number {
  if (/^[\s\-_.:/,]/.test(run)) return 1;
  if (/^\p{N}/u.test(run)) return run.length > 2 ? 2 : 3.3;
  if (/^[\p{Lu}\p{Ll}]/u.test(run)) return run.length > 2 ? 2 : 4.7;
  return 4;
}

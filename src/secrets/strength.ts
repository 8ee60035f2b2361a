// Whether a secret can be told from ordinary text. A password such as "postgres" cannot: replacing it would garble what
// everybody writes, and tell whoever reads the result which of the words the password is.

import { SHORTEST_TERM } from "./matcher.ts";

/** In bits, of words alone: fewer than three words have not so many by this count. */
const ENOUGH_IN_WORDS = 28;
/** With a digit or a sign in it, which few ordinary words have: eight random characters have more. */
const ENOUGH = 26;
const FEWEST_CHARACTERS = 5;
/** The rest of a longer one adds nothing to the decision. */
const LOOKED_AT = 400;

export function isTellable(secret: string): boolean {
  if (secret.length < SHORTEST_TERM) return false;
  const text = secret.slice(0, LOOKED_AT);
  return new Set(text).size >= FEWEST_CHARACTERS && bitsOf(text) >= enoughFor(text);
}

/** Of a key that opens everything. Sixteen random characters have more. */
const HARD_TO_GUESS = 64;

export function isGuessable(key: string): boolean {
  return new Set(key).size < 8 || bitsOf(key.slice(0, LOOKED_AT)) < HARD_TO_GUESS;
}

const enoughFor = (text: string): number => (/^[\p{L}\s\-_]*$/u.test(text) ? ENOUGH_IN_WORDS : ENOUGH);

const RUN = /\p{Lu}?\p{Ll}+|\p{Lu}+|\p{N}+|[\s\-_.:/,]|./gsu;

/** A rough count: letters that follow one another may be a word, digits a year. */
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

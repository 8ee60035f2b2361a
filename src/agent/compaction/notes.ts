// Judges what a model has written as the notes of a conversation. A refusal, or an answer to the conversation itself, would take the
// place of everything that was known.

import { cutTexts, cutToTokens } from "../context/budget.ts";

/** Ideographs, syllables and kana one by one, since these scripts have no spaces; of others, words that carry something. */
const UNITS = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]|[\p{L}\p{N}]{4,}/gu;
/** Less is too little to judge by. */
const LEAST_UNITS = 8;
/** Of what the notes had, new ones that replace them have at least this. */
const LEAST_KEPT = 0.2;

/** The notes from now on: the new ones, behind the earlier ones if they have hardly anything of them. */
export function newNotes(earlier: string | null, text: string, room: number): string {
  if (earlier === null || keeps(text, earlier)) return cutToTokens(text, room);
  return cutTexts([earlier, text], room).join("\n\n");
}

function keeps(text: string, earlier: string): boolean {
  const known = unitsOf(earlier);
  if (known.size < LEAST_UNITS) return true;
  const said = unitsOf(text);
  let kept = 0;
  for (const unit of known) if (said.has(unit)) kept += 1;
  return kept >= known.size * LEAST_KEPT;
}

const unitsOf = (text: string): Set<string> => new Set(text.toLowerCase().match(UNITS));

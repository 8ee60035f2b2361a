// Judges what a model has written as the notes of a conversation. A refusal, an answer to the conversation itself, or half of the notes
// would take the place of everything that was known.

import { cutTexts, cutToTokens } from "../context/budget.ts";

/** What a model wrote. */
export interface Written {
  text: string;
  /** It reached its output limit. */
  isCut: boolean;
}

export interface NotesInput {
  earlier: string | null;
  /** The part of the conversation that the new notes are also about. */
  part: string;
  written: Written;
  /** The messages of the part, shortened to a number of tokens. */
  extract(tokens: number): string;
  room: number;
}

/** Ideographs, syllables and kana one by one, since these scripts have no spaces; of others, words that carry something. */
const UNITS = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]|[\p{L}\p{N}]{4,}/gu;
/** Less is too little to judge by: of notes, and of a conversation, in which each message has a time as well. */
const LEAST_UNITS = 8;
const LEAST_SAID = 20;
/** Of what the notes had, new ones that replace them have at least this. */
const LEAST_KEPT = 0.2;
/** Notes share at least so much with what they are about: of its words, up to a number, and of their own. */
const LEAST_SHARED = 0.05;
const ENOUGH_SHARED = 12;
const LEAST_OWN_SHARED = 0.4;
/** What shares nothing and has no more words than this is a refusal or a question, and not worth its room. */
const SHORT = 40;

/**
 * notes: they may stand for what they are about. doubtful: perhaps they do, in another language say. nothing: they say nothing of it.
 */
export type Verdict = "notes" | "doubtful" | "nothing";

export function judge({ text, isCut }: Written, about: string): Verdict {
  const said = unitsOf(text);
  if (said.size === 0) return "nothing";
  const known = unitsOf(about);
  const shared = sharedBy(said, known);
  const isAboutIt = known.size < LEAST_SAID || shared >= Math.min(ENOUGH_SHARED, known.size * LEAST_SHARED);
  if (!isAboutIt) return said.size < SHORT ? "nothing" : "doubtful";
  const isInItsWords = known.size < LEAST_SAID || shared >= said.size * LEAST_OWN_SHARED;
  return isInItsWords && !isCut ? "notes" : "doubtful";
}

/** The notes from now on. What the new ones may not stand for is kept beside them: the earlier ones, and the part itself, shortened. */
export function newNotes({ earlier, part, written, extract, room }: NotesInput): {
  text: string;
  verdict: Verdict;
} {
  const verdict = judge(written, `${earlier ?? ""}\n${part}`);
  const before = earlier === null ? [] : [earlier];
  const said = verdict === "nothing" ? [] : [written.text];
  if (verdict === "notes") {
    const isEnough = earlier === null || keeps(written.text, earlier);
    const text = isEnough ? cutToTokens(written.text, room) : joined([...before, ...said], room);
    return { text, verdict };
  }
  const share = Math.floor(room / (before.length + said.length + 1));
  return { text: joined([...before, extract(share), ...said], room), verdict };
}

export const joined = (texts: string[], room: number): string => cutTexts(texts, room).join("\n\n");

function keeps(text: string, earlier: string): boolean {
  const known = unitsOf(earlier);
  return known.size < LEAST_UNITS || sharedBy(unitsOf(text), known) >= known.size * LEAST_KEPT;
}

function sharedBy(said: Set<string>, known: Set<string>): number {
  let shared = 0;
  for (const unit of said) if (known.has(unit)) shared += 1;
  return shared;
}

const unitsOf = (text: string): Set<string> => new Set(text.toLowerCase().match(UNITS));

// Whether a text that a search has found answers the question. "Ada bought a bicycle" has most words of "What colour did Ada paint the
// bicycle?" but does not answer it: a search by words or vectors finds it, and the missing word tells the difference.

import { searchableText } from "./lexemes.ts";
import type { WordSense } from "./word-sense.ts";

export interface Fit {
  /** The text lacks too much of what the question asks for: it is probably about something else. */
  weak: boolean;
  /** Words of the question that the text has nothing near to. */
  missing: string[];
}

export interface Judging {
  sense: WordSense;
  /** Words that most of the searched texts have, and so say nothing. */
  common: ReadonlySet<string>;
  /** The share of the question's words that the text has, by their weight. */
  coverage: number;
}

const WORD = /[\p{L}\p{M}\p{N}]+/gu;
const SHORTEST = 3;
/** "much" and "where" weigh less, "number" and all names weigh more. */
const LEAST_WEIGHT = 0.72;
/** Words this similar say the same: "wife" and "married". Between the two, they say it partly: "pay" and "euros". */
const SAME = 0.6;
const STRANGE = 0.2;
/** A word that the text says less than half of is missing. */
const MISSING = 0.5;
/** The share of a question that a text must say; in a question of three words, each is needed. Measured by `bun run bench`. */
const LEAST_SAID = 0.8;
/** What the rare words of a question must be found themselves, by weight: a violin is much like a harpsichord and yet none. */
const LEAST_COVERAGE = 0.3;
/** "painter" and "painting", "Fahrrad" and "Fahrräder": the share of the shorter word that both begin with. */
const SAME_BEGINNING = 0.7;
const SHORTEST_BEGINNING = 4;
const MOST_WORDS = 48;
/** Distinct words of the text that are compared. */
const MOST_COMPARED = 300;
/** About the search instead of the thing. */
const ASKING = new Set(
  "about all any anything ask asked chat conversation conversations discuss discussed does earlier find give how know many mention mentioned much memory message messages please previous recall remember remind said say says tell think told want what when where which who whom whose why".split(
    " ",
  ),
);

export function fitOf(question: string, text: string, { sense, common, coverage }: Judging): Fit {
  const counted = wordsOf(question, MOST_WORDS).filter((word) => counts(word, sense) && !common.has(word));
  const words = wordsOf(text, MOST_COMPARED);
  const said = counted.map((word) => saidOf(word, words, sense));
  const share = said.reduce((sum, one) => sum + one, 0) / Math.max(1, counted.length);
  return {
    weak: counted.length > 0 && (share < LEAST_SAID || (share < 1 && coverage < LEAST_COVERAGE)),
    missing: counted.filter((_, at) => (said[at] ?? 0) < MISSING),
  };
}

const wordsOf = (text: string, most: number): string[] => {
  const words = new Set<string>();
  for (const [word] of searchableText(text).matchAll(WORD)) {
    if (words.size >= most) break;
    words.add(word);
  }
  return [...words];
};

// Runs of Chinese, Japanese and Korean are pairs of characters here, which do not count: some of them span two words.
const counts = (word: string, sense: WordSense): boolean =>
  word.length >= SHORTEST && !ASKING.has(word) && (sense.weight(word) ?? 1) >= LEAST_WEIGHT;

/** How far the words say this one, from 0 to 1. */
function saidOf(word: string, words: string[], sense: WordSense): number {
  let said = 0;
  // One year or serial number is not like another.
  const isExact = /\d/.test(word);
  for (const other of words) {
    if (word === other || (!isExact && sharesBeginning(word, other))) return 1;
    if (!isExact) said = Math.max(said, (sense.similarity(word, other) - STRANGE) / (SAME - STRANGE));
  }
  return Math.min(1, said);
}

function sharesBeginning(one: string, other: string): boolean {
  const shorter = Math.min(one.length, other.length);
  if (shorter < SHORTEST_BEGINNING)
    return shorter === SHORTEST && (`${one}s` === other || one === `${other}s`);
  let same = 0;
  while (same < shorter && one[same] === other[same]) same += 1;
  return same >= SHORTEST_BEGINNING && same >= SAME_BEGINNING * shorter;
}

// The embedder inside Heddle, which needs no network: word vectors beside a hash of words and of parts of words, so that
// inflections, compounds and misspellings meet as well. It finds what shares words or related words; it does not
// understand sentences.
//
// Word vectors: GloVe (Pennington, Socher and Manning, 2014), without their mean and first two principal directions (Mu
// and Viswanath, "All-but-the-Top", 2018), averaged with weights by frequency (Arora, Liang and Ma, "A Simple but
// Tough-to-Beat Baseline", 2017). Hash: Weinberger et al., "Feature Hashing" (2009), over the n-grams of Bojanowski et
// al., "Enriching Word Vectors with Subword Information" (2017).

import type { Embedder } from "../search/embedder.ts";
import { searchableText } from "../search/lexemes.ts";
import { HASH_START, hashUnit, readWordVectors, type WordVectors } from "./word-vectors.ts";

/** The name changes with everything that changes a vector, so that stored ones are made again. */
const NAME = "builtin-1";
export const BUILTIN_DIMENSIONS = 384;

/** Characters of a text that are read; a passage has fewer. */
const MOST_CHARACTERS = 8_000;
/** Characters of a word that are read. */
const LONGEST_WORD = 64;
const SHORTEST_GRAM = 3;
const LONGEST_GRAM = 5;
/** How much all n-grams of a word count together, where the word itself counts 1. */
const GRAMS_WEIGHT = 1;
/** A text whose words all weigh less consists of words such as "the" and "of". */
const LEAST_WEIGHT = 0.25;
const WORD = /[\p{L}\p{M}\p{N}]+/gu;

/** `load` reads the file of word vectors; it is called once, before the first text. */
export function createBuiltinEmbedder(load: () => Promise<ArrayBuffer>): Embedder {
  let words: Promise<WordVectors> | undefined;
  return {
    name: NAME,
    dimensions: BUILTIN_DIMENSIONS,
    isLocal: true,
    weight: 0.3,
    weakBelow: 0.4,
    async embed(texts) {
      words ??= load().then(readWordVectors);
      // Before the vectors are waited for, which take a while to read the first time.
      const counted = texts.map(countWords);
      const loaded = await words;
      return counted.map((counts) => embedWords(loaded, counts));
    },
  };
}

function embedWords(vectors: WordVectors, counts: Map<string, number>): Float32Array | null {
  const sum = new Float32Array(BUILTIN_DIMENSIONS);
  const meaning = sum.subarray(0, vectors.dimensions);
  const spelling = sum.subarray(vectors.dimensions);
  let heaviest = 0;
  for (const [word, count] of counts) {
    const index = vectors.find(word);
    // A word that is not among the most frequent ones is rare.
    const rarity = index === -1 ? 1 : vectors.weight(index);
    const weight = rarity * (1 + Math.log(count));
    heaviest = Math.max(heaviest, rarity);
    if (index !== -1) vectors.addTo(meaning, index, weight);
    addSpelling(spelling, word, weight);
  }
  if (heaviest < LEAST_WEIGHT) return null;
  const halves = [meaning, spelling].filter((half) => scaleTo(half, Math.SQRT1_2) > 0);
  if (halves.length === 0) return null;
  // Where one half is empty, the other is the whole vector.
  if (halves.length === 1) scaleTo(sum, 1);
  return sum;
}

function countWords(text: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const [word] of searchableText(text.slice(0, MOST_CHARACTERS)).matchAll(WORD)) {
    const read = word.slice(0, LONGEST_WORD);
    counts.set(read, (counts.get(read) ?? 0) + 1);
  }
  return counts;
}

/** Adds the word and its n-grams, each of which has a place and a sign by its hash. */
function addSpelling(sum: Float32Array, word: string, weight: number): void {
  const marked = `<${word}>`;
  const grams = countGrams(marked.length);
  const share = grams === 0 ? 0 : (weight * GRAMS_WEIGHT) / Math.sqrt(grams);
  for (let start = 0; start + SHORTEST_GRAM <= marked.length; start++) {
    const end = Math.min(start + LONGEST_GRAM, marked.length);
    let hash = HASH_START;
    for (let at = start; at < end; at++) {
      hash = hashUnit(hash, marked.charCodeAt(at));
      if (at - start + 1 >= SHORTEST_GRAM) addHashed(sum, hash, share);
    }
  }
  let hash = HASH_START;
  for (let at = 0; at < marked.length; at++) hash = hashUnit(hash, marked.charCodeAt(at));
  addHashed(sum, hashUnit(hash, WHOLE_WORD), weight);
}

/** Keeps a short word apart from the n-gram that is spelt like it. */
const WHOLE_WORD = 0;

function countGrams(length: number): number {
  let count = 0;
  for (let size = SHORTEST_GRAM; size <= LONGEST_GRAM; size++) count += Math.max(0, length - size + 1);
  return count;
}

function addHashed(sum: Float32Array, hash: number, weight: number): void {
  // The low bits of FNV-1a are the better mixed ones after folding the high bits into them.
  const mixed = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  const place = ((mixed ^ (mixed >>> 13)) >>> 1) % sum.length;
  sum[place] = (sum[place] as number) + (mixed & 1 ? weight : -weight);
}

/** Scales the vector to the length and returns the length that it had; a vector of zeros stays as it is. */
function scaleTo(vector: Float32Array, length: number): number {
  let squares = 0;
  for (const value of vector) squares += value * value;
  const had = Math.sqrt(squares);
  if (had > 0)
    for (let at = 0; at < vector.length; at++) vector[at] = ((vector[at] as number) / had) * length;
  return had;
}

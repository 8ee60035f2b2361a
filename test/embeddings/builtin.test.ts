import { expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { BUILTIN_DIMENSIONS, createBuiltinEmbedder } from "../../src/embeddings/builtin.ts";
import { readWordVectors } from "../../src/embeddings/word-vectors.ts";
import { asset } from "../../src/runtime/assets.ts";
import { PASSAGES, QUERIES } from "./passages.ts";

const load = async () => (await asset("words.bin"))?.arrayBuffer() ?? new ArrayBuffer(0);
const { embed } = createBuiltinEmbedder(load);
const one = async (text: string) => (await embed([text]))[0] ?? null;

const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, at) => sum + value * (b[at] ?? 0), 0);
const similarity = async (a: string, b: string) => {
  const [first, second] = await embed([a, b]);
  return first && second ? dot(first, second) : Number.NaN;
};

test("the file of word vectors is the one that compile-embeddings.ts built", async () => {
  const file = new Uint8Array(await load());
  expect(createHash("sha256").update(file).digest("hex")).toBe(
    "4cf3edc3b90342a6a92e77442d73864b21ec4ae15f8b16c96cdd2adcf6242038",
  );
  const words = readWordVectors(file.buffer);
  expect(words.dimensions).toBe(100);
  expect(words.find("database")).toBeGreaterThanOrEqual(0);
  expect(words.find("heddlewort")).toBe(-1);
  expect(words.weight(words.find("the"))).toBeLessThan(0.1);
  expect(words.weight(words.find("tomato"))).toBeGreaterThan(0.9);
});

test("a file of another format is refused", () => {
  expect(() => readWordVectors(new ArrayBuffer(64))).toThrow("not one of word vectors");
});

test("a vector has 384 elements and unit length, and is the same every time", async () => {
  const texts = [...PASSAGES, "xqzt", "東京都庁は新宿にあります", "a", "😀 camera", "été café", "42"];
  const [vectors, again] = [await embed(texts), await createBuiltinEmbedder(load).embed(texts)];
  for (const [at, vector] of vectors.entries()) {
    expect(vector).toHaveLength(BUILTIN_DIMENSIONS);
    expect(Math.sqrt(dot(vector as Float32Array, vector as Float32Array))).toBeCloseTo(1, 5);
    expect(again[at]).toEqual(vector as Float32Array);
  }
  // The first elements, so that a change that would need stored vectors to be made again does not go unnoticed.
  const [first] = vectors;
  expect([...(first ?? [])].slice(0, 3).map((value) => Math.round(value * 1e5))).toEqual(FIRST);
});

const FIRST = [-9985, 595, -679];

test("a text without words has no vector", async () => {
  for (const text of ["", " \n\t", "😀😀 🎉", "!?…—", "the of and", "\0", "\ud800"]) {
    expect([text, await one(text)]).toEqual([text, null]);
  }
});

test("related words, inflections and misspellings are closer than strangers", async () => {
  for (const [text, near, far] of [
    ["delivery failed", "deliveries fail", "garden roses"],
    ["encryption key", "encrypted keys", "swimming lesson"],
    ["configuration", "configuraton", "camera"],
    ["server database", "computer software", "tomato soup"],
  ] as const) {
    expect(await similarity(text, near)).toBeGreaterThan(await similarity(text, far));
  }
});

test("a text of any length and any characters is embedded", async () => {
  for (const text of [
    "a".repeat(1_000_000),
    "\u0301".repeat(10_000),
    "ab ".repeat(300_000),
    "漢".repeat(100_000),
  ]) {
    const vector = await one(text);
    if (vector) expect(dot(vector, vector)).toBeCloseTo(1, 4);
  }
});

test("recall@10 of the fixed set stays where it is", async () => {
  const passages = await embed(PASSAGES);
  let [inTen, first] = [0, 0];
  for (const [query, answer] of QUERIES) {
    const asked = (await one(query)) as Float32Array;
    const ranked = passages
      .map((passage, at) => ({ at, score: passage ? dot(passage, asked) : 0 }))
      .sort((a, b) => b.score - a.score);
    const rank = ranked.findIndex(({ at }) => at === answer);
    if (rank < 10) inTen++;
    if (rank === 0) first++;
  }
  expect(inTen).toBe(QUERIES.length);
  expect(first).toBeGreaterThanOrEqual(27);
});

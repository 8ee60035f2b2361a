// Splits a text into passages and stores them, with vectors if those can be made at once.

import { setImmediate } from "node:timers/promises";
import { sql } from "drizzle-orm";
import { type Queryable, rowsOf } from "../db/database.ts";
import { newId } from "../ids.ts";
import { type Chunk, chunkMarkdown } from "./chunk.ts";
import type { Embedder } from "./embedder.ts";
import { searchableText } from "./lexemes.ts";
import { literal } from "./vector.ts";

/** How many characters of the title are indexed with each passage, so that a long title does not dominate the cost. */
const SEARCHED_TITLE = 200;
/** Passages per INSERT. Many more could block the embedded database's thread for seconds. */
const INSERT_BATCH = 25;

export interface PassageText {
  title: string | null;
  breadcrumb: string;
  content: string;
}

/** What is indexed of a passage, in both lanes. */
export const indexedText = ({ title, breadcrumb, content }: PassageText): string =>
  [title?.slice(0, SEARCHED_TITLE).toWellFormed(), breadcrumb, content].join("\n");

/** The number of passages of each document that a SELECT finds. */
export const PASSAGES = sql<number>`(SELECT count(*)::int FROM chunks WHERE chunks.document_id = documents.id)`;

export interface StoredPassages {
  count: number;
  /** Words of all passages together. */
  length: number;
}

/** Stores the passages of a document that has none. Passages of an embedder that is not local get their vectors later. */
export async function storePassages(
  tx: Queryable,
  document: { id: string; title: string | null; content: string },
  embedder: Embedder | undefined,
): Promise<StoredPassages> {
  const chunks = chunkMarkdown(document.content);
  const name = embedder?.isLocal ? embedder.name : null;
  let length = 0;
  for (let at = 0; at < chunks.length; at += INSERT_BATCH) {
    const batch = chunks.slice(at, at + INSERT_BATCH);
    const passages = await passagesOf(batch, document.title, at, embedder);
    const [row] = rowsOf<{ length: number }>(await tx.execute(insertPassages(document.id, passages, name)));
    length += Number(row?.length ?? 0);
    // The embedded database shares this thread, which a document of many headings would block for seconds.
    await setImmediate();
  }
  return { count: chunks.length, length };
}

/** Builds the passages batch by batch, so that a long document does not block the thread. */
async function passagesOf(
  chunks: Chunk[],
  title: string | null,
  first: number,
  embedder: Embedder | undefined,
): Promise<object[]> {
  const texts = chunks.map((chunk) => indexedText({ title, ...chunk }));
  const vectors = embedder?.isLocal ? await embedder.embed(texts) : [];
  return chunks.map(({ breadcrumb, content }, index) => {
    const vector = vectors[index];
    return {
      id: newId(),
      position: first + index,
      breadcrumb,
      content,
      searchable: searchableText(texts[index] ?? ""),
      vector: vector ? literal(vector) : null,
    };
  });
}

/** Stores the vectors in every set of the embedder, so that one that is being made again misses nothing. */
const insertPassages = (documentId: string, passages: object[], embedderName: string | null) => sql`
    WITH given AS MATERIALIZED (
      SELECT p.*, to_tsvector('english', p.searchable) AS lexemes
      FROM jsonb_to_recordset(${JSON.stringify(passages)}::text::jsonb)
             AS p(id uuid, position int, breadcrumb text, content text, searchable text, vector text)
    ),
    stored AS (
      INSERT INTO chunks (id, document_id, position, breadcrumb, content, lexemes, length)
      SELECT id, ${documentId}::uuid, position, breadcrumb, content, lexemes,
             (SELECT coalesce(sum(cardinality(l.positions)), 0) FROM unnest(lexemes) AS l)
      FROM given
      RETURNING id, position, length
    ),
    numbered AS (
      INSERT INTO passage_numbers (chunk_id, document_id, position, length)
      SELECT id, ${documentId}::uuid, position, length FROM stored ORDER BY position
    ),
    embedded AS (
      INSERT INTO chunk_vectors (model_id, chunk_id, document_id, embedding)
      SELECT m.id, given.id, ${documentId}::uuid, given.vector::vector
      FROM given, embedding_models m WHERE m.name = ${embedderName}::text
    )
    SELECT sum(length)::float8 AS length FROM stored`;

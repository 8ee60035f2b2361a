// The vector lane: the passages nearest to a query by the cosine of their vectors.

import { sql } from "drizzle-orm";
import { type Database, rowsOf } from "../db/database.ts";
import { crowdingSource, type Found } from "./fuse.ts";
import { exceptSource, NARROW, type ScopeCondition, SOURCE } from "./scope.ts";
import { indexedType } from "./vector-sets.ts";

export interface VectorQuery {
  set: { id: number; dimensions: number };
  vector: Float32Array;
  scope: ScopeCondition;
  /** How many passages are within the scope; up to `NARROW`, all are compared. */
  scopeSize: number;
  /** How many of them, at most, come from other sources. */
  beside: (source: string) => number;
  /** A hit whose cosine similarity is lower is weak. */
  weakBelow: number;
}

/** Passages that the index returns. */
const CANDIDATES = 120;
/** How many passages the index looks at: with this, a sentence meets all of its ten nearest among 36,000 sections of documentation. */
const LOOKED_AT = 200;
/** The best passages of the lexical lane are compared as well: the index may miss those that are near to a vague query. */
const COMPARED = 100;

/** Returns passages, best first. `lexical` are those of the other lane, of the same scope. */
export async function searchVectors(
  db: Database,
  query: VectorQuery,
  lexical: Promise<readonly Found[]>,
): Promise<Found[]> {
  const walked = await walk(db, query);
  if (query.scopeSize <= NARROW) return walked;
  const known = new Set(walked.map(({ chunkId }) => chunkId));
  const missed = (await lexical).slice(0, COMPARED).filter(({ chunkId }) => !known.has(chunkId));
  if (missed.length === 0) return walked;
  return [...walked, ...nearOf(await compare(db, query, missed), query)].sort(bySimilarity);
}

async function walk(db: Database, query: VectorQuery): Promise<Near[]> {
  const nearest = await find(db, query, query.scope);
  const crowding = crowdingSource(nearest, CANDIDATES);
  if (crowding === undefined || query.scopeSize <= NARROW || query.beside(crowding) === 0) return nearest;
  const others = { ...query, scopeSize: query.beside(crowding) };
  return [...nearest, ...(await find(db, others, exceptSource(query.scope, crowding)))].sort(bySimilarity);
}

type Near = Found & { similarity: number };

const bySimilarity = (a: Near, b: Near): number =>
  b.similarity - a.similarity || (a.chunkId < b.chunkId ? -1 : 1);

async function find(db: Database, query: VectorQuery, scope: ScopeCondition): Promise<Near[]> {
  const rows =
    query.scopeSize <= NARROW ? await compareAll(db, query, scope) : await walkIndex(db, query, scope);
  return nearOf(rows, query);
}

const nearOf = (rows: Row[], { weakBelow }: VectorQuery): Near[] =>
  rows
    .map((row) => {
      const similarity = 1 - Number(row.distance);
      return {
        chunkId: String(row.id),
        documentId: String(row.document_id),
        source: String(row.source),
        isStrong: similarity >= weakBelow,
        similarity,
      };
    })
    .filter(({ similarity }) => similarity > 0)
    .sort(bySimilarity);

type Row = Record<string, unknown>;

async function compareAll(db: Database, { set, vector }: VectorQuery, scope: ScopeCondition): Promise<Row[]> {
  const type = indexedType(set.dimensions);
  // MATERIALIZED keeps the planner from walking the index, which would be neither fast nor exact here.
  const { rows } = await db.execute(
    `WITH candidates AS MATERIALIZED (
       SELECT v.chunk_id, v.document_id, v.embedding, ${SOURCE} AS source
       FROM documents d JOIN chunks c ON c.document_id = d.id
            JOIN chunk_vectors v ON v.model_id = ${set.id} AND v.chunk_id = c.id
       WHERE v.embedding IS NOT NULL AND ${scope.text(2)})
     SELECT chunk_id AS id, document_id, source, embedding::${type} <=> $1::${type} AS distance
     FROM candidates ORDER BY distance LIMIT ${CANDIDATES}`,
    [literal(vector), ...scope.values],
  );
  return rows;
}

async function compare(db: Database, { set, vector }: VectorQuery, found: readonly Found[]): Promise<Row[]> {
  const type = indexedType(set.dimensions);
  const { rows } = await db.execute(
    `SELECT v.chunk_id AS id, v.embedding::${type} <=> $1::${type} AS distance
     FROM jsonb_array_elements_text($2::text::jsonb) AS given(id)
          JOIN chunk_vectors v ON v.model_id = ${set.id} AND v.chunk_id = given.id::uuid
     WHERE v.embedding IS NOT NULL`,
    [literal(vector), JSON.stringify(found.map(({ chunkId }) => chunkId))],
  );
  const distances = new Map(rows.map(({ id, distance }) => [String(id), distance]));
  return found.flatMap(({ chunkId, documentId, source }) => {
    const distance = distances.get(chunkId);
    return distance === undefined ? [] : [{ id: chunkId, document_id: documentId, source, distance }];
  });
}

/**
 * The index goes on until enough rows pass the filter. Its settings belong to the transaction, so that they reach the
 * statement through any pooler; without sorting allowed, the planner cannot prefer to sort everything.
 */
function walkIndex(db: Database, { set, vector }: VectorQuery, scope: ScopeCondition): Promise<Row[]> {
  const type = indexedType(set.dimensions);
  const text = `
    SELECT v.chunk_id AS id, v.document_id, ${SOURCE} AS source, v.embedding::${type} <=> $1::${type} AS distance
    FROM chunk_vectors v JOIN documents d ON d.id = v.document_id
    WHERE v.model_id = ${set.id} AND v.embedding IS NOT NULL AND ${scope.text(2)}
    ORDER BY v.embedding::${type} <=> $1::${type} LIMIT ${CANDIDATES}`;
  return db.query.transaction(async (tx) => {
    // Both are sent at once.
    const [, found] = await Promise.all([
      tx.execute(SETTINGS),
      tx.execute(withValues(text, [literal(vector), ...scope.values])),
    ]);
    return rowsOf<Row>(found);
  });
}

const SETTINGS = sql`SELECT set_config('hnsw.ef_search', ${String(LOOKED_AT)}, true),
  set_config('hnsw.iterative_scan', 'relaxed_order', true), set_config('enable_sort', 'off', true)`;

/** Text with `$1` placeholders as drizzle's own form, which a transaction takes. */
function withValues(text: string, values: unknown[]) {
  const parts = text.split(/\$(\d{1,3})/);
  return sql.join(parts.map((part, at) => (at % 2 === 0 ? sql.raw(part) : sql`${values[Number(part) - 1]}`)));
}

/** pgvector's notation. Four digits are more than an index of neighbours distinguishes. */
export const literal = (vector: Float32Array): string =>
  `[${Array.from(vector, (value) => Math.round(value * 1e4) / 1e4).join(",")}]`;

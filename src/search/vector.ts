// The vector lane: the passages nearest to a query by the cosine of their vectors.

import { sql } from "drizzle-orm";
import { type Database, rowsOf } from "../db/database.ts";
import type { Found } from "./fuse.ts";
import { type ScopeCondition, SOURCE } from "./scope.ts";
import { indexedType } from "./vector-sets.ts";

export interface VectorQuery {
  set: { id: number; dimensions: number };
  vector: Float32Array;
  scope: ScopeCondition;
  /** Whether few passages are within the scope; they are all compared. */
  isNarrow: boolean;
  /** A hit whose cosine similarity is lower is weak. */
  weakBelow: number;
}

/** Passages that the lane returns. */
const CANDIDATES = 200;
/**
 * Passages that the index looks at. With half of it, a sentence met 92 % of its ten nearest among 100,000 passages; with
 * this, 98 %.
 */
const LOOKED_AT = 400;
/** When one source has more of them than this, the lane looks for passages of others as well. */
const CROWDED = 160;

/** Returns passages, best first. */
export async function searchVectors(db: Database, query: VectorQuery): Promise<Found[]> {
  const nearest = await find(db, query, query.scope);
  const crowding = crowdingSource(nearest);
  if (crowding === undefined || query.isNarrow) return nearest;
  const { scope } = query;
  const others: ScopeCondition = {
    text: (first) => `${scope.text(first)} AND ${SOURCE} <> $${first + scope.values.length}`,
    values: [...scope.values, crowding],
  };
  return [...nearest, ...(await find(db, query, others))].sort(bySimilarity);
}

type Near = Found & { similarity: number };

const bySimilarity = (a: Near, b: Near): number =>
  b.similarity - a.similarity || (a.chunkId < b.chunkId ? -1 : 1);

function crowdingSource(found: Found[]): string | undefined {
  const counts = new Map<string, number>();
  for (const { source } of found) counts.set(source, (counts.get(source) ?? 0) + 1);
  return [...counts].find(([, count]) => count > CROWDED)?.[0];
}

async function find(db: Database, query: VectorQuery, scope: ScopeCondition): Promise<Near[]> {
  const rows = query.isNarrow ? await compareAll(db, query, scope) : await walkIndex(db, query, scope);
  return rows
    .map((row) => {
      const similarity = 1 - Number(row.distance);
      return {
        chunkId: String(row.id),
        documentId: String(row.document_id),
        source: String(row.source),
        isStrong: similarity >= query.weakBelow,
        similarity,
      };
    })
    .filter(({ similarity }) => similarity > 0)
    .sort(bySimilarity);
}

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
    await tx.execute(SETTINGS);
    return rowsOf<Row>(await tx.execute(withValues(text, [literal(vector), ...scope.values])));
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

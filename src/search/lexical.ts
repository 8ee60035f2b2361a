// Lexical search: BM25 in plain SQL over tsvector, so that no extension is needed.
// Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond" (2009).

import type { Database } from "../db/database.ts";
import type { Reach } from "../db/reach.ts";
import type { JsonObject } from "../db/schema.ts";
import type { DocumentHit } from "../sdk/types.ts";

export interface LexicalQuery {
  /** The query as returned by `searchableText`. */
  text: string;
  integrationId: string | null;
  sessionId: string | null;
  visibleIn: string | null | undefined;
  reach: Reach | undefined;
  limit: number;
}

/** BM25's usual parameters: saturation of a word's frequency, and weight of a passage's length. */
const K1 = 1.2;
const B = 0.75;
/** How many distinct words of a query are used; more cost time and improve little. */
const MAX_LEXEMES = 48;

export async function searchLexical(db: Database, query: LexicalQuery): Promise<DocumentHit[]> {
  const { rows } = await db.execute(SEARCH, [
    query.text,
    query.integrationId,
    query.sessionId,
    query.limit,
    query.visibleIn !== undefined,
    query.visibleIn ?? null,
    query.reach?.owner ?? null,
    query.reach?.integrationId ?? null,
  ]);
  return rows.map((row) => ({
    id: String(row.id),
    integration_id: row.integration_id as string | null,
    session_id: row.session_id as string | null,
    title: row.title as string | null,
    content: String(row.content),
    metadata: row.metadata as JsonObject,
    score: Number(row.score),
    lane: "lexical",
  }));
}

// Document frequency and average length are computed over all passages, regardless of the filter: within a small
// session every word would look rare. MATERIALIZED keeps the planner from repeating a step for each row.
const SEARCH = `
WITH words AS MATERIALIZED (
  SELECT lexeme,
         ('''' || replace(replace(lexeme, '\\', '\\\\'), '''', '''''') || '''')::tsquery AS query
  FROM unnest(to_tsvector('english', $1::text))
  ORDER BY positions[1]
  LIMIT ${MAX_LEXEMES}
),
collection AS MATERIALIZED (
  SELECT count(*)::float8 AS size, greatest(avg(length), 1)::float8 AS average_length FROM chunks
),
weights AS MATERIALIZED (
  SELECT words.lexeme, ln(1 + (collection.size - f.n + 0.5) / (f.n + 0.5)) AS idf
  FROM words, collection,
       LATERAL (SELECT count(*)::float8 AS n FROM chunks WHERE chunks.lexemes @@ words.query) AS f
),
matches AS MATERIALIZED (
  SELECT c.id, c.document_id, c.position, c.lexemes, c.length
  FROM chunks c JOIN documents d ON d.id = c.document_id
  WHERE c.lexemes @@ (SELECT string_agg(query::text, ' | ')::tsquery FROM words)
    AND ($2::text IS NULL OR d.integration_id = $2)
    AND ($3::uuid IS NULL OR d.session_id = $3)
    AND ($7::text IS NULL OR d.owner = $7 OR d.integration_id = $8::text)
    AND (NOT $5::boolean OR d.session_id IS NULL OR d.session_id = $6::uuid)
),
scored AS (
  SELECT m.id, m.document_id, m.position,
         sum(weights.idf * cardinality(l.positions) * ${K1 + 1} /
             (cardinality(l.positions) + ${K1} * (${1 - B} + ${B} * m.length / collection.average_length))) AS score
  FROM matches m CROSS JOIN collection
       CROSS JOIN LATERAL unnest(m.lexemes) AS l
       JOIN weights ON weights.lexeme = l.lexeme
  GROUP BY m.id, m.document_id, m.position
),
best AS (
  SELECT DISTINCT ON (document_id) * FROM scored ORDER BY document_id, score DESC, position
)
SELECT d.id, d.integration_id, d.session_id, d.title, c.content, d.metadata, best.score
FROM best JOIN documents d ON d.id = best.document_id JOIN chunks c ON c.id = best.id
ORDER BY best.score DESC, d.id
LIMIT $4::int`;

// The lexical lane: BM25 in plain SQL over posting lists, so that no extension is needed.
// Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond" (2009).

import type { Database } from "../db/database.ts";
import type { Collection } from "./collection.ts";
import { crowdingSource, type Found } from "./fuse.ts";
import { ENTRY } from "./postings.ts";
import { exceptSource, NARROW, type ScopeCondition, SOURCE } from "./scope.ts";

export interface LexicalQuery {
  /** The query as returned by `searchableText`. */
  text: string;
  scope: ScopeCondition;
  /** How many passages are within the scope; of more than `NARROW`, any greater number. */
  scopeSize: number;
  collection: Pick<Collection, "size" | "averageLength">;
  /** How many passages are within the scope that come from other sources. */
  beside: (source: string) => number;
}

/** BM25's usual parameters: saturation of a word's frequency, and weight of a passage's length. */
const K1 = 1.2;
const B = 0.75;
/** How many distinct words of a query are used; more cost time and improve little. */
const MAX_LEXEMES = 48;
/**
 * Entries of posting lists that are read: those of the rarest words, which say most. When all words are in more passages,
 * the newest passages with one of them.
 */
const READ = 8_000;
/** The number of best passages by these words that are compared with the other words of the query as well. */
const COMPARED = 150;
/** Up to this many passages, looking at each is cheaper than reading the lists, in which they may be rare. */
const FEW = 300;
/** Passages that the lane returns. */
const CANDIDATES = 200;
/** The number of best passages that are looked up at first when the scope is everything. Some may be of another kind, or gone. */
const LOOKED_UP = 1_000;
/** With fewer hits than this, passages that have only common words are considered as well. */
const ENOUGH = 100;
/** A hit is strong when its words have this share of what all words of the query say, or say this much. */
const STRONG_SHARE = 0.4;
const STRONG_SUM = 12;

/** Returns passages, best first. A query of only stop words finds nothing. */
export async function searchLexical(db: Pick<Database, "execute">, query: LexicalQuery): Promise<Found[]> {
  const found = await find(db, query);
  const crowding = crowdingSource(found, CANDIDATES);
  if (crowding === undefined || query.beside(crowding) === 0) return found;
  const others = { ...query, scope: exceptSource(query.scope, crowding), scopeSize: query.beside(crowding) };
  return [...found, ...(await find(db, others))].sort(byScore);
}

type Scored = Found & { score: number };

const byScore = (a: Scored, b: Scored): number => b.score - a.score || (a.chunkId < b.chunkId ? -1 : 1);

async function find(db: Pick<Database, "execute">, query: LexicalQuery): Promise<Scored[]> {
  if (query.scopeSize <= FEW) return run(db, query, inEach);
  const lookedUp = query.scopeSize === Number.POSITIVE_INFINITY ? LOOKED_UP : "ALL";
  const found = await run(db, query, (scope) => inLists(scope, READ, lookedUp));
  if (found.length >= ENOUGH) return found;
  // The rarest words are in few passages within the scope.
  return run(
    db,
    query,
    query.scopeSize <= NARROW ? inEach : (scope) => inLists(scope, Number.MAX_SAFE_INTEGER, "ALL"),
  );
}

async function run(
  db: Pick<Database, "execute">,
  { text, scope, collection }: LexicalQuery,
  statement: (scope: string) => string,
): Promise<Scored[]> {
  const { rows } = await db.execute(statement(scope.text(4)), [
    text,
    collection.size,
    collection.averageLength,
    ...scope.values,
  ]);
  return rows
    .map((row) => ({
      chunkId: String(row.chunk_id),
      documentId: String(row.document_id),
      source: String(row.source),
      isStrong: Number(row.said) >= Math.min(STRONG_SHARE * Number(row.everything), STRONG_SUM),
      score: Number(row.score),
    }))
    .sort(byScore);
}

/**
 * Of a word that occurs n times, all at one weight, `ts_rank` is 0.1 · (1 + 1/4 + … + 1/n²) / (π²/6), and the rest of
 * that sum is about 1 / (n + ½). Taking n from it is many times faster than unnesting the vector.
 */
const FULL = Math.PI ** 2 / 6;
const TIMES = `(1 / greatest(${FULL} - ${10 * FULL} * ts_rank(c.lexemes, w.query), 0.002) - 0.5)`;

const gain = (times: string, length: string): string =>
  `(${K1 + 1} * ${times} / (${times} + ${K1} * (${1 - B} + ${B} * ${length} / $3::float8)))`;

/**
 * The words of the query with their weights, the rarest first: `reached` is how many passages have them and all before.
 * `tail` is what the lists lack, passages that have just been stored.
 */
const WORDS = `
  words AS MATERIALIZED (
    SELECT lexeme, ('''' || replace(replace(lexeme, '\\', '\\\\'), '''', '''''') || '''')::tsquery AS query
    FROM unnest(to_tsvector('english', $1::text)) ORDER BY positions[1] LIMIT ${MAX_LEXEMES}
  ),
  tail AS MATERIALIZED (
    SELECT n.no, w.lexeme, n.length::float8 AS length, ${TIMES} AS times
    FROM passage_numbers n JOIN chunks c ON c.id = n.chunk_id JOIN words w ON c.lexemes @@ w.query
    WHERE NOT n.is_posted AND c.lexemes @@ (SELECT string_agg(query::text, ' | ')::tsquery FROM words)
  ),
  counted AS MATERIALIZED (
    SELECT w.*, coalesce((SELECT sum(p.count) FROM postings p WHERE p.word = w.lexeme), 0)::float8
                  + (SELECT count(*) FROM tail t WHERE t.lexeme = w.lexeme) AS count
    FROM words w
  ),
  weighed AS MATERIALIZED (
    SELECT lexeme, query, count, ln(1 + (greatest($2::float8, count) - count + 0.5) / (count + 0.5)) AS idf,
           sum(count) OVER (ORDER BY count, lexeme) AS reached
    FROM counted
  )`;

const EVERYTHING = "(SELECT sum(idf) FROM weighed) AS everything";

/** OFFSET 0 keeps the planner from joining everything before it sorts: it looks up passages until there are enough. */
const inLists = (scope: string, most: number, lookedUp: number | "ALL"): string => `
  WITH ${WORDS},
  rarest AS MATERIALIZED (
    SELECT lexeme, idf,
           CASE WHEN reached <= ${most} THEN 0 ELSE (
             SELECT min(block) FROM (
               SELECT block, count, sum(count) OVER (ORDER BY block DESC) AS read FROM postings WHERE word = lexeme
             ) AS newest WHERE read - newest.count < ${most}
           ) END AS first
    FROM weighed WHERE count > 0 AND (reached <= ${most} OR reached = count)
  ),
  others AS MATERIALIZED (
    SELECT query, idf FROM weighed WHERE reached > ${most} AND reached <> count
  ),
  scored AS MATERIALIZED (
    SELECT no, sum(idf * ${gain("times", "length")}) AS score, sum(idf) AS said
    FROM (
      SELECT ${ENTRY.no} AS no, r.idf, ${ENTRY.times} AS times, ${ENTRY.length} AS length
      FROM rarest r JOIN postings p ON p.word = r.lexeme AND p.block >= r.first CROSS JOIN LATERAL unnest(p.entries) AS e
      UNION ALL
      SELECT t.no, r.idf, t.times, t.length FROM rarest r JOIN tail t ON t.lexeme = r.lexeme
    ) AS occurrences
    GROUP BY no
  ),
  best AS MATERIALIZED (
    SELECT n.*, s.score, s.said, row_number() OVER () AS place
    FROM (SELECT * FROM scored ORDER BY score DESC, no LIMIT ${lookedUp}) AS s
         CROSS JOIN LATERAL (
           SELECT n.chunk_id, n.document_id, ${SOURCE} AS source
           FROM passage_numbers n JOIN documents d ON d.id = n.document_id
           WHERE n.no = s.no AND ${scope} OFFSET 0
         ) AS n
    LIMIT ${CANDIDATES}
  )
  SELECT b.chunk_id, b.document_id, b.source, ${EVERYTHING},
         b.score + coalesce(more.score, 0) AS score, b.said + coalesce(more.said, 0) AS said
  FROM best b LEFT JOIN LATERAL (
    SELECT sum(w.idf * ${gain(TIMES, "c.length")}) AS score, sum(w.idf) AS said
    FROM chunks c JOIN others w ON c.lexemes @@ w.query
    WHERE c.id = b.chunk_id AND b.place <= ${COMPARED}
  ) AS more ON true`;

const inEach = (scope: string): string => `
  WITH ${WORDS}
  SELECT c.id AS chunk_id, d.id AS document_id, ${SOURCE} AS source, ${EVERYTHING},
         sum(w.idf * ${gain(TIMES, "c.length")}) AS score, sum(w.idf) AS said
  FROM documents d JOIN chunks c ON c.document_id = d.id JOIN weighed w ON c.lexemes @@ w.query
  WHERE ${scope}
  GROUP BY c.id, d.id ORDER BY score DESC, c.id LIMIT ${CANDIDATES}`;

// The lexical lane: BM25 in plain SQL over tsvector, so that no extension is needed.
// Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond" (2009).

import type { Database } from "../db/database.ts";
import type { Collection } from "./collection.ts";
import type { Found } from "./fuse.ts";
import { NARROW, type ScopeCondition, SOURCE } from "./scope.ts";

export interface LexicalQuery {
  /** The query as returned by `searchableText`. */
  text: string;
  scope: ScopeCondition;
  /** Whether few passages are within the scope. */
  isNarrow: boolean;
  collection: Collection;
}

/** BM25's usual parameters: saturation of a word's frequency, and weight of a passage's length. */
const K1 = 1.2;
const B = 0.75;
/** How many distinct words of a query are used; more cost time and improve little. */
const MAX_LEXEMES = 48;
/** Passages that are scored at most, those with the rarest words first. A narrow scope has no more. */
const SCORED = NARROW;
/** Documents that the lane returns, and how many of them from one source. */
const CANDIDATES = 200;
const PER_SOURCE = 100;
/** A hit is strong when its words have this share of what all words of the query say, or say this much. */
const STRONG_SHARE = 0.4;
const STRONG_SUM = 12;

interface Word {
  /** The word as a tsquery. */
  query: string;
  /** Passages that have it. */
  count: number;
  /** Its inverse document frequency. */
  idf: number;
}

/** Returns passages of different documents, best first. A query of only stop words finds nothing. */
export async function searchLexical(db: Pick<Database, "execute">, query: LexicalQuery): Promise<Found[]> {
  const words = await wordsOf(db, query);
  const known = words.filter(({ count }) => count > 0);
  if (known.length === 0) return [];
  const { matching, isPartial } = query.isNarrow ? anyOf(known) : rarestOf(known);
  const found = await score(db, { ...query, words, known, matching });
  if (!isPartial || found.length >= CANDIDATES) return found;
  // The rarest words are in few passages within the scope.
  return score(db, { ...query, words, known, matching: anyOf(known).matching });
}

async function wordsOf(db: Pick<Database, "execute">, { text, collection }: LexicalQuery): Promise<Word[]> {
  const { rows } = await db.execute(
    `SELECT lexeme, query, CASE WHEN lexeme = ANY($2::text[]) THEN NULL
              ELSE (SELECT count(*)::int FROM chunks WHERE chunks.lexemes @@ query::tsquery) END AS count
     FROM (SELECT lexeme, '''' || replace(replace(lexeme, '\\', '\\\\'), '''', '''''') || '''' AS query
           FROM unnest(to_tsvector('english', $1::text)) ORDER BY positions[1] LIMIT ${MAX_LEXEMES}) AS words`,
    [text, [...collection.common.keys()]],
  );
  return rows.map(({ lexeme, query, count: counted }) => {
    const count = Number(counted ?? collection.common.get(String(lexeme)) ?? 0);
    const size = Math.max(collection.size, count);
    return { query: String(query), count, idf: Math.log(1 + (size - count + 0.5) / (count + 0.5)) };
  });
}

const anyOf = (words: Word[]) => ({
  matching: words.map(({ query }) => query).join(" | "),
  isPartial: false,
});

/**
 * Takes words from the rarest on while their passages can all be scored; of the others, passages must have all. A passage
 * that has only some common words of a query is far behind.
 */
function rarestOf(words: Word[]): { matching: string; isPartial: boolean } {
  const sorted = words.toSorted((a, b) => a.count - b.count);
  let sum = 0;
  const firstLeftOut = sorted.findIndex(({ count }) => {
    sum += count;
    return sum > SCORED;
  });
  if (firstLeftOut === -1) return anyOf(words);
  const [taken, others] = [sorted.slice(0, firstLeftOut), sorted.slice(firstLeftOut)];
  const together = `(${others.map(({ query }) => query).join(" & ")})`;
  return { matching: [...taken.map(({ query }) => query), together].join(" | "), isPartial: true };
}

interface Scoring extends LexicalQuery {
  words: Word[];
  known: Word[];
  matching: string;
}

async function score(
  db: Pick<Database, "execute">,
  { scope, collection, words, known, matching }: Scoring,
): Promise<Found[]> {
  const scopeFirst = 4;
  const wordFirst = scopeFirst + scope.values.length;
  const { rows } = await db.execute(scoringSql(known.length, scope.text(scopeFirst), wordFirst), [
    matching,
    known.map(({ idf }) => idf),
    collection.averageLength,
    ...scope.values,
    ...known.map(({ query }) => query),
  ]);
  const everything = words.reduce((sum, { idf }) => sum + idf, 0);
  const enough = Math.min(STRONG_SHARE * everything, STRONG_SUM);
  return rows.map((row) => ({
    chunkId: String(row.id),
    documentId: String(row.document_id),
    source: String(row.source),
    isStrong: Number(row.said) >= enough,
  }));
}

/**
 * Of a word that occurs n times, all at one weight, `ts_rank` is 0.1 · (1 + 1/4 + … + 1/n²) / (π²/6), and the rest of
 * that sum is about 1 / (n + ½). Taking n from it is many times faster than unnesting the vector.
 */
const FULL = Math.PI ** 2 / 6;
const occurrences = (rank: string) => `1 / greatest(${FULL} - ${10 * FULL} * ${rank}, 0.002) - 0.5`;

function scoringSql(words: number, scope: string, wordFirst: number): string {
  const numbers = Array.from({ length: words }, (_, index) => index);
  const ranks = numbers.map((at) => `ts_rank(c.lexemes, $${wordFirst + at}::tsquery) AS r${at}`);
  const counts = numbers.map(
    (at) => `CASE WHEN r${at} > 0 THEN ${occurrences(`r${at}`)} ELSE 0 END AS n${at}`,
  );
  const norm = `${K1} * (${1 - B} + ${B} * length / $3::float8)`;
  const scores = numbers.map((at) => `($2::float8[])[${at + 1}] * ${K1 + 1} * n${at} / (n${at} + norm)`);
  const said = numbers.map((at) => `CASE WHEN n${at} > 0 THEN ($2::float8[])[${at + 1}] ELSE 0 END`);
  return `
    WITH matches AS MATERIALIZED (
      SELECT c.id, c.document_id, c.position, c.length, ${SOURCE} AS source, ${ranks.join(", ")}
      FROM chunks c JOIN documents d ON d.id = c.document_id
      WHERE c.lexemes @@ $1::tsquery AND ${scope}
      LIMIT ${SCORED}
    ),
    counted AS (
      SELECT id, document_id, position, source, ${norm} AS norm, ${counts.join(", ")} FROM matches
    ),
    scored AS (
      SELECT id, document_id, position, source, ${scores.join(" + ")} AS score, ${said.join(" + ")} AS said
      FROM counted
    ),
    best AS (
      SELECT DISTINCT ON (document_id) * FROM scored ORDER BY document_id, score DESC, position
    ),
    shared AS (
      SELECT *, row_number() OVER (PARTITION BY source ORDER BY score DESC, document_id) AS place FROM best
    )
    SELECT id, document_id, source, said FROM shared WHERE place <= ${PER_SOURCE}
    ORDER BY score DESC, document_id LIMIT ${CANDIDATES}`;
}

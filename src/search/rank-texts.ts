// Ranks texts that have no index of their own, such as the messages of one session, by BM25 in plain SQL. For at most some tens of
// thousands of texts: each is split into words when it is searched.

import type { Database } from "../db/database.ts";
import { searchableText } from "./lexemes.ts";

export interface RankTexts {
  /** A query with the columns `id` and `text`; its parameters are $3 and up. Never anything that came from outside. */
  from: string;
  values: unknown[];
  query: string;
  limit: number;
}

export interface RankedText {
  id: string;
  /** Higher is better; comparable within one answer only. */
  score: number;
  /** The share of the query's words that the text has, by their weight. */
  coverage: number;
}

export interface RankedTexts {
  /** Best first. */
  texts: RankedText[];
  /** Words of the query that most of all texts have. */
  common: ReadonlySet<string>;
}

/** BM25's usual parameters: saturation of a word's frequency, and weight of a text's length. */
const K1 = 1.2;
const B = 0.75;
const MOST_WORDS = 48;
/** Of a longer text, only the beginning is searched. */
const LONGEST_TEXT = 20_000;
/** A word with less weight is in more than half of the texts. */
const COMMON = 0.7;

/** `limit` only cuts the list. */
export async function rankTexts(
  db: Database,
  { from, values, query, limit }: RankTexts,
): Promise<RankedTexts> {
  const { rows } = await db.execute(rankingOf(from), [searchableText(query), limit, ...values]);
  return {
    texts: rows.map(({ id, score, coverage }) => ({
      id: String(id),
      score: Number(score),
      coverage: Number(coverage),
    })),
    common: new Set((rows[0]?.common ?? []) as string[]),
  };
}

// The texts are split by to_tsvector as they are stored; Chinese, Japanese and Korean, which it does not split, are found as parts of
// the text. Words that no text has count most, so that a text without them is weak.
const rankingOf = (from: string): string => `
WITH words AS MATERIALIZED (
  SELECT lexeme, ('''' || replace(replace(lexeme, '\\', '\\\\'), '''', '''''') || '''')::tsquery AS query,
         lexeme ~ '[^[:ascii:]]' AS is_part
  FROM unnest(to_tsvector('english', $1::text)) ORDER BY positions[1] LIMIT ${MOST_WORDS}
),
texts AS MATERIALIZED (
  SELECT id, lower(left(text, ${LONGEST_TEXT})) AS text,
         to_tsvector('english', translate(left(text, ${LONGEST_TEXT}), './:@\\', '     ')) AS lexemes
  FROM (${from}) AS given
),
collection AS MATERIALIZED (
  SELECT count(*)::float8 AS size, greatest(avg(length(text)), 1)::float8 AS average_length FROM texts
),
found AS MATERIALIZED (
  SELECT texts.id, length(texts.text) AS length, words.lexeme,
         greatest(1, coalesce((SELECT cardinality(l.positions) FROM unnest(texts.lexemes) AS l WHERE l.lexeme = words.lexeme), 1)) AS times
  FROM texts JOIN words ON texts.lexemes @@ words.query OR (words.is_part AND strpos(texts.text, words.lexeme) > 0)
),
weights AS MATERIALIZED (
  SELECT words.lexeme, ln(1 + (collection.size - f.n + 0.5) / (f.n + 0.5)) AS idf
  FROM words, collection,
       LATERAL (SELECT count(*)::float8 AS n FROM found WHERE found.lexeme = words.lexeme) AS f
)
SELECT found.id, sum(weights.idf) / (SELECT sum(idf) FROM weights) AS coverage,
       (SELECT json_agg(lexeme) FROM weights WHERE idf < ${COMMON}) AS common,
       sum(weights.idf * found.times * ${K1 + 1} /
           (found.times + ${K1} * (${1 - B} + ${B} * found.length / collection.average_length))) AS score
FROM found JOIN weights ON weights.lexeme = found.lexeme CROSS JOIN collection
GROUP BY found.id ORDER BY score DESC, found.id LIMIT $2::int`;

// Search as a server composes it, over the corpus of corpus.ts: ingest, the time of a search, and how many of the nearest
// passages the vector lane meets.

import { getLogger } from "@logtape/logtape";
import type { Database } from "../../src/db/database.ts";
import { createBuiltinEmbedder } from "../../src/embeddings/builtin.ts";
import { readWordVectors } from "../../src/embeddings/word-vectors.ts";
import { newId } from "../../src/ids.ts";
import { asset } from "../../src/runtime/assets.ts";
import { createCollectionFacts } from "../../src/search/collection.ts";
import { createDocuments } from "../../src/search/documents.ts";
import { searchableText } from "../../src/search/lexemes.ts";
import { searchLexical } from "../../src/search/lexical.ts";
import { createNearest } from "../../src/search/nearest.ts";
import { createPostings } from "../../src/search/postings.ts";
import { scopeCondition } from "../../src/search/scope.ts";
import { createSearch } from "../../src/search/search.ts";
import { literal, searchVectors } from "../../src/search/vector.ts";
import { createVectorSets } from "../../src/search/vector-sets.ts";
import { type Corpus, createCorpus } from "./corpus.ts";
import { median } from "./numbers.ts";

export interface SearchMeasured {
  ingestPerSecond: number;
  searchMs: number;
  /** Of sentences, and of a few words of a topic. */
  recallPercent: number;
  vagueRecallPercent: number;
}

export interface MeasureSearch {
  /** Passages in all. */
  passages: number;
  /** Those that are ingested as clients do it; the others are stored as they would be then, in bulk. */
  ingested: number;
  /** Documents that are ingested at once. */
  atOnce: number;
  /** Runs a statement that may take minutes, for which Heddle's own connections do not wait. */
  slowly: (statement: string) => Promise<unknown>;
}

const PER_DOCUMENT = 5;
const QUERIES = 100;
const COMPARED = 40;
const NEAREST = 10;
const IN_BULK = 500;
const EVERYTHING = {
  kind: "document",
  integrationId: null,
  sessionId: null,
  visibleIn: undefined,
  reach: undefined,
} as const;

export async function measureSearch(db: Database, size: MeasureSearch): Promise<SearchMeasured> {
  const words = await asset("words.bin");
  if (!words) throw new Error("words.bin is missing");
  const file = await words.arrayBuffer();
  const embedder = createBuiltinEmbedder(async () => file);
  const corpus = createCorpus(1, readWordVectors(file));
  const sets = createVectorSets({ db, embedder, embedderNamed: () => undefined });
  const set = await sets.own();
  const postings = createPostings({ db, log: getLogger("heddle") });
  const facts = createCollectionFacts({ db, onAdded: postings.added });
  const search = createSearch({ db, facts, nearest: createNearest({ db, sets }) });
  const documents = createDocuments({ db, facts, search, embedder });
  try {
    const ingestPerSecond = await ingest(corpus, documents.ingest, size);
    const { slowly, passages, ingested } = size;
    await fill(db, { corpus, embedder, set: set.id, count: passages - ingested, slowly });
    await postings.settle();
    await db.execute("ANALYZE");
    const queries = Array.from({ length: QUERIES }, (_, at) =>
      at % 2 === 0 ? corpus.sentence() : corpus.query(),
    );
    const times: number[] = [];
    for (const query of [...queries.slice(0, 10), ...queries]) {
      const started = performance.now();
      await documents.search({ query });
      times.push(performance.now() - started);
    }
    const recall = (make: () => string) => measureRecall({ db, embedder, facts, set: set.id }, make);
    return {
      ingestPerSecond,
      searchMs: median(times.slice(10)),
      recallPercent: await recall(corpus.sentence),
      vagueRecallPercent: await recall(corpus.query),
    };
  } finally {
    await postings.close();
  }
}

async function ingest(
  corpus: Corpus,
  store: (document: { content: string }) => Promise<unknown>,
  { ingested, atOnce }: MeasureSearch,
): Promise<number> {
  const texts = Array.from({ length: ingested / PER_DOCUMENT }, () =>
    Array.from({ length: PER_DOCUMENT }, (_, at) => `# Part ${at}\n\n${corpus.passage()}`).join("\n\n"),
  );
  await store({ content: corpus.passage() });
  const started = performance.now();
  let next = 0;
  const client = async () => {
    for (let text = texts[next++]; text !== undefined; text = texts[next++]) await store({ content: text });
  };
  await Promise.all(Array.from({ length: atOnce }, client));
  return ingested / ((performance.now() - started) / 1000);
}

interface Fill extends Pick<MeasureSearch, "slowly"> {
  corpus: Corpus;
  embedder: ReturnType<typeof createBuiltinEmbedder>;
  set: number;
  count: number;
}

/** Building the index of the vectors at once takes a third of the time. */
async function fill(db: Database, { corpus, embedder, set, count, slowly }: Fill): Promise<void> {
  if (count <= 0) return;
  const { rows } = await db.execute("SELECT indexdef FROM pg_indexes WHERE indexname = $1", [
    `chunk_vectors_${set}`,
  ]);
  await db.execute(`DROP INDEX chunk_vectors_${set}`);
  for (let left = count; left > 0; left -= IN_BULK) {
    const contents = Array.from({ length: Math.min(IN_BULK, left) }, corpus.passage);
    const vectors = await embedder.embed(contents);
    const documents = contents.map(() => newId()).filter((_, at) => at % PER_DOCUMENT === 0);
    const passages = contents.map((content, at) => {
      const vector = vectors[at];
      const [id, position] = [newId(), at % PER_DOCUMENT];
      const document_id = documents[Math.floor(at / PER_DOCUMENT)];
      const searchable = searchableText(content);
      return { id, document_id, position, content, searchable, vector: vector && literal(vector) };
    });
    await db.execute(
      `INSERT INTO documents (id, content)
       SELECT id::uuid, '' FROM jsonb_array_elements_text($1::text::jsonb) AS given(id)`,
      [JSON.stringify(documents)],
    );
    await db.execute(BULK, [JSON.stringify(passages), set]);
  }
  await slowly(String(rows[0]?.indexdef));
}

const BULK = `
  WITH given AS MATERIALIZED (
    SELECT p.*, to_tsvector('english', p.searchable) AS lexemes FROM jsonb_to_recordset($1::text::jsonb)
      AS p(id uuid, document_id uuid, position int, content text, searchable text, vector text)
  ),
  stored AS (
    INSERT INTO chunks (id, document_id, position, breadcrumb, content, lexemes, length)
    SELECT id, document_id, position, '', content, lexemes,
           (SELECT coalesce(sum(cardinality(l.positions)), 0) FROM unnest(lexemes) AS l)
    FROM given RETURNING id, document_id, position, length
  ),
  numbered AS (
    INSERT INTO passage_numbers (chunk_id, document_id, position, length)
    SELECT id, document_id, position, length FROM stored
  )
  INSERT INTO chunk_vectors (model_id, chunk_id, document_id, embedding)
  SELECT $2::int, id, document_id, vector::vector FROM given`;

interface Recall {
  db: Database;
  embedder: ReturnType<typeof createBuiltinEmbedder>;
  facts: ReturnType<typeof createCollectionFacts>;
  set: number;
}

/** Percent of the nearest passages, of which a comparison with all of them knows. */
async function measureRecall({ db, embedder, facts, set }: Recall, make: () => string): Promise<number> {
  const scope = scopeCondition(EVERYTHING);
  const within = { scope, scopeSize: Number.POSITIVE_INFINITY, beside: () => 0 };
  let met = 0;
  for (let at = 0; at < COMPARED; at++) {
    const text = make();
    const [vector] = await embedder.embed([text]);
    if (!vector) throw new Error("The text has no vector.");
    const lexical = searchLexical(db, {
      text: searchableText(text),
      collection: await facts.read(),
      ...within,
    });
    const of = { set: { id: set, dimensions: vector.length }, vector, weakBelow: embedder.weakBelow };
    const found = await searchVectors(db, { ...of, ...within }, lexical);
    // The sum keeps the planner from using the index.
    const { rows } = await db.execute(
      `SELECT chunk_id FROM chunk_vectors WHERE model_id = ${set}
       ORDER BY (embedding <=> $1::vector(${vector.length})) + 0 LIMIT ${NEAREST}`,
      [literal(vector)],
    );
    const nearest = new Set(found.slice(0, NEAREST).map(({ chunkId }) => chunkId));
    met += rows.filter(({ chunk_id }) => nearest.has(String(chunk_id))).length;
  }
  return (100 * met) / (COMPARED * NEAREST);
}

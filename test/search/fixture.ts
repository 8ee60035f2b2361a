// Search as the server composes it, with the built-in embedder or another one.

import { getLogger } from "@logtape/logtape";
import type { Database } from "../../src/db/database.ts";
import { createBuiltinEmbedder } from "../../src/embeddings/builtin.ts";
import { createWordSense } from "../../src/embeddings/word-sense.ts";
import { asset } from "../../src/runtime/assets.ts";
import { createCollectionFacts } from "../../src/search/collection.ts";
import { createDocuments } from "../../src/search/documents.ts";
import type { Embedder } from "../../src/search/embedder.ts";
import { startIndexer } from "../../src/search/indexer.ts";
import { createNearest } from "../../src/search/nearest.ts";
import { createPostings } from "../../src/search/postings.ts";
import { createSearch } from "../../src/search/search.ts";
import { createVectorSets } from "../../src/search/vector-sets.ts";

const load = async () => (await asset("words.bin"))?.arrayBuffer() ?? new ArrayBuffer(0);

export const builtin = (): Embedder => createBuiltinEmbedder(load);

export const wordSense = createWordSense(load);

const log = getLogger("heddle");

export async function openSearchFixture(
  db: Database,
  { embedder = builtin(), others = [] }: { embedder?: Embedder; others?: Embedder[] } = {},
) {
  const sets = createVectorSets({
    db,
    embedder,
    embedderNamed: (name) => others.find((one) => one.name === name),
  });
  await sets.own();
  // Only told to: another test may use the database a second later.
  const postings = createPostings({ db, log, delayMs: 1_000_000 });
  const facts = createCollectionFacts({ db, onAdded: postings.added, onRemoved: postings.removed });
  const troubles: unknown[] = [];
  const nearest = createNearest({ db, sets, onTrouble: (error) => void troubles.push(error) });
  const search = createSearch({ db, facts, nearest });
  const startIndexing = () => startIndexer({ db, sets, embedder, log, retryMs: 10, graceMs: 100 });
  const documents = createDocuments({ db, facts, search, embedder });
  return { documents, search, nearest, sets, facts, postings, troubles, startIndexing };
}

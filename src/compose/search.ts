// Search: the embedder, the sets of its vectors, the documents, and the indexer that keeps the vectors complete.

import type { Config } from "../config/config.ts";
import { createBuiltinEmbedder } from "../embeddings/builtin.ts";
import { createEndpointEmbedder, modelAt } from "../embeddings/endpoint.ts";
import { errorMessage, HeddleError } from "../errors.ts";
import type { Redact } from "../redact.ts";
import { asset } from "../runtime/assets.ts";
import { createCollectionFacts } from "../search/collection.ts";
import { createDocuments } from "../search/documents.ts";
import type { Embedder } from "../search/embedder.ts";
import { startIndexer } from "../search/indexer.ts";
import { createReindex } from "../search/reindex.ts";
import { createSearch } from "../search/search.ts";
import { createVectorSets } from "../search/vector-sets.ts";
import type { Closers } from "./closers.ts";
import type { Storage } from "./storage.ts";

export async function openSearch(config: Config, storage: Storage, closers: Closers) {
  const { db, redactor } = storage;
  const log = storage.log.getChild("search");
  const { embedder, embedderNamed } = createEmbedders(config, redactor.redact);
  const sets = createVectorSets({ db, embedder, embedderNamed });
  // Passages are stored together with local vectors, for which there must be a set.
  await sets.own();
  const indexer = await startIndexer({ db, sets, embedder, log });
  closers.push(indexer.close);
  const facts = createCollectionFacts({ db });
  const search = createSearch({
    db,
    facts,
    sets,
    onTrouble: (error) =>
      log.warn("A query could not be embedded, so its words alone were searched for: {error}", {
        error: errorMessage(error),
      }),
  });
  const onPassages = () => {
    if (!embedder.isLocal) void indexer.wake();
  };
  const documents = createDocuments({ db, facts, search, embedder, onPassages });
  return {
    documents,
    reindex: createReindex({ db, sets, indexer }),
    embeddings: { model: config.embeddingEndpoint?.model ?? "builtin", embed: embedder.embed },
    copying: { db, facts, search, embedder, onPassages },
  };
}

/** The configured embedder, and those whose vectors may still be in the database. */
function createEmbedders({ embeddingEndpoint: endpoint }: Config, redact: Redact) {
  const builtin = createBuiltinEmbedder(readWords);
  if (!endpoint) return { embedder: builtin, embedderNamed: () => undefined };
  return {
    embedder: createEndpointEmbedder({ ...endpoint, redact }),
    embedderNamed(name: string): Embedder | undefined {
      if (name === builtin.name) return builtin;
      const former = modelAt(name, endpoint.baseUrl);
      return former && createEndpointEmbedder({ ...endpoint, ...former, redact });
    },
  };
}

async function readWords(): Promise<ArrayBuffer> {
  const file = await asset("words.bin");
  if (!file) throw new HeddleError("internal", "words.bin is missing from this installation.");
  return file.arrayBuffer();
}

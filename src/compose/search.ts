// Search: the embedder, the sets of its vectors, the documents, and the indexer that keeps the vectors complete.

import { estimateText } from "../agent/context/budget.ts";
import type { SpendOutside } from "../budgets/outside-runs.ts";
import type { Config } from "../config/config.ts";
import type { EmbeddingSettings } from "../config/embedding-settings.ts";
import { createBuiltinEmbedder } from "../embeddings/builtin.ts";
import { createEndpointEmbedder, modelAt, type SpendEmbedding } from "../embeddings/endpoint.ts";
import { createProviderEmbedder, type EmbeddingProvider, providerModelIn } from "../embeddings/provider.ts";
import { createWordSense } from "../embeddings/word-sense.ts";
import { errorMessage, HeddleError } from "../errors.ts";
import type { Tokens } from "../providers/known-models.ts";
import type { Redact } from "../redact.ts";
import { asset } from "../runtime/assets.ts";
import { createCollectionFacts } from "../search/collection.ts";
import { createDocuments } from "../search/documents.ts";
import type { Embedder } from "../search/embedder.ts";
import { startIndexer } from "../search/indexer.ts";
import { createNearest } from "../search/nearest.ts";
import { createPostings } from "../search/postings.ts";
import { createReindex } from "../search/reindex.ts";
import { createSearch } from "../search/search.ts";
import { createVectorSets } from "../search/vector-sets.ts";
import type { Closers } from "./closers.ts";
import type { Models as AllModels } from "./models.ts";
import type { Storage } from "./storage.ts";

type Models = Pick<AllModels, "costAt" | "providers" | "sendOf">;

export async function openSearch(
  { embeddings }: Pick<Config, "embeddings">,
  storage: Storage,
  models: Models,
  spend: SpendOutside,
  closers: Closers,
) {
  const { db, redactor } = storage;
  const log = storage.log.getChild("search");
  const { embedder, embedderNamed } = createEmbedders(embeddings, models, { spend, redact: redactor.redact });
  const sets = createVectorSets({ db, embedder, embedderNamed });
  // Passages are stored together with local vectors, for which there must be a set.
  await sets.own();
  const indexer = await startIndexer({ db, sets, embedder, log });
  closers.push(indexer.close);
  const postings = createPostings({ db, log });
  closers.push(postings.close);
  const facts = createCollectionFacts({ db, onAdded: postings.added, onRemoved: postings.removed });
  const nearest = createNearest({
    db,
    sets,
    onTrouble: (error) =>
      log.warn("A query could not be embedded, so its words alone were searched for: {error}", {
        error: errorMessage(error),
      }),
  });
  const search = createSearch({ db, facts, nearest });
  const onPassages = () => {
    if (!embedder.isLocal) void indexer.wake();
  };
  const documents = createDocuments({ db, facts, search, embedder, onPassages });
  return {
    documents,
    reindex: createReindex({ db, sets, indexer }),
    embeddings: { model: embeddings?.model ?? "builtin", embed: embedder.embed },
    copying: { db, facts, search, embedder, onPassages },
    finding: { sense: createWordSense(readWords), nearest },
  };
}

/** The configured embedder, and those whose vectors may still be in the database. */
function createEmbedders(
  settings: EmbeddingSettings | undefined,
  models: Models,
  { spend, redact }: { spend: SpendOutside; redact: Redact },
) {
  const builtin = createBuiltinEmbedder(readWords);
  if (!settings) return { embedder: builtin, embedderNamed: () => undefined };
  const { endpoint, weakBelow } = settings;
  const find = (id: string) => connectionOf(models, id);
  const ofProvider = (named: { provider: string; model: string; dimensions: number | undefined }) =>
    createProviderEmbedder({
      ...{ ...named, weakBelow, redact, find },
      spend: spending(spend, named.provider, (model, usage) =>
        models.providers.endpointOf(named.provider).costOf(model, usage),
      ),
    });
  const ofEndpoint = (named: { model: string; dimensions: number | undefined }) =>
    endpoint &&
    createEndpointEmbedder({
      ...{ ...endpoint, ...named, weakBelow, redact },
      spend: spending(spend, null, (model, usage) => models.costAt(endpoint.baseUrl, model, usage)),
    });
  return {
    embedder: embedderOf(settings, models, { ofProvider, ofEndpoint }),
    embedderNamed(name: string): Embedder | undefined {
      if (name === builtin.name) return builtin;
      const provided = providerModelIn(name);
      if (provided) return ofProvider(provided);
      const former = endpoint && modelAt(name, endpoint.baseUrl);
      return former && ofEndpoint(former);
    },
  };
}

/** An embedder's requests within the budgets. */
const spending =
  (
    spend: SpendOutside,
    provider: string | null,
    costOf: (model: string, usage: Tokens) => number | null,
  ): SpendEmbedding =>
  ({ model, texts, signal }, make) => {
    const tokens = texts.reduce((sum, text) => sum + estimateText(text), 0);
    return spend({ provider, model, tokens, signal }, async () => {
      const { value, tokens: said } = await make();
      const usage = { prompt_tokens: said ?? tokens, completion_tokens: 0 };
      return { value, used: { ...usage, cost_usd: costOf(model, usage) } };
    });
  };

interface Making {
  ofProvider(named: { provider: string; model: string; dimensions: number | undefined }): Embedder;
  ofEndpoint(named: { model: string; dimensions: number | undefined }): Embedder | undefined;
}

/** Names of models contain slashes themselves, so the first part counts only if a provider has this id. */
function embedderOf(settings: EmbeddingSettings, { providers }: Models, make: Making): Embedder {
  const { model, dimensions, endpoint } = settings;
  const slash = model.indexOf("/");
  const provider = model.slice(0, Math.max(0, slash));
  const isStored = providers.list().some(({ id }) => id === provider);
  if (endpoint?.isOwn || (endpoint && !isStored)) {
    const made = make.ofEndpoint({ model, dimensions });
    if (made) return made;
  }
  return make.ofProvider({ provider, model: model.slice(slash + 1), dimensions });
}

function connectionOf({ providers, sendOf }: Models, id: string): EmbeddingProvider | undefined {
  const provider = providers.list().find((one) => one.id === id);
  if (!provider) return undefined;
  const { adapter, base_url, api_key, headers } = provider;
  if (adapter === "anthropic") {
    throw new HeddleError(
      "upstream",
      `EMBEDDING_MODEL names the provider "${id}", whose protocol, Anthropic's, has no embeddings: name a model of another provider.`,
    );
  }
  return { baseUrl: base_url ?? undefined, apiKey: api_key ?? undefined, headers, send: sendOf(provider) };
}

async function readWords(): Promise<ArrayBuffer> {
  const file = await asset("words.bin");
  if (!file) throw new HeddleError("internal", "words.bin is missing from this installation.");
  return file.arrayBuffer();
}

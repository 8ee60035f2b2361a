// Embeddings of a stored provider's model. The provider is looked up for each request: its key may change while Heddle
// runs, and it may not exist yet or any more.

import { HeddleError } from "../errors.ts";
import type { Fetch } from "../llm/bounded-fetch.ts";
import type { Embedder } from "../search/embedder.ts";
import { createEndpointEmbedder, type EndpointEmbedderOptions } from "./endpoint.ts";

/** Where a provider's requests go. */
export interface EmbeddingProvider {
  baseUrl: string | undefined;
  apiKey: string | undefined;
  headers: Record<string, string>;
  send: Fetch | undefined;
}

export interface ProviderEmbedderOptions
  extends Pick<
    EndpointEmbedderOptions,
    "model" | "dimensions" | "weakBelow" | "redact" | "retryMs" | "spend"
  > {
  /** The provider's id. */
  provider: string;
  /** Undefined if there is no such provider; throws a HeddleError if it has no embeddings. */
  find: (id: string) => EmbeddingProvider | undefined;
}

/** A provider that moves to another server keeps its vectors, since it is said to be the same. */
const nameOf = ({ model, dimensions, provider }: ProviderEmbedderOptions): string =>
  `${model}${dimensions === undefined ? "" : `/${dimensions}`} of provider ${provider}`;

const NAME = /^(.{1,300}?)(?:\/(\d{1,5}))? of provider ([a-z0-9_-]{1,64})$/s;

/** Reads back what a name of vectors says. */
export function providerModelIn(
  name: string,
): { model: string; dimensions: number | undefined; provider: string } | undefined {
  const [, model, dimensions, provider] = NAME.exec(name) ?? [];
  if (model === undefined || provider === undefined) return undefined;
  return { model, dimensions: dimensions === undefined ? undefined : Number(dimensions), provider };
}

export function createProviderEmbedder(options: ProviderEmbedderOptions): Embedder {
  const { provider, find, dimensions, weakBelow } = options;
  const name = nameOf(options);
  let made: { place: string; send: Fetch | undefined; embedder: Embedder } | undefined;

  /** Kept while the provider stays what it is, because it learns how much the endpoint takes at once. */
  function current(): Embedder {
    const found = find(provider);
    if (!found) {
      throw new HeddleError(
        "upstream",
        `EMBEDDING_MODEL names the provider "${provider}", which does not exist: create it, or change EMBEDDING_MODEL.`,
      );
    }
    const { send, ...place } = found;
    const key = JSON.stringify(place);
    if (made?.place !== key || made.send !== send) {
      made = { place: key, send, embedder: createEndpointEmbedder({ ...options, ...found, name }) };
    }
    return made.embedder;
  }

  return {
    name,
    dimensions,
    isLocal: false,
    weight: 1,
    weakBelow,
    embed: async (texts, signal) => current().embed(texts, signal),
  };
}

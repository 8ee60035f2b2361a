import { afterAll, beforeEach, expect, test } from "bun:test";
import {
  createProviderEmbedder,
  type EmbeddingProvider,
  providerModelIn,
} from "../../src/embeddings/provider.ts";
import { type EmbeddingsEndpoint, startEmbeddingsEndpoint } from "./embeddings-endpoint.ts";

const endpoints: EmbeddingsEndpoint[] = [];
afterAll(async () => {
  for (const { stop } of endpoints) await stop();
});

let endpoint: EmbeddingsEndpoint;
let stored: EmbeddingProvider | undefined;
beforeEach(() => {
  endpoint = startEmbeddingsEndpoint();
  endpoints.push(endpoint);
  stored = { baseUrl: endpoint.url, apiKey: "sk-1", headers: { "x-team": "search" }, send: undefined };
});

const options = {
  provider: "local",
  model: "fake",
  dimensions: undefined,
  weakBelow: 0.3,
  redact: (text: string) => text,
  retryMs: 1,
  find: (id: string) => (id === "local" ? stored : undefined),
};

test("requests go to the provider as it is at that moment, with its key and headers", async () => {
  const embedder = createProviderEmbedder(options);
  expect((await embedder.embed(["car"]))[0]).toHaveLength(16);
  if (stored) stored = { ...stored, apiKey: "sk-2" };
  await embedder.embed(["dog"]);
  expect(endpoint.headers.map((given) => [given.get("authorization"), given.get("x-team")])).toEqual([
    ["Bearer sk-1", "search"],
    ["Bearer sk-2", "search"],
  ]);
});

test("requests are sent by the function that guards stored addresses", async () => {
  const sent: string[] = [];
  const send = (input: string | URL | Request, init?: RequestInit) => {
    sent.push(String(input));
    return fetch(input, init);
  };
  stored = { baseUrl: endpoint.url, apiKey: undefined, headers: {}, send };
  await createProviderEmbedder(options).embed(["car"]);
  expect(sent).toEqual([`${endpoint.url}/embeddings`]);
});

test("without the provider, embedding fails with what to do, and works once it exists", async () => {
  const embedder = createProviderEmbedder(options);
  const existing = stored;
  stored = undefined;
  await expect(embedder.embed(["car"])).rejects.toMatchObject({
    code: "upstream",
    message: expect.stringContaining('provider "local", which does not exist'),
  });
  stored = existing;
  expect(await embedder.embed(["car"])).toHaveLength(1);
});

test("a name says which model of which provider made the vectors", () => {
  for (const [model, dimensions] of [
    ["fake", undefined],
    ["BAAI/bge-m3", 256],
  ] as const) {
    const { name } = createProviderEmbedder({ ...options, model, dimensions });
    expect(providerModelIn(name)).toEqual({ model, dimensions, provider: "local" });
  }
  expect(providerModelIn("text-embedding-3-small at api.openai.com")).toBeUndefined();
});

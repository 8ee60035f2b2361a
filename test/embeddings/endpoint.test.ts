import { afterEach, expect, test } from "bun:test";
import { createEndpointEmbedder, modelAt } from "../../src/embeddings/endpoint.ts";
import { type EmbeddingsEndpoint, startEmbeddingsEndpoint } from "./embeddings-endpoint.ts";

const started: EmbeddingsEndpoint[] = [];
afterEach(async () => {
  for (const endpoint of started.splice(0)) await endpoint.stop();
});

function embedderOver(limits: Parameters<typeof startEmbeddingsEndpoint>[0] = {}, given = {}) {
  const endpoint = startEmbeddingsEndpoint(limits);
  started.push(endpoint);
  const embedder = createEndpointEmbedder({
    model: "fake",
    apiKey: "sk-1",
    baseUrl: endpoint.url,
    dimensions: undefined,
    weakBelow: 0.3,
    redact: (text) => text.replaceAll("s3cret", "[redacted]"),
    retryMs: 1,
    ...given,
  });
  return { endpoint, embedder };
}

const lengths = (vectors: (Float32Array | null)[]) => vectors.map((vector) => vector?.length ?? null);

test("texts are embedded in their order; those without words are not sent and have no vector", async () => {
  const { endpoint, embedder } = embedderOver();
  const vectors = await embedder.embed(["a car", "", " \n", "😀", "a dog"]);
  expect(lengths(vectors)).toEqual([16, null, null, null, 16]);
  expect(vectors[0]?.[0]).toBe(1);
  expect(vectors[4]?.[1]).toBe(1);
  expect(endpoint.asked).toEqual([["a car", "a dog"]]);
  expect(endpoint.headers[0]?.get("authorization")).toBe("Bearer sk-1");
});

test("known secrets are not sent, and no key where there is none", async () => {
  const { endpoint, embedder } = embedderOver({}, { apiKey: undefined });
  await embedder.embed(["the word is s3cret"]);
  expect(endpoint.asked).toEqual([["the word is [redacted]"]]);
  expect(endpoint.headers[0]?.has("authorization")).toBe(false);
});

test("an endpoint that takes few texts at once gets fewer, from then on at once", async () => {
  const { endpoint, embedder } = embedderOver({ texts: 10 });
  const texts = Array.from({ length: 90 }, (_, at) => `text ${at}`);
  expect(lengths(await embedder.embed(texts))).toEqual(texts.map(() => 16));
  const before = endpoint.asked.length;
  await embedder.embed(texts.slice(0, 20));
  expect(endpoint.asked.slice(before).every((asked) => asked.length <= 10)).toBe(true);
});

test("a text that is too long is cut, and one that is refused has no vector", async () => {
  const { embedder } = embedderOver({ characters: 900, forbidden: "evil" });
  const vectors = await embedder.embed(["a car", `car ${"word ".repeat(1000)}`, "an evil word", "dog"]);
  expect(lengths(vectors)).toEqual([16, 16, null, 16]);
  expect(vectors[1]?.[0]).toBe(1);
});

test("an endpoint that refuses everything is not taken for one that refuses a text", async () => {
  const { endpoint, embedder } = embedderOver();
  const refuse = () => Response.json({ error: { message: "model is not loaded" } }, { status: 400 });
  endpoint.answers.push(...Array.from({ length: 20 }, () => refuse));
  await expect(embedder.embed(["one", "two"])).rejects.toMatchObject({
    code: "upstream",
    message: expect.stringContaining("model is not loaded"),
  });
});

test("what may pass is tried again; what does not pass is told, without secrets", async () => {
  const { endpoint, embedder } = embedderOver();
  const status =
    (code: number, message = "busy", headers = {}) =>
    () =>
      Response.json({ error: { message } }, { status: code, headers });
  endpoint.answers.push(status(429, "slow down", { "retry-after": "0" }), status(503));
  expect(lengths(await embedder.embed(["a car"]))).toEqual([16]);
  expect(endpoint.asked).toHaveLength(3);
  endpoint.answers.push(status(401, "Incorrect key s3cret"));
  const refused = embedder.embed(["a car"]);
  await expect(refused).rejects.toMatchObject({
    code: "upstream",
    message: expect.stringContaining("[redacted]"),
  });
});

test.each<[string, unknown]>([
  ["Ollama's", { embeddings: [[1, 2]] }],
  ["Cohere's", { embeddings: { float: [[1, 2]] } }],
  ["TEI's", [[1, 2]]],
  ["a list without places", { data: [{ embedding: [1, 2] }] }],
  [
    "base64",
    { data: [{ index: 0, embedding: Buffer.from(Float32Array.of(1, 2).buffer).toString("base64") }] },
  ],
])("vectors in another form: %s", async (_, answer) => {
  const { endpoint, embedder } = embedderOver();
  endpoint.answers.push(() => Response.json(answer));
  expect(await embedder.embed(["a car"])).toEqual([Float32Array.of(1, 2)]);
});

test("a format that an endpoint refuses is not asked for again", async () => {
  const { endpoint, embedder } = embedderOver();
  const message = "Value 'float' supplied for argument 'encoding_format' is not valid.";
  endpoint.answers.push(() => Response.json({ detail: message }, { status: 400 }));
  expect(lengths(await embedder.embed(["a car", "a dog"]))).toEqual([16, 16]);
  expect(lengths(await embedder.embed(["a car"]))).toEqual([16]);
  expect(endpoint.asked).toEqual([["a car", "a dog"], ["a car", "a dog"], ["a car"]]);
});

test("a failure that is answered with 200 is told, without secrets, and tried again if it may pass", async () => {
  const { endpoint, embedder } = embedderOver();
  const busy = { error: { message: "Rate limit reached", code: "rate_limit_exceeded" } };
  endpoint.answers.push(() => Response.json(busy));
  expect(lengths(await embedder.embed(["a car"]))).toEqual([16]);
  endpoint.answers.push(() => Response.json({ error: { message: "Wrong key s3cret", code: 401 } }));
  await expect(embedder.embed(["a car"])).rejects.toMatchObject({
    message: expect.stringContaining("Wrong key [redacted]"),
  });
});

test("an answer that is not one of vectors is refused", async () => {
  const { endpoint, embedder } = embedderOver();
  const wrong: unknown[] = [
    {},
    { data: [] },
    { data: [{ index: 0, embedding: [] }] },
    { data: [{ index: 0, embedding: [1, "2"] }] },
    { data: [{ index: 0, embedding: [1, null] }] },
    { data: [{ index: 7, embedding: [1, 2] }] },
    { data: [null] },
  ];
  for (const answer of wrong) {
    endpoint.answers.push(() => Response.json(answer));
    await expect(embedder.embed(["a car"])).rejects.toMatchObject({ code: "upstream" });
  }
});

test("the name says model, size and endpoint, and can be read back", () => {
  const { embedder } = embedderOver({}, { model: "org/m-1", dimensions: 256, baseUrl: "http://e:1/v1/" });
  expect(embedder.name).toBe("org/m-1/256 at e:1/v1");
  expect(modelAt(embedder.name, "http://e:1/v1")).toEqual({ model: "org/m-1", dimensions: 256 });
  expect(modelAt("org/m-1 at e:1/v1", "http://e:1/v1")).toEqual({ model: "org/m-1", dimensions: undefined });
  expect(modelAt(embedder.name, "http://other:1/v1")).toBeUndefined();
  expect(modelAt("builtin-1", undefined)).toBeUndefined();
});

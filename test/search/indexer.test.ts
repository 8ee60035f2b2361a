import { afterAll, beforeEach, expect, test } from "bun:test";
import { createEndpointEmbedder } from "../../src/embeddings/endpoint.ts";
import { createReindex } from "../../src/search/reindex.ts";
import { eachDatabase, type TestDatabase } from "../database.ts";
import { type EmbeddingsEndpoint, startEmbeddingsEndpoint } from "../embeddings/embeddings-endpoint.ts";
import { until } from "../until.ts";
import { builtin, openSearchFixture } from "./fixture.ts";

const endpoints: EmbeddingsEndpoint[] = [];
afterAll(async () => {
  for (const endpoint of endpoints) await endpoint.stop();
});

function model(limits: Parameters<typeof startEmbeddingsEndpoint>[0] = {}) {
  const endpoint = startEmbeddingsEndpoint(limits);
  endpoints.push(endpoint);
  const embedder = createEndpointEmbedder({
    model: "fake",
    apiKey: "sk-1",
    baseUrl: endpoint.url,
    dimensions: undefined,
    weakBelow: 0.5,
    redact: (text) => text,
    retryMs: 1,
  });
  return { endpoint, embedder };
}

const DOCUMENTS = ["I drive a car to work.", "The hound sleeps.", "A loaf of rye.", "Rain in the afternoon."];

eachDatabase("the vectors of an endpoint's model", (open) => {
  let db: TestDatabase;
  beforeEach(async () => {
    db = await open();
  });

  const titlesOf = (hits: { content: string; weak: boolean }[]) =>
    hits.filter(({ weak }) => !weak).map(({ content }) => content);

  test("automobile finds car, and search uses the former vectors until all are made", async () => {
    const former = await openSearchFixture(db);
    for (const content of DOCUMENTS) await former.documents.ingest({ content });
    const { endpoint, embedder } = model({ texts: 2 });
    // The endpoint is slow to come up.
    const failing = () => Response.json({ error: { message: "loading" } }, { status: 401 });
    endpoint.answers.push(failing);
    const now = await openSearchFixture(db, { embedder, others: [builtin()] });
    const indexer = await now.startIndexing();
    const reindex = createReindex({ db, sets: now.sets, indexer });
    const [meanwhile] = await now.documents.search({ query: "rye loaf" });
    expect(meanwhile).toMatchObject({ content: "A loaf of rye.", weak: false });
    await until(async () => (await reindex.progress()).status === "complete");
    expect(await reindex.progress()).toMatchObject({
      model: embedder.name,
      answering: embedder.name,
      dimensions: 16,
      done: 4,
      total: 4,
      error: null,
    });
    const [hit] = await now.documents.search({ query: "automobile" });
    expect(hit).toMatchObject({ content: "I drive a car to work.", lane: "vector", weak: false });
    expect(titlesOf(await now.documents.search({ query: "puppy" }))).toEqual(["The hound sleeps."]);
    // What it replaces is gone, with its index.
    await until(async () => (await now.sets.list()).length === 1);
    const { rows } = await db.execute(
      `SELECT indexname FROM pg_indexes WHERE tablename = 'chunk_vectors' AND indexdef LIKE '%hnsw%'`,
    );
    expect(rows).toHaveLength(1);
    // A new document is found by its words at once, and soon by its vector.
    await now.documents.ingest({ content: "Vehicle tax is due in May." });
    await indexer.wake();
    const found = async () => titlesOf(await now.documents.search({ query: "automobile" }));
    await until(async () => (await found()).length === 2);
    await indexer.close();
  });

  test("an interrupted run goes on where it stopped; a failing endpoint is told and tried again", async () => {
    const former = await openSearchFixture(db);
    for (let at = 0; at < 12; at++) await former.documents.ingest({ content: `Car number ${at}` });
    const { endpoint, embedder } = model({ texts: 1 });
    const stopped = Promise.withResolvers<void>();
    endpoint.answers.push(...Array.from({ length: 11 }, () => () => undefined), () => {
      stopped.resolve();
      return Response.json({ error: { message: "no credit: s3cret" } }, { status: 402 });
    });
    const first = await openSearchFixture(db, { embedder });
    // Only what was stored counts, as after a kill: the first set of passages fails as a whole.
    const indexer = await first.startIndexing();
    await stopped.promise;
    const reindex = createReindex({ db, sets: first.sets, indexer });
    await until(
      async () => (await reindex.progress()).error !== null || (await reindex.progress()).done === 12,
    );
    await indexer.close();
    const second = await openSearchFixture(db, { embedder });
    const again = await second.startIndexing();
    await until(
      async () => (await createReindex({ db, sets: second.sets, indexer: again }).progress()).done === 12,
    );
    await again.close();
  });

  test("making all again keeps the former vectors until the new ones are complete", async () => {
    const { endpoint, embedder } = model();
    const { documents, sets, startIndexing } = await openSearchFixture(db, { embedder });
    for (const content of DOCUMENTS) await documents.ingest({ content });
    const indexer = await startIndexing();
    const reindex = createReindex({ db, sets, indexer });
    await until(async () => (await reindex.progress()).status === "complete");
    const [before] = await sets.list();
    const release = Promise.withResolvers<void>();
    const held = Promise.withResolvers<void>();
    endpoint.answers.push(() => {
      held.resolve();
      return release.promise.then(() => undefined);
    });
    await reindex.start();
    await reindex.start();
    await held.promise;
    expect(await reindex.progress()).toMatchObject({ status: "running", done: 0, answering: embedder.name });
    expect(titlesOf(await documents.search({ query: "automobile" }))).toEqual(["I drive a car to work."]);
    release.resolve();
    await until(async () => {
      const list = await sets.list();
      return list.length === 1 && list[0]?.isComplete === true && list[0].id !== before?.id;
    });
    expect(titlesOf(await documents.search({ query: "automobile" }))).toEqual(["I drive a car to work."]);
    await indexer.close();
  });

  test("while the endpoint is gone, search answers by words alone", async () => {
    const { endpoint, embedder } = model();
    const { documents, sets, troubles, startIndexing } = await openSearchFixture(db, { embedder });
    await documents.ingest({ content: "I drive a car to work." });
    const indexer = await startIndexing();
    await until(async () => (await sets.own()).isComplete);
    await indexer.close();
    await endpoint.stop();
    const hits = await documents.search({ query: "work car" });
    expect(hits).toMatchObject([{ lane: "lexical", weak: false }]);
    expect(troubles).toHaveLength(1);
  });

  test("passages of an older version get their vectors", async () => {
    const words = await openSearchFixture(db);
    await words.documents.ingest({ content: "Kubernetes" });
    await db.execute("DELETE FROM chunk_vectors");
    const indexer = await words.startIndexing();
    await until(async () => Number((await db.execute("SELECT 1 FROM chunk_vectors")).rows.length) === 1);
    const [hit] = await words.documents.search({ query: "kuberntes" });
    expect(hit).toMatchObject({ content: "Kubernetes", lane: "vector" });
    await indexer.close();
  });
});

import { afterAll, beforeAll, expect, test } from "bun:test";
import type { IngestDocument } from "heddle/sdk";
import { type LoadedBuiltin, loadBuiltin } from "../github/load-builtin.ts";

let example: LoadedBuiltin;
const ingested: IngestDocument[] = [];

beforeAll(async () => {
  example = await loadBuiltin("example", {
    ingestDocument: async (document) => `document ${ingested.push(document)}`,
  });
});
afterAll(() => example.close());

const ingest = (body: unknown) =>
  example.handle(
    new Request("http://localhost/ingest", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    }),
  );

test("GET /ping", async () => {
  const response = await example.handle(new Request("http://localhost/ping"));
  expect([response.status, await response.json()]).toEqual([200, { status: "ok", integration: "example" }]);
});

test("POST /ingest stores the document and returns its id", async () => {
  const session = "0199d6a2-3b1c-7000-8000-000000000000";
  const whole = await ingest({ title: "T", content: "C", session_id: session, metadata: { a: 1 } });
  expect([whole.status, await whole.json()]).toEqual([201, { doc_id: "document 1" }]);
  const least = await ingest({ title: "T", content: "C", session_id: null });
  expect([least.status, await least.json()]).toEqual([201, { doc_id: "document 2" }]);
  expect(ingested).toEqual([
    { title: "T", content: "C", sessionId: session, metadata: { a: 1 } },
    { title: "T", content: "C", metadata: {} },
  ]);
});

test.each([
  ["no content", { title: "T" }, "content"],
  ["an empty title", { title: "", content: "C" }, "title"],
  ["a session that is no UUID", { title: "T", content: "C", session_id: "x" }, "session_id"],
])("POST /ingest refuses %s", async (_, body, field) => {
  const before = ingested.length;
  const refused = await ingest(body);
  expect([refused.status, await refused.json()]).toMatchObject([
    422,
    { error: { code: "validation", field } },
  ]);
  expect(ingested).toHaveLength(before);
});

test("its routes are not public", () => {
  expect([example.isPublic("/ping"), example.isPublic("/ingest")]).toEqual([false, false]);
});

import { beforeAll, expect, test } from "bun:test";
import type { Documents } from "../../src/search/documents.ts";
import { eachDatabase, type TestDatabase } from "../database.ts";
import { PASSAGES } from "../embeddings/passages.ts";
import { createSessionsFixture } from "../sessions/fixture.ts";
import { openSearchFixture } from "./fixture.ts";

eachDatabase("hybrid search", (open) => {
  let db: TestDatabase;
  let documents: Documents;

  beforeAll(async () => {
    db = await open();
    ({ documents } = await openSearchFixture(db));
    for (const [at, content] of PASSAGES.entries()) {
      await documents.ingest({ integrationId: at % 2 === 0 ? "even" : "odd", title: `p${at}`, content });
    }
    await documents.ingest({ title: "wink", content: "😀🎉" });
  });

  const ids = (hits: { id: string }[]) => hits.map(({ id }) => id);

  test("a misspelt word is found by its vector, a word by both lanes", async () => {
    await documents.ingest({ title: "cluster", content: "Kubernetes" });
    const [misspelt] = await documents.search({ query: "kuberntes" });
    expect(misspelt).toMatchObject({ title: "cluster", lane: "vector" });
    const [both] = await documents.search({ query: "vaccination against influenza" });
    expect(both).toMatchObject({ title: "p31", lane: "both", weak: false });
    expect(both?.score).toBeCloseTo(1 / 11 + 0.3 / 11);
  });

  test("a hit that is hardly related is marked as weak", async () => {
    const hits = await documents.search({ query: "quarterly tax statement of a Norwegian subsidiary" });
    expect(hits.every(({ weak }) => weak)).toBe(true);
    const [good] = await documents.search({ query: "how are invoices due" });
    expect(good).toMatchObject({ title: "p7", weak: false });
  });

  test("a text without words has no vector, and is stored all the same", async () => {
    const { rows } = await db.execute(
      `SELECT v.embedding IS NULL AS missing, d.title FROM chunk_vectors v JOIN documents d ON d.id = v.document_id
       WHERE d.title = 'wink' OR d.title = 'p0' ORDER BY d.title`,
    );
    // The title of the second one has a word.
    expect(rows.map(({ title, missing }) => [title, missing])).toEqual([
      ["p0", false],
      ["wink", false],
    ]);
    const { id } = await documents.ingest({ content: "🎉🎉" });
    const { rows: own } = await db.execute(
      "SELECT embedding FROM chunk_vectors WHERE document_id = $1::uuid",
      [id],
    );
    expect(own).toEqual([{ embedding: null }]);
    expect(await documents.search({ query: "🎉" })).toEqual([]);
    await documents.delete(id);
  });

  test("a greater limit only continues the list, and so do pages", async () => {
    for (const query of ["the database and the garden", "water the roses", "a week in the office"]) {
      const all = await documents.search({ query, limit: 100 });
      expect(all.length).toBeGreaterThan(20);
      for (const limit of [1, 5, 20]) {
        expect(ids(await documents.search({ query, limit }))).toEqual(ids(all).slice(0, limit));
      }
      const paged: string[] = [];
      for (let cursor: string | undefined; ; ) {
        const page = await documents.search({ query, limit: 7, ...(cursor !== undefined && { cursor }) });
        if (page.length === 0) break;
        paged.push(...ids(page));
        cursor = page.at(-1)?.cursor;
      }
      expect(paged.slice(0, 100)).toEqual(ids(all));
      expect(new Set(paged).size).toBe(paged.length);
    }
  });

  test("a page continues although its last hit was deleted; another cursor is refused", async () => {
    const extra = await documents.ingest({ title: "gone", content: "zebra crossing" });
    await documents.ingest({ title: "stays", content: "a zebra in the long grass of the savanna" });
    const [first] = await documents.search({ query: "zebra", limit: 1 });
    expect(first?.id).toBe(extra.id);
    await documents.delete(extra.id);
    const next = await documents.search({ query: "zebra", limit: 1, cursor: first?.cursor });
    expect(next).toHaveLength(1);
    for (const cursor of ["", "nonsense", "x".repeat(200), Buffer.from("1.nothing").toString("base64url")]) {
      const refused = documents.search({ query: "zebra", cursor });
      await expect(refused).rejects.toMatchObject({ code: "validation", field: "cursor" });
    }
  });

  test("filters are exact in both lanes", async () => {
    for (const integrationId of ["even", "odd", "none"]) {
      const hits = await documents.search({ query: "the garden and the house", integrationId, limit: 100 });
      expect(hits.every((hit) => hit.integration_id === integrationId)).toBe(true);
      expect(hits.length > 0).toBe(integrationId !== "none");
    }
    const { sessions } = await createSessionsFixture(db);
    const sessionOf = async (clientId: string) =>
      (await sessions.getOrCreate({ clientId, botId: "default" })).session_id;
    const [mine, theirs] = [await sessionOf("search:1"), await sessionOf("search:2")];
    const content = "the secret garden behind the house";
    await documents.ingest({ title: "theirs", content, sessionId: theirs });
    await documents.ingest({ title: "mine", content, sessionId: mine });
    const visible = await documents.search({ query: "secret gardens", visibleIn: mine, limit: 100 });
    const titles = visible.map(({ title }) => title);
    expect(titles[0]).toBe("mine");
    expect(titles).not.toContain("theirs");
    const reach = { owner: "key:1", integrationId: null, claims: [] };
    expect(await documents.search({ query: "garden", reach })).toEqual([]);
  });

  test("hundreds of log entries leave room for two notes", async () => {
    for (let at = 0; at < 40; at++) {
      await documents.ingest({
        integrationId: "chat",
        content: `Deployment number ${at} of the tram timetable service went well.`,
      });
    }
    await documents.ingest({
      title: "note",
      content: "The tram timetable service is deployed by Kim, who has the key.",
    });
    const hits = await documents.search({ query: "deployment of the tram timetable service", limit: 5 });
    expect(hits.map(({ title }) => title)).toContain("note");
  });
});

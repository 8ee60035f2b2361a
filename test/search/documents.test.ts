import { beforeAll, expect, test } from "bun:test";
import { HeddleError } from "../../src/errors.ts";
import { createDocuments, type Documents, MAX_CONTENT } from "../../src/search/documents.ts";
import { eachDatabase, type TestDatabase } from "../database.ts";
import { createSessionsFixture } from "../sessions/fixture.ts";

const UNKNOWN_ID = "0198c0de-0000-7000-8000-000000000000";

async function refusal(promise: Promise<unknown>): Promise<[string, string | undefined]> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof HeddleError) return [error.code, error.field];
    throw error;
  }
  throw new Error("nothing was refused");
}

eachDatabase("documents", (open) => {
  let db: TestDatabase;
  let documents: Documents;
  let sessionId: string;

  beforeAll(async () => {
    db = await open();
    documents = createDocuments({ db });
    const { sessions } = await createSessionsFixture(db);
    sessionId = (await sessions.getOrCreate({ clientId: "x:1", botId: "default" })).session_id;
  });

  test("invalid values passed on by code are refused with the field", async () => {
    const ingest = (input: unknown) => refusal(documents.ingest(input as never));
    expect(await ingest({ title: "x" })).toEqual(["validation", "content"]);
    expect(await ingest({ title: 1, content: "x" })).toEqual(["validation", "title"]);
    expect(await ingest({ content: "x", sessionId: "nope" })).toEqual(["validation", "session_id"]);
    expect(await ingest({ content: "x", sessionId: 7 })).toEqual(["validation", "session_id"]);
    expect(await refusal(documents.search({} as never))).toEqual(["validation", "q"]);
  });

  /** Returns the titles of hits among this test's documents, best first. */
  const find = async (integrationId: string, query: string, limit = 10) =>
    (await documents.search({ query, integrationId, limit })).map(({ title }) => title);

  const fill = async (integrationId: string, contents: Record<string, string>) => {
    for (const [title, content] of Object.entries(contents)) {
      await documents.ingest({ integrationId, title, content });
    }
  };

  test("rare words weigh more than common ones, and short passages more than long ones", async () => {
    const filler = "The server starts and the server stops and the server starts again. ".repeat(15);
    await fill("weights", {
      common: "The server starts.",
      long: `${filler} A walrus appears. ${filler}`,
      short: "The server feeds a walrus.",
      other: "Nothing of the kind.",
    });
    expect(await find("weights", "server walrus")).toEqual(["short", "long", "common"]);
    expect(await find("weights", "walrus")).toEqual(["short", "long"]);
  });

  test("any of the words matches, in any inflection; stop words are ignored", async () => {
    await fill("forms", {
      one: "Retrying failed deliveries",
      two: "A delivery was retried",
      three: "Colours",
    });
    expect((await find("forms", "how does it retry a delivery?")).sort()).toEqual(["one", "two"]);
    expect(await find("forms", "the of and")).toEqual([]);
    expect(await find("forms", "!?")).toEqual([]);
    expect(await find("forms", "zebra")).toEqual([]);
  });

  test("a document is found once, by its best passage", async () => {
    const content = `# Manual\n\n## Start\n\nTurn the key.\n\n## Walrus\n\nFeed the walrus. The walrus eats fish.\n\n## End\n\nA walrus sleeps.`;
    await fill("passages", { manual: content });
    const hits = await documents.search({ query: "walrus fish", integrationId: "passages" });
    expect(hits).toHaveLength(1);
    expect(hits[0]).toMatchObject({
      title: "manual",
      content: "## Walrus\n\nFeed the walrus. The walrus eats fish.",
      lane: "lexical",
    });
    expect(hits[0]?.score).toBeGreaterThan(0);
  });

  test("titles and headings count as part of each passage", async () => {
    await fill("titles", {
      "Dark mode": "Everything turns black.",
      Other: "# Dark\n\n## Night\n\nIt is late.",
    });
    expect((await find("titles", "dark")).sort()).toEqual(["Dark mode", "Other"]);
    expect(await find("titles", "night")).toEqual(["Other"]);
  });

  test("Chinese, Japanese and Korean are found without spaces", async () => {
    await fill("cjk", {
      tokyo: "東京都庁は新宿にあります。",
      seoul: "서울은 대한민국의 수도입니다",
      paris: "Paris",
    });
    expect(await find("cjk", "新宿")).toEqual(["tokyo"]);
    expect(await find("cjk", "수도")).toEqual(["seoul"]);
    expect(await find("cjk", "大阪")).toEqual([]);
  });

  test("quotes, backslashes and operators in text and query are only text", async () => {
    await fill("odd", { odd: `it's a 'quoted' back\\slash & (pipe | bang!) <-> x:* %` });
    for (const query of [
      `it's quoted`,
      `back\\slash`,
      `pipe & bang`,
      `bang!:*`,
      `') OR 1=1 --`,
      "a".repeat(4000),
    ]) {
      expect(Array.isArray(await find("odd", query))).toBe(true);
    }
    expect(await find("odd", `'quoted'`)).toEqual(["odd"]);
  });

  test("search keeps to an integration, a session and a limit", async () => {
    await fill("scoped", { one: "walrus one", two: "walrus two" });
    await documents.ingest({ title: "mine", content: "walrus of a session", sessionId });
    expect(await find("scoped", "walrus", 1)).toHaveLength(1);
    const inSession = await documents.search({ query: "walrus", sessionId });
    expect(inSession.map(({ title, session_id }) => [title, session_id])).toEqual([["mine", sessionId]]);
    expect(await documents.search({ query: "walrus", sessionId: UNKNOWN_ID })).toEqual([]);
    const titles = async (visibleIn: string | null) =>
      (await documents.search({ query: "walrus", visibleIn })).map(({ title }) => title).sort();
    // A run sees documents of no session and those of its own session.
    expect(await titles(sessionId)).toContain("mine");
    expect(await titles(null)).not.toContain("mine");
    expect(await titles(UNKNOWN_ID)).toEqual(await titles(null));
    expect((await titles(null)).length).toBeGreaterThan(0);
    expect(await documents.search({ query: "walrus", sessionId, integrationId: "scoped" })).toEqual([]);
    const all = await documents.search({ query: "walrus", limit: 100 });
    expect(all.map(({ title }) => title)).toEqual(expect.arrayContaining(["one", "two", "mine"]));
  });

  test("a long document is returned unchanged, with its metadata", async () => {
    const content = `# Big\n\n${Array.from({ length: 2000 }, (_, i) => `Paragraph ${i} of the 大きい text.`).join("\n\n")}`;
    const made = await documents.ingest({
      title: "big",
      content,
      metadata: { nested: { list: [1, null, "'"] } },
    });
    const found = await documents.get(made.id);
    expect(found).toEqual({ ...made, passages: expect.any(Number) });
    expect(found?.passages).toBeGreaterThan(20);
    expect(found?.content).toBe(content);
    const [hit] = await documents.search({ query: "paragraph 1999" });
    expect(hit?.content).toContain("Paragraph 1999 of");
    expect(await documents.delete(made.id)).toBe(true);
    expect(await documents.delete(made.id)).toBe(false);
    expect(await documents.get(made.id)).toBeUndefined();
    const { rows } = await db.execute("SELECT 1 FROM chunks WHERE document_id = $1", [made.id]);
    expect(rows).toEqual([]);
  });

  test("an invalid document or query is refused and leaves nothing behind", async () => {
    const count = async () => Number((await db.execute("SELECT count(*) AS n FROM documents")).rows[0]?.n);
    const before = await count();
    expect(await refusal(documents.ingest({ content: " " }))).toEqual(["validation", "content"]);
    expect(await refusal(documents.ingest({ content: "x".repeat(MAX_CONTENT + 1) }))).toEqual([
      "validation",
      "content",
    ]);
    expect(await refusal(documents.ingest({ content: "x", title: "t".repeat(1001) }))).toEqual([
      "validation",
      "title",
    ]);
    expect(await refusal(documents.ingest({ content: "x", sessionId: UNKNOWN_ID }))).toEqual([
      "not_found",
      "session_id",
    ]);
    expect(await refusal(documents.search({ query: "  " }))).toEqual(["validation", "q"]);
    expect(await refusal(documents.search({ query: "x".repeat(4001) }))).toEqual(["validation", "q"]);
    expect(await refusal(documents.search({ query: "x", limit: 0 }))).toEqual(["validation", "limit"]);
    expect(await count()).toBe(before);
  });
});

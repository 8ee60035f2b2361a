import { afterEach, beforeEach, expect, test } from "bun:test";
import { getLogger } from "@logtape/logtape";
import { createPostings, type Postings } from "../../src/search/postings.ts";
import { eachDatabase, type TestDatabase } from "../database.ts";
import { PASSAGES as ALL } from "../embeddings/passages.ts";
import { openSearchFixture } from "./fixture.ts";

const PASSAGES = ALL.slice(0, 24);

eachDatabase("posting lists", (open) => {
  let db: TestDatabase;
  let search: Awaited<ReturnType<typeof openSearchFixture>>;
  const opened: Postings[] = [];

  beforeEach(async () => {
    db = await open();
    search = await openSearchFixture(db);
    opened.push(search.postings);
  });
  afterEach(async () => {
    for (const postings of opened.splice(0)) await postings.close();
  });

  /** Of a server that looks into the lists when it is told to. */
  const another = (): Postings => {
    const postings = createPostings({ db, log: getLogger("heddle"), delayMs: 1_000_000 });
    opened.push(postings);
    return postings;
  };
  const ingest = async (contents: readonly string[]) => {
    const made = [];
    for (const content of contents) made.push(await search.documents.ingest({ content }));
    return made;
  };
  const QUERIES = ["how are invoices due", "water the roses", "the server and the database", "機能", "zebra"];
  const answers = () =>
    Promise.all(
      QUERIES.map(async (query) =>
        (await search.documents.search({ query, limit: 100 })).map(({ id, score, weak }) => [
          id,
          score,
          weak,
        ]),
      ),
    );
  const number = async (text: string) => Number((await db.execute(text)).rows[0]?.count);
  const waiting = () => number("SELECT count(*) FROM passage_numbers WHERE NOT is_posted");

  test("a passage is found alike before and after it is in the lists", async () => {
    await ingest([...PASSAGES, "新しい機能を使う", `it's a 'quoted' back\\slash ${"x".repeat(3000)}`]);
    const before = await answers();
    await another().settle();
    expect(await waiting()).toBe(0);
    expect(await answers()).toEqual(before);
    // Later passages are added to the same lists.
    const [late] = await ingest(["Invoices of the zebra are due."]);
    const [hit] = await search.documents.search({ query: "zebra invoices" });
    expect(hit?.id).toBe(late?.id ?? "");
    await another().settle();
    const [again] = await search.documents.search({ query: "zebra invoices" });
    expect(again?.id).toBe(late?.id ?? "");
  });

  test("what is deleted is not found, and a block that has lost most of its passages is given up", async () => {
    const made = await ingest(PASSAGES);
    await another().settle();
    for (const { id } of made.slice(0, 5)) await search.documents.delete(id);
    const gone = new Set(made.slice(0, 5).map(({ id }) => id));
    const before = await answers();
    expect(before.flat().every(([id]) => !gone.has(String(id)))).toBe(true);
    // The next passage begins a later block, so the first one gets no more.
    await db.execute("SELECT setval(pg_get_serial_sequence('passage_numbers', 'no'), 100000)");
    const [extra] = await ingest(["An ordinary passage."]);
    await another().settle();
    expect(await number("SELECT count(*) FROM postings WHERE block = 0")).toBe(0);
    expect(await number("SELECT min(no) AS count FROM passage_numbers")).toBeGreaterThan(99_999);
    expect(await waiting()).toBe(0);
    const ids = (found: unknown[][][]) =>
      found.map((hits) => hits.map(([id]) => id).filter((id) => id !== extra?.id));
    expect(ids(await answers())).toEqual(ids(before));
  });

  test("passages of a server of the former version get into the lists", async () => {
    await ingest(PASSAGES);
    const before = await answers();
    await db.execute("DELETE FROM passage_numbers");
    await another().settle();
    expect(await answers()).toEqual(before);
  });

  test("two servers at once leave each passage in the lists once", async () => {
    await ingest(PASSAGES);
    await Promise.all([another().settle(), another().settle()]);
    const { rows } = await db.execute(
      "SELECT (SELECT sum(count) FROM postings)::int AS posted, (SELECT sum(length(lexemes)) FROM chunks)::int AS words",
    );
    expect(rows[0]?.posted).toBe(rows[0]?.words);
  });
});

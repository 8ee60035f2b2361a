import { beforeAll, expect, test } from "bun:test";
import { createSearchHistoryTool } from "../../src/agent/tools/builtin/search-history.ts";
import type { Database } from "../../src/db/database.ts";
import { searchHistory } from "../../src/search/history.ts";
import { holdsOutsideText } from "../../src/taint/taint.ts";
import { addBot, addMessage, addSession, addTask } from "../agent/fixture.ts";
import { eachDatabase } from "../database.ts";
import { wordSense } from "./fixture.ts";

eachDatabase("search in the messages of a session", (open) => {
  let db: Database;
  let task: Awaited<ReturnType<typeof addTask>>;
  let session: Awaited<ReturnType<typeof addSession>>;
  beforeAll(async () => {
    db = await open();
    session = await addSession(db, await addBot(db));
    await addMessage(db, session, "My cat is called Minka, and she is afraid of the vacuum cleaner.");
    await db.execute(
      `insert into messages (id, session_id, role, content)
       select gen_random_uuid(), $1::uuid, case n % 2 when 0 then 'user' else 'assistant' end,
         'Today we talked about topic ' || n || ' and the weather, the names of streets and of cities.'
       from generate_series(1, 500) n`,
      [session.id],
    );
    for (const text of [
      "東京タワーの近くのホテルを予約しました。",
      "Das Café Grün öffnet um neun.",
      "The config is in /etc/heddle/app.yaml, see https://example.com/docs/setup.html",
      "It's 'quoted' \\ and odd: & | ! ( ) <->",
    ])
      await addMessage(db, session, text);
    task = await addTask(db, session, "What is the name of my cat, of my parrot, and where is Felix?");
    await addMessage(db, await addSession(db, await addBot(db)), "The cat of someone else is called Felix.");
  });

  async function find(query: string, limit = 5) {
    return await searchHistory(db, {
      sessionId: session.id,
      taskId: task.id,
      query,
      limit,
      sense: wordSense,
    });
  }

  test("finds what was said long ago; the question itself is not an answer", async () => {
    const [first] = await find("What is the name of my cat?");
    expect(first).toMatchObject({ role: "user", weak: false, text: expect.stringContaining("Minka") });
    expect(first?.created_at).toMatch(/^\d{4}-\d\d-\d\dT/);
  });

  test.each([
    ["ホテル 東京", "東京タワー"],
    ["café grün", "Café"],
    ["app.yaml", "/etc/heddle"],
    ["setup", "setup.html"],
    ["quoted odd", "It's"],
  ])("%s", async (query, text) => {
    const [first] = await find(query);
    expect(first?.text).toContain(text);
    expect(first?.weak).toBe(false);
  });

  test("what a stranger wrote, or a tool has read, is marked", async () => {
    const other = await addSession(db, await addBot(db));
    for (const text of ["The zeppelin lands at noon.", "A zeppelin is a ship.", "Zeppelin, said the page."])
      await addMessage(db, other, text);
    const set = (values: string, text: string) =>
      db.execute(`update messages set ${values} where session_id = $1::uuid and content like $2`, [
        other.id,
        `${text}%`,
      ]);
    await set("from_person = false", "The");
    await set(`role = 'tool', metadata = '{"outside": true}'`, "Zeppelin");
    const asking = await addTask(db, other, "Where is it?");
    const tool = createSearchHistoryTool(({ query, limit }) =>
      searchHistory(db, { sessionId: other.id, taskId: asking.id, query, limit, sense: wordSense }),
    );
    const run = (args: object) => (tool.run as (args: object, run: object) => Promise<unknown>)(args, {});
    const hits = await searchHistory(db, {
      ...{ sessionId: other.id, taskId: asking.id, query: "zeppelin", limit: 5, sense: wordSense },
    });
    expect(Object.fromEntries(hits.map(({ text, untrusted }) => [text.slice(0, 3), untrusted]))).toEqual({
      ...{ The: true, "A z": false, Zep: true },
    });
    const found = await run({ query: "zeppelin" });
    expect(holdsOutsideText({ name: "search_history", owner: "core" }, JSON.stringify(found))).toBe(true);
    expect(await run({ query: "ship" })).toEqual({
      results: [expect.not.objectContaining({ untrusted: true })],
    });
  });

  test("what was never said has only weak results, and other sessions are not searched", async () => {
    for (const query of [
      "What is the name of my parrot?",
      "Felix",
      "Which bank did I choose for the mortgage?",
    ])
      expect((await find(query)).filter(({ weak }) => !weak)).toEqual([]);
  });

  test("a larger limit only makes the list longer", async () => {
    const few = await find("weather topic names", 3);
    const many = await find("weather topic names", 10);
    expect(many.slice(0, 3).map(({ message_id }) => message_id)).toEqual(
      few.map(({ message_id }) => message_id),
    );
  });

  test("queries without words find nothing", async () => {
    for (const query of ["", "the", "?!", "\0", "''\\"]) expect(await find(query)).toEqual([]);
  });
});

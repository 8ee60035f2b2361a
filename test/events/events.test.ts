import { expect, test } from "bun:test";
import { getLogger } from "@logtape/logtape";
import { sql } from "drizzle-orm";
import { readCursor, writeCursor } from "../../src/events/cursor.ts";
import { BEGINNING, createEvents } from "../../src/events/events.ts";
import { createPurge } from "../../src/events/purge.ts";
import { eachDatabase, type TestDatabase } from "../database.ts";
import { until } from "../until.ts";

const log = getLogger("heddle");

const write = (db: Pick<TestDatabase, "query">, type: string) =>
  db.query.execute(sql`insert into events (type) values (${type})`);

test("a cursor is written and read; anything else is refused", () => {
  for (const text of ["5:9:", "5:9:5,7", "5:9:/5:12:6/77"]) expect(writeCursor(readCursor(text))).toBe(text);
  for (const text of [
    "",
    "7",
    "9:5:",
    "5:9:9",
    "5:9:4",
    "5:9:7,6",
    "5:9:/x/1",
    "5:9:/5:9:/x",
    "0:1:",
    "5:9:;drop",
  ]) {
    expect(() => readCursor(text), text).toThrow("Last-Event-ID must be the id of an event of this stream");
  }
});

eachDatabase("events", (open) => {
  test("a follower is given what is committed after it came, once and in order", async () => {
    const db = await open();
    const events = await createEvents({ db, log });
    await write(db, "task.early");
    const follower = await events.open();
    const types: string[] = [];
    for (const type of ["task.one", "task.two"]) await write(db, type);
    events.committed();
    await until(async () => {
      for (;;) {
        const { events: placed, hasMore } = await follower.read();
        types.push(...placed.map(({ event }) => event.type));
        if (!hasMore) break;
      }
      return types.length >= 2;
    });
    expect(types).toEqual(["task.one", "task.two"]);
    // One that comes back gets the rest, from the middle of what was committed together.
    const other = await events.openTask("0198c0de-0000-7000-8000-000000000000", BEGINNING);
    expect(other.past).toEqual([]);
    other.follower.close();
    follower.close();
    await events.close();
  });

  test("a place in the middle of a page is continued from there, however much follows", async () => {
    const db = await open();
    const events = await createEvents({ db, log });
    const start = (await events.open()).cursor;
    await db.query.execute(
      sql`insert into events (type) select 'task.' || n from generate_series(1, 1300) n`,
    );
    const first = await events.open(start);
    const { events: page } = await first.read();
    const middle = page[100];
    expect(middle?.event.type).toBe("task.101");
    const again = await events.open(readCursor(writeCursor(middle?.cursor ?? start)));
    const types: string[] = [];
    for (let hasMore = true; hasMore; ) {
      const got = await again.read();
      types.push(...got.events.map(({ event }) => event.type));
      hasMore = got.hasMore;
    }
    expect(types).toEqual(Array.from({ length: 1199 }, (_, at) => `task.${at + 102}`));
    await events.close();
  });

  test("a transaction that commits late is not missed by one who has read later numbers", async () => {
    const db = await open();
    // The embedded database runs one transaction at a time.
    if (db.kind === "embedded") return;
    const events = await createEvents({ db, log });
    const follower = await events.open();
    const types = async () => (await follower.read()).events.map(({ event }) => event.type);
    const late = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    const slow = db.query.transaction(async (tx) => {
      await tx.execute(sql`insert into events (type) values ('task.slow')`);
      begun.resolve();
      await late.promise;
    });
    await begun.promise;
    await write(db, "task.fast");
    events.committed();
    const seen: string[] = [];
    await until(async () => seen.push(...(await types())) > 0);
    expect(seen).toEqual(["task.fast"]);
    const between = writeCursor(follower.cursor);
    late.resolve();
    await slow;
    events.committed();
    await until(async () => seen.push(...(await types())) > 1);
    expect(seen).toEqual(["task.fast", "task.slow"]);
    // The same for one who comes back with the place between them.
    const back = await events.open(readCursor(between));
    expect((await back.read()).events.map(({ event }) => event.type)).toEqual(["task.slow"]);
    await events.close();
  });

  test("live text reaches another server of the database, also one that joins in the middle", async () => {
    const db = await open();
    if (db.kind === "embedded") return;
    const [worker, server] = [await createEvents({ db, log }), await createEvents({ db, log })];
    const facts = { task_id: "t1", session_id: "s1", channel_id: "c1", bot_id: "default", owner: null };
    const run = worker.live.begin(facts, 1);
    // More than a notification holds, and characters of several bytes.
    run.text(1, "é\u0001".repeat(6_000));
    const follower = await server.open();
    await until(async () => server.live.get("t1")?.text.length === 12_000);
    run.text(1, "more");
    await until(async () => server.live.get("t1")?.text.toString() === `${"é\u0001".repeat(6_000)}more`);
    run.restart(1);
    run.note({ type: "turn.retry", data: { reason: "cut" } });
    run.text(1, "anew");
    await until(async () => server.live.get("t1")?.text.toString() === "anew");
    expect(server.live.get("t1")).toMatchObject({
      part: "1.1.1",
      notes: [{ type: "turn.retry" }],
      noteCount: 1,
    });
    run.close();
    await until(async () => server.live.get("t1")?.isOver === true);
    follower.close();
    await Promise.all([worker.close(), server.close()]);
  });

  test("old events are deleted, and a place among them is known to be lost", async () => {
    const db = await open();
    const events = await createEvents({ db, log });
    const before = (await events.open()).cursor;
    await db.query.execute(
      sql`insert into events (type, created_at) values ('task.old', now() - interval '3 days')`,
    );
    await db.query.execute(sql`insert into events (type) select 'task.new' from generate_series(1, 30)`);
    expect(await events.isLost(before)).toBe(false);
    const purge = createPurge({ db, log, keepEvents: 20 });
    expect(await purge.run()).toBeGreaterThanOrEqual(11);
    expect(await events.isLost(before)).toBe(true);
    // What other tests have open on the same server holds a new place back.
    await until(async () => !(await events.isLost((await events.open()).cursor)));
    await purge.close();
    await events.close();
  });
});

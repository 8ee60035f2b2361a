// Every test can rely on receiving a database without rows that no other test uses.

import { describe, expect, spyOn, test } from "bun:test";
import { getLogger } from "@logtape/logtape";
import { PgBoss } from "pg-boss";
import { openDatabase } from "../src/db/open.ts";
import { serverFacts } from "../src/db/schema.ts";
import { newId } from "../src/ids.ts";
import { createQueue } from "../src/queue/queue.ts";
import { eachDatabase, type TestDatabase } from "./database.ts";
import { createDatabasePool, type DatabaseMaker, type DatabasePool } from "./database-pool.ts";
import { createReset } from "./database-reset.ts";
import { embeddedDatabases } from "./embedded-databases.ts";
import { openAgain } from "./open-again.ts";
import { postgresDatabases } from "./postgres-databases.ts";
import { createSessionsFixture } from "./sessions/fixture.ts";

const log = getLogger("heddle");

/** Reads all rows and the positions of all sequences. */
async function stateOf({ execute }: TestDatabase): Promise<unknown> {
  const tables = await execute(
    "select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname in ('public', 'pgboss', 'drizzle') order by 1",
  );
  const reads = tables.rows.map(
    ({ name }) => `select '${name}' as name, (select json_agg(t)::text from ${name} t) as rows`,
  );
  const sequences = await execute("select sequencename, last_value from pg_sequences order by 1");
  return { rows: (await execute(reads.join(" union all "))).rows, sequences: sequences.rows };
}

/** Fills empty tables, changes rows of others and advances a sequence. */
async function leaveTraces(db: TestDatabase): Promise<void> {
  const queue = await createQueue({ db, log });
  db.beforeClose(queue.close);
  await db.query.transaction((tx) => queue.enqueue(tx, "tasks", { id: newId(), subject: "left", key: "k" }));
  await db.query.insert(serverFacts).values({ key: "left", value: 1 });
  await db.execute("insert into process_lines (integration_id, source, text) values ('a', 'stdout', 'line')");
  await db.execute("update pgboss.queue set retry_limit = 1");
}

/** Creates a pool that refuses to make a second database. */
function poolOfOne(maker: DatabaseMaker): DatabasePool {
  let made = 0;
  return createDatabasePool({
    ...maker,
    async make() {
      if (++made > 1) throw new Error("another one was needed");
      return maker.make();
    },
  });
}

function suite(maker: DatabaseMaker): void {
  test("a released database is reset and used again", async () => {
    const pool = poolOfOne(maker);
    const one = await pool.acquire();
    const fresh = await stateOf(one.database);
    await leaveTraces(one.database);
    const heard: string[] = [];
    await one.database.listen(
      "left",
      (payload) => heard.push(payload),
      () => undefined,
    );
    await one.release();
    expect(() => one.database.query.select).toThrow("is closed");
    await expect(one.database.execute("select 1")).rejects.toThrow("is closed");
    expect(() => one.database.home).toThrow("before the database is closed");

    const two = await pool.acquire();
    expect(await stateOf(two.database)).toEqual(fresh as object);
    await two.database.execute("select pg_notify('left', 'x')");
    await two.database.execute("select 1");
    expect(heard).toEqual([]);

    await two.database.execute("create table extra (n int)");
    await two.release();
    await expect(pool.acquire()).rejects.toThrow("another one was needed");
  }, 30_000);

  test("a database whose location was read is closed, keeps its rows and is not used again", async () => {
    const pool = poolOfOne(maker);
    const one = await pool.acquire();
    const { home, databaseUrl } = one.database;
    await one.database.query.insert(serverFacts).values({ key: "kept", value: 1 });
    await one.database.close();
    const again = await openDatabase({ home, databaseUrl, log });
    expect(await again.query.select().from(serverFacts)).toHaveLength(1);
    await again.close();
    await one.release();
    await expect(pool.acquire()).rejects.toThrow("another one was needed");
  }, 30_000);
}

describe("a pool of databases (embedded)", () => suite(embeddedDatabases));
const server = process.env.TEST_DATABASE_URL;
if (server) describe("a pool of databases (postgres)", () => suite(postgresDatabases(server)));

eachDatabase("a database that a test opens by its place", (open) => {
  test("closes what was built on it, even if the test does not", async () => {
    const first = await open();
    const { home, databaseUrl } = first;
    await first.close();
    const again = await openAgain({ home, databaseUrl });
    const stop = spyOn(PgBoss.prototype, "stop");
    await createSessionsFixture(again);
    await again.close();
    expect(stop).toHaveBeenCalledTimes(1);
    stop.mockRestore();
  });
});

eachDatabase("the database of a suite", (open) => {
  const shared = open();

  test.each([
    "create table extra (n int)",
    "alter table meta add column extra int",
    "create function extra() returns int language sql as 'select 1'",
    "drop index sessions_channel",
    "insert into meta select g::text, '1' from generate_series(1, 3000) g",
  ])("is not reset after %s", async (statement) => {
    const db = await shared;
    const reset = await createReset(db);
    expect(await reset()).toBe(true);
    await db.execute(statement);
    expect(await reset()).toBe(false);
  });

  let last: TestDatabase | undefined;

  // If the two tests shared a database, the second one to run would fail.
  test.each(["one", "two"])("is separate from those of its tests: %s", async (value) => {
    const own = await open();
    expect(own).not.toBe(last as TestDatabase);
    expect(await own.query.select().from(serverFacts)).toEqual([]);
    await own.query.insert(serverFacts).values({ key: "own", value });
    await (await shared).execute("select 1");
    last = own;
  });
});

import { expect, test } from "bun:test";
import { getLogger } from "@logtape/logtape";
import { eq, sql } from "drizzle-orm";
import { fromDrizzle } from "pg-boss";
import { openDatabase } from "../../src/db/open.ts";
import { bots, channels, serverFacts } from "../../src/db/schema.ts";
import { newId } from "../../src/ids.ts";
import { eachDatabase } from "../database.ts";

const log = getLogger("heddle");

eachDatabase("database", (open) => {
  const database = open();

  test("returns JSON, dates and nulls as they were stored", async () => {
    const { query } = await database;
    const now = new Date("2026-01-02T03:04:05.678Z");
    await query.insert(bots).values({ id: "a", name: "A", tools: ["x", 'y,"z'], created_at: now });
    const [bot] = await query.select().from(bots).where(eq(bots.id, "a"));
    expect(bot).toMatchObject({ tools: ["x", 'y,"z'], created_at: now, model: null });
    for (const value of [{ a: [1, null, "ü"] }, [1], "text", 5, true]) {
      await query
        .insert(serverFacts)
        .values({ key: "k", value })
        .onConflictDoUpdate({ target: serverFacts.key, set: { value } });
      expect(await query.select().from(serverFacts)).toEqual([{ key: "k", value }]);
    }
  });

  test("rolls back a transaction whose callback throws, and an inner one alone", async () => {
    const { query } = await database;
    const row = (name: string) => ({ id: newId(), client_id: name, name });
    await expect(
      query.transaction(async (tx) => {
        await tx.insert(channels).values(row("lost"));
        throw new Error("no");
      }),
    ).rejects.toThrow("no");
    await query.transaction(async (tx) => {
      await tx.insert(channels).values(row("kept"));
      await tx
        .transaction(async (inner) => {
          await inner.insert(channels).values(row("inner"));
          await inner.insert(channels).values(row("kept"));
        })
        .catch(() => undefined);
    });
    expect((await query.select({ name: channels.name }).from(channels)).map((c) => c.name)).toEqual(["kept"]);
  });

  test("execute accepts dates, arrays and objects, and returns dates and JSON", async () => {
    const now = new Date("2026-01-02T03:04:05.678Z");
    const text = `select $1::timestamptz as at, $2::text[] as texts, $3::jsonb as json, $4::int as n,
      $5::boolean as yes, $6::uuid[] as ids, $7::text as nothing`;
    const id = newId();
    const values = [now, ["a", 'b"\\,', ""], { a: [1] }, 7, true, [id], null];
    const { rows } = await (await database).execute(text, values);
    expect(rows).toEqual([
      { at: now, texts: ["a", 'b"\\,', ""], json: { a: [1] }, n: 7, yes: true, ids: [id], nothing: null },
    ]);
  });

  test("execute runs a script of several statements and returns all their rows", async () => {
    const { execute } = await database;
    const { rows } = await execute(
      "BEGIN; create temp table t (n int) on commit drop; select 1 as n; select 2 as n; COMMIT;",
    );
    expect(rows).toEqual([{ n: 1 }, { n: 2 }]);
    expect((await execute("select 3 as n where false")).rows).toEqual([]);
  });

  test("a failing script leaves nothing behind and affects nothing else", async () => {
    const { execute, query } = await database;
    const broken = () => execute("BEGIN; insert into meta values ('half', '1'); select 1/0; COMMIT;");
    const others = Array.from({ length: 30 }, (_, n) => execute("select $1::int as n", [n]));
    await expect(broken()).rejects.toThrow("division by zero");
    await Promise.all(others);
    expect(await query.select().from(serverFacts).where(eq(serverFacts.key, "half"))).toEqual([]);
  });

  test("pg-boss's adapter for a transaction can send dates and arrays", async () => {
    const { query } = await database;
    const now = new Date("2026-01-02T03:04:05.678Z");
    await query.transaction(async (tx) => {
      const { rows } = await fromDrizzle(tx as never, sql).executeSql(
        "select $1::timestamptz = '2026-01-02T03:04:05.678Z' as same, cardinality($2::text[]) as count",
        [now, ["a", "b"]],
      );
      expect(rows).toEqual([{ same: true, count: 2 }]);
    });
  });

  test("a notification reaches every listener of its channel, and none after it closed", async () => {
    const { listen, execute } = await database;
    const heard: string[] = [];
    const both = Promise.withResolvers<void>();
    const hear = (who: string) => (payload: string) => {
      heard.push(`${who} ${payload}`);
      if (heard.length === 2) both.resolve();
    };
    let connected = 0;
    const first = await listen("Some channel", hear("first"), () => connected++);
    const second = await listen("Some channel", hear("second"), () => connected++);
    expect(connected).toBe(2);
    await execute("select pg_notify('Some channel', 'one')");
    await both.promise;
    expect(heard.sort()).toEqual(["first one", "second one"]);
    await first.close();
    const last = Promise.withResolvers<void>();
    const third = await listen(
      "Some channel",
      () => last.resolve(),
      () => undefined,
    );
    await execute("select pg_notify('Some channel', 'two')");
    await last.promise;
    expect(heard.filter((line) => line.endsWith("two"))).toEqual(["second two"]);
    await second.close();
    await third.close();
  });

  test("has pgvector", async () => {
    const { rows } = await (await database).execute("select '[1,2]'::vector <-> '[1,4]'::vector as distance");
    expect(rows).toEqual([{ distance: 2 }]);
  });

  test("keeps its rows when closed and opened again", async () => {
    const { query, close, home, databaseUrl } = await open();
    await query.insert(serverFacts).values({ key: "kept", value: 1 });
    await close();
    const again = await openDatabase({ home, databaseUrl, log });
    expect(await again.query.select().from(serverFacts)).toEqual([{ key: "kept", value: 1 }]);
    await again.close();
  });

  test("refuses a database set up by a newer Heddle", async () => {
    const { execute, close, home, databaseUrl } = await open();
    await execute("insert into drizzle.__drizzle_migrations (hash, created_at) values ('x', 99999999999999)");
    await close();
    await expect(openDatabase({ home, databaseUrl, log })).rejects.toMatchObject({
      code: "database",
      message: expect.stringContaining("newer version of Heddle"),
    });
  });
});

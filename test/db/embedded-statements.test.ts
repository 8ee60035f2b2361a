import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getLogger } from "@logtape/logtape";
import { sql } from "drizzle-orm";
import type { Database } from "../../src/db/database.ts";
import { openEmbedded } from "../../src/db/embedded.ts";

const home = mkdtempSync(join(tmpdir(), "heddle-statements-"));
let database: Database;
beforeAll(async () => {
  database = await openEmbedded({ home, log: getLogger("heddle") });
  await database.execute("create table things (id int primary key, name text)");
});
afterAll(async () => {
  await database.close();
  rmSync(home, { recursive: true, force: true });
});

/** The names of the statements prepared for this text. */
async function preparedFor(text: string): Promise<unknown[]> {
  const { rows } = await database.execute("select name from pg_prepared_statements where statement = $1", [
    text,
  ]);
  return rows.map(({ name }) => name);
}

test("a repeated text is prepared once, and each run has its own values", async () => {
  const text = "select $1::int as number, $2::text as word";
  for (const word of ["one", "quote ' and \\", "ümlaut €", ""]) {
    const { rows } = await database.execute(text, [word.length, word]);
    expect(rows).toEqual([{ number: word.length, word }]);
  }
  expect((await database.execute(text, [null, null])).rows).toEqual([{ number: null, word: null }]);
  expect(await preparedFor(text)).toHaveLength(1);
});

test("a statement without values is prepared, too; a script still runs as a whole", async () => {
  const text = "select 7 as seven";
  for (let i = 0; i < 3; i++) expect((await database.execute(text)).rows).toEqual([{ seven: 7 }]);
  expect(await preparedFor(text)).toHaveLength(1);
  expect((await database.execute("select 1 as one; select 2 as two")).rows).toEqual([{ one: 1 }, { two: 2 }]);
});

test("times are dates for whoever asks the database itself, and texts for Drizzle", async () => {
  const text =
    "select $1::timestamptz as at, $1::date as day, array[$1::timestamptz] as all, null::date as never";
  const at = "2026-11-29T12:00:00+00:00";
  for (let i = 0; i < 3; i++) {
    const { rows } = await database.execute(text, [at]);
    expect(rows).toEqual([
      { at: new Date(at), day: new Date("2026-11-29"), all: [new Date(at)], never: null },
    ]);
  }
  expect((await database.execute(`select '${at}'::timestamptz as at; select 1 as one`)).rows).toEqual([
    { at: new Date(at) },
    { one: 1 },
  ]);
  const plain = { at: "2026-11-29 12:00:00+00", tags: ["a", "b"] };
  const drawn = sql`select ${at}::timestamptz as at, array['a', 'b'] as tags`;
  const rowsOf = (answer: unknown) => (answer as { rows: unknown[] }).rows;
  expect(rowsOf(await database.query.execute(drawn))).toEqual([plain]);
  await database.query.transaction(async (tx) => expect(rowsOf(await tx.execute(drawn))).toEqual([plain]));
});

test("a statement that fails, in its values or while it runs, leaves the next one whole", async () => {
  const divide = "select 10 / $1::int as quotient";
  const scripts = "select 1 as one; select 2 as two";
  for (let i = 0; i < 4; i++) {
    expect((await database.execute(divide, [5])).rows).toEqual([{ quotient: 2 }]);
    await expect(database.execute(divide, [0])).rejects.toThrow("division by zero");
    await expect(database.execute(divide, ["x"])).rejects.toThrow("invalid input syntax");
    expect((await database.execute(divide, [2])).rows).toEqual([{ quotient: 5 }]);
    expect((await database.execute(scripts)).rows).toEqual([{ one: 1 }, { two: 2 }]);
    await expect(database.execute("select 1; select 1 / 0")).rejects.toThrow("division by zero");
    const failing = database.query.transaction(async (tx) => {
      await tx.execute(sql`insert into things (id, name) values (999, 'x')`);
      await tx.execute(sql`select 10 / ${0}::int as quotient`);
    });
    await expect(failing).rejects.toThrow();
    expect((await database.execute("select count(*)::int as left from things where id = 999")).rows).toEqual([
      { left: 0 },
    ]);
  }
});

test("a statement is prepared again after a hundred uses, so that plans follow the size of their tables", async () => {
  const text = "select count(*)::int as things from things where id > $1";
  await database.execute(text, [0]);
  const before = await preparedFor(text);
  for (let i = 0; i < 100; i++) await database.execute(text, [0]);
  const after = await preparedFor(text);
  expect(after).toHaveLength(1);
  expect(after).not.toEqual(before);
});

test("the number of prepared texts is limited; those in use are kept", async () => {
  const inUse = "select $1::int as in_use";
  for (let i = 0; i < 300; i++) {
    const { rows } = await database.execute(`select ${i} as number, $1::int as value`, [i]);
    expect(rows).toEqual([{ number: i, value: i }]);
    if (i % 10 === 0) await database.execute(inUse, [i]);
  }
  expect(await preparedFor(inUse)).toHaveLength(1);
  const { rows } = await database.execute("select count(*)::int as kept from pg_prepared_statements");
  expect(Number(rows[0]?.kept)).toBeLessThanOrEqual(256);
});

test("the total length of prepared texts is limited, because they use memory that never shrinks", async () => {
  const text = (length: number, number: number) =>
    `select '${"x".repeat(length)}' as word, ${number} as number`;
  const kept = async () => {
    const { rows } = await database.execute(
      "select coalesce(sum(length(statement)), 0)::int as characters, coalesce(max(length(statement)), 0)::int as longest from pg_prepared_statements",
    );
    return { characters: Number(rows[0]?.characters), longest: Number(rows[0]?.longest) };
  };
  for (let i = 0; i < 25; i++) {
    const { rows } = await database.execute(text(50_000, i));
    expect(rows).toEqual([{ word: "x".repeat(50_000), number: i }]);
  }
  expect((await kept()).longest).toBeGreaterThan(50_000);
  expect((await kept()).characters).toBeLessThan(1_100_000);
  for (let i = 0; i < 2; i++) {
    const { rows } = await database.execute(text(200_000, 0));
    expect(rows).toEqual([{ word: "x".repeat(200_000), number: 0 }]);
    await expect(database.execute(`${text(200_000, 0)}, 1 / 0 as none`)).rejects.toMatchObject({
      code: "22012",
    });
  }
  expect((await kept()).longest).toBeLessThan(65_600);
});

test("errors belong to their statement, inside and outside a transaction, and it works afterwards", async () => {
  const insert = "insert into things (id, name) values ($1, $2)";
  await database.execute(insert, [1, "a"]);
  await expect(database.execute(insert, [1, "b"])).rejects.toMatchObject({ code: "23505" });
  await expect(database.execute(insert, ["no number", "b"])).rejects.toMatchObject({ code: "22P02" });
  const both = database.query.transaction(async (tx) => {
    await tx.execute(sql`insert into things (id, name) values (${2}, ${"b"})`);
    await tx.execute(sql`insert into things (id, name) values (${1}, ${"c"})`);
  });
  await expect(both).rejects.toMatchObject({ cause: { code: "23505" } });
  await database.execute(insert, [2, "b"]);
  expect((await database.execute("select name from things order by id")).rows).toEqual([
    { name: "a" },
    { name: "b" },
  ]);
});

test("changing the table of a prepared statement costs at most one failure", async () => {
  const text = "select * from things where id = $1";
  await database.execute(text, [1]);
  await database.execute("alter table things add column extra int default 5");
  await database.execute(text, [1]).catch(() => {});
  expect((await database.execute(text, [1])).rows).toEqual([{ id: 1, name: "a", extra: 5 }]);
});

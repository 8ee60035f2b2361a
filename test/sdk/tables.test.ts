// Tables of integrations on the server's database.

import { expect, test } from "bun:test";
import { tablesOf } from "../../src/integrations/settings/tables.ts";
import { checkStatement } from "../../src/sdk/statement.ts";
import { createDefineTables, type TablesBackend } from "../../src/sdk/tables.ts";
import { eachDatabase } from "../database.ts";

const UNWELCOME = [
  "commit",
  "/* a /* b */ -- */ COMMIT",
  "-- a\n\trollback to b",
  ";; Commit;",
  "-- a\r/**/;abort",
  "deallocate all",
  "COPY polls FROM STDIN",
  "set search_path = public",
];

const NO_EVENTS = { write: async () => {}, committed: () => {} };

eachDatabase("tables of an integration", (open) => {
  test("a statement stays within its transaction", async () => {
    const database = await open();
    const defineTables = createDefineTables(() => tablesOf(database, "polls", NO_EVENTS));
    const tables = defineTables(["CREATE TABLE polls (name text)"]);
    const insertThen = (text: string) =>
      tables
        .transaction(async ({ query }) => {
          await query("INSERT INTO polls VALUES ('a')");
          await query(text);
        })
        .then(
          () => "accepted",
          (error: Error) => error.message,
        );
    for (const text of UNWELCOME) {
      expect([text, await insertThen(text)]).toEqual([
        text,
        expect.stringMatching(
          /^A statement must leave its transaction and its connection as they are, which [A-Z]+ /,
        ),
      ]);
    }
    for (const text of [
      "SELECT 1; COMMIT",
      "INSERT INTO polls VALUES ('b'); INSERT INTO polls VALUES ('c')",
    ]) {
      expect(await insertThen(text)).toBe("cannot insert multiple commands into a prepared statement");
    }
    expect(await tables.query("/* commit */ ; SELECT name FROM polls;")).toEqual([]);
    expect(() => defineTables(["CREATE TABLE a (b int)", "-- first\nBEGIN"])).toThrow("which BEGIN does not");
  });

  test("ids with the same long beginning have tables of their own, and one keeps what an earlier version made", async () => {
    const database = await open();
    const ids = ["first", "second"].map((end) => `${"long_".repeat(11)}${end}`);
    const tablesIn = (backend: TablesBackend, table: string) =>
      createDefineTables(() => backend)([`CREATE TABLE ${table} (text text)`]);
    const former = { ...tablesOf(database, "any", NO_EVENTS), schema: `integration_${ids[0]}`.slice(0, 63) };
    await tablesIn(former, "second_table").query("INSERT INTO second_table VALUES ('kept')");
    const [first, second] = ids.map((id, at) =>
      tablesIn(tablesOf(database, id, NO_EVENTS), at === 0 ? "first_table" : "second_table"),
    );
    expect(await first?.query("SELECT text FROM first_table")).toEqual([]);
    expect(await second?.query("SELECT text FROM second_table")).toEqual([{ text: "kept" }]);
    await expect(first?.query("SELECT text FROM second_table")).rejects.toThrow("does not exist");
  });

  test("values are the same with both databases, and an error does not repeat them", async () => {
    const database = await open();
    const tables = createDefineTables(() => tablesOf(database, "polls", NO_EVENTS))([
      "CREATE TABLE ages (age int)",
    ]);
    const [row] = await tables.query(
      `SELECT 5::bigint AS big, '{5,6}'::bigint[] AS bigs, '2026-01-31'::date AS day, '{2026-01-31,NULL}'::date[] AS days,
         '2026-01-31 10:00+02'::timestamptz AS time, '{"2026-01-31 10:00+02"}'::timestamptz[] AS times,
         '2026-01-31 10:00'::timestamp AS here, '{}'::timestamp[] AS heres, 'infinity'::timestamptz AS never,
         '{1.50,2}'::numeric[] AS prices, '{"a": 1}'::jsonb AS json, '1 day'::interval AS span`,
    );
    expect(row).toEqual({
      big: 5,
      bigs: [5, 6],
      day: "2026-01-31",
      days: ["2026-01-31", null],
      time: "2026-01-31T08:00:00.000Z",
      times: ["2026-01-31T08:00:00.000Z"],
      here: "2026-01-31T10:00:00.000Z",
      heres: [],
      never: "infinity",
      prices: ["1.50", "2"],
      json: { a: 1 },
      span: "1 day",
    });
    const failed = tables.query("SELECT $1::int / 0", [31_415]);
    await expect(failed).rejects.toThrow(/^division by zero$/);
    await expect(failed).rejects.toMatchObject({ code: "22012" });
  });
});

test("a long row of comments before a statement is read once", () => {
  for (const part of ["/*", "/**/", "--\n", "-- /*\r", ";", " "]) {
    checkStatement(`${part.repeat(200_000)} select 1`);
  }
});

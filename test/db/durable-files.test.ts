import { afterEach, expect, test } from "bun:test";
import { embeddedDatabase } from "../database.ts";

// Not imported: PGlite's file layer calls the functions of this very object.
const fs: typeof import("node:fs") = require("node:fs");
const { writeFileSync, openSync } = fs;
const open = embeddedDatabase();
afterEach(() => {
  fs.writeFileSync = writeFileSync;
  fs.openSync = openSync;
});

const outOfDescriptors = () => {
  throw Object.assign(new Error("EMFILE: too many open files"), { code: "EMFILE" });
};

test("recovers from a moment without free file descriptors", async () => {
  const { execute } = await open();
  await execute("create table notes (text text)");
  await execute("insert into notes select repeat(md5(n::text), 50) from generate_series(1, 2000) n");
  // This creates the table's free-space map.
  fs.writeFileSync = outOfDescriptors as never;
  await expect(execute("vacuum notes")).rejects.toThrow();
  fs.writeFileSync = writeFileSync;
  await execute("vacuum notes");
  await execute("insert into notes values ('after')");
});

test("streams that could not be opened are released", async () => {
  const { execute } = await open();
  await execute("create table notes (text text)");
  // Emscripten has 4,096 streams.
  for (let n = 0; n < 6; n++) {
    fs.openSync = outOfDescriptors as never;
    const attempts = Array.from({ length: 1000 }, (_, m) =>
      execute(`create table "t ${n} ${m}" (x int)`).catch(() => "no"),
    );
    expect(new Set(await Promise.all(attempts))).toEqual(new Set(["no"]));
    fs.openSync = openSync;
    await execute("insert into notes values ('after')");
    await execute(`create table "good ${n}" (x int)`);
  }
}, 60_000);

test("PostgreSQL syncs with the one method that reaches the disk", async () => {
  const { execute } = await open();
  const value = async (name: string) => Object.values((await execute(`show ${name}`)).rows[0] ?? {})[0];
  expect([await value("fsync"), await value("full_page_writes"), await value("synchronous_commit")]).toEqual([
    "on",
    "on",
    "on",
  ]);
  expect(await value("wal_sync_method")).toBe("fsync");
});

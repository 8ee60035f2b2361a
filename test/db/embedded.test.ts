import { afterAll, expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { getLogger } from "@logtape/logtape";
import { openEmbedded } from "../../src/db/embedded.ts";
import { openDatabase } from "../../src/db/open.ts";
import { serverFacts } from "../../src/db/schema.ts";
import { preparedArchivePath } from "../../src/runtime/assets.ts";
import { makeHome } from "../databases-of-run.ts";

const log = getLogger("heddle");
const base = makeHome();
afterAll(() => rmSync(base, { recursive: true, force: true }));

const newHome = () => join(base, crypto.randomUUID());

test("without a prepared folder it creates a new one, and reports that this takes a while", async () => {
  const home = newHome();
  const said: string[] = [];
  // The remains of an interrupted start.
  mkdirSync(join(home, "db.new", "base"), { recursive: true });
  const database = await openEmbedded({ home, log, prepared: null, onProgress: (text) => said.push(text) });
  expect(await database.query.select().from(serverFacts)).toEqual([]);
  await database.close();
  expect(said).toHaveLength(1);
  expect(readdirSync(home).sort()).toEqual(["db", "db.lock", "db.pid"]);
}, 60_000);

test("starts from the prepared folder if there is one, without a message", async () => {
  const home = newHome();
  const said: string[] = [];
  const database = await openDatabase({ home, log, onProgress: (text) => said.push(text) });
  const { rows } = await database.execute("select count(*)::int as queues from pgboss.queue");
  expect(rows).toEqual([{ queues: expect.any(Number) }]);
  // Each further database, such as a template, would be three hundred files to unpack and to sync.
  const { rows: databases } = await database.execute("select datname from pg_database");
  expect(databases).toEqual([{ datname: "postgres" }]);
  await database.close();
  expect(said).toEqual([]);
});

test("a folder that cannot be unpacked, for example on a full disk, is removed again", async () => {
  const home = newHome();
  // As if the disk had become full halfway.
  const prepared = new Blob([(await Bun.file(preparedArchivePath()).bytes()).subarray(0, 100_000)]);
  const failed = openEmbedded({ home, log, prepared });
  await expect(failed).rejects.toMatchObject({ code: "config" });
  await expect(failed).rejects.toThrow(/could not be written .*MB free/);
  expect(existsSync(join(home, "db.new"))).toBe(false);
  const database = await openEmbedded({ home, log });
  await database.close();
});

test("a folder in use is refused, and released after a failed start", async () => {
  const home = newHome();
  const database = await openDatabase({ home, log });
  await expect(openDatabase({ home, log })).rejects.toThrow("in use by another Heddle");
  await database.close();
  writeFileSync(join(home, "db", "PG_VERSION"), "17\n");
  const other = /was created by PostgreSQL 17, but this Heddle contains PostgreSQL 18/;
  await expect(openDatabase({ home, log })).rejects.toThrow(other);
  await expect(openDatabase({ home, log })).rejects.toThrow(other);
});

test("a folder that is not a database, or a damaged one, is named in the error", async () => {
  const empty = newHome();
  mkdirSync(join(empty, "db"), { recursive: true });
  await expect(openDatabase({ home: empty, log })).rejects.toMatchObject({
    code: "database",
    message: expect.stringContaining(`${join(empty, "db")} is not a database folder`),
  });
  const broken = newHome();
  await (await openDatabase({ home: broken, log })).close();
  truncateSync(join(broken, "db", "global", "pg_control"), 100);
  await expect(openDatabase({ home: broken, log })).rejects.toMatchObject({
    code: "database",
    message: expect.stringMatching(/cannot be opened \(.*pg_control.*restore a backup/s),
  });
  expect(existsSync(join(broken, "db", "PG_VERSION"))).toBe(true);
});

test("kill -9 loses no acknowledged row", async () => {
  const home = newHome();
  for (let round = 0; round < 2; round++) {
    const writer = spawn(process.execPath, [join(import.meta.dirname, "writer.ts"), home], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const exited = once(writer, "exit");
    let last = -1;
    for await (const line of createInterface(writer.stdout)) {
      last = Number(line);
      if (last === 200) writer.kill("SIGKILL");
    }
    await exited;
    expect(last).toBeGreaterThanOrEqual(200);
    const database = await openDatabase({ home, log });
    const kept = new Set((await database.query.select().from(serverFacts)).map(({ value }) => value));
    expect(Array.from({ length: last + 1 }, (_, n) => n).filter((n) => !kept.has(n))).toEqual([]);
    await database.query.delete(serverFacts);
    await database.close();
  }
  expect(readFileSync(join(home, "db", "PG_VERSION"), "utf8")).toBe("18\n");
}, 60_000);

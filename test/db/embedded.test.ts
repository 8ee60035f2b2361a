import { afterAll, expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { getLogger } from "@logtape/logtape";
import { openEmbedded } from "../../src/db/embedded.ts";
import { openDatabase } from "../../src/db/open.ts";
import { meta } from "../../src/db/schema.ts";
import { preparedArchivePath } from "../../src/runtime/assets.ts";

const log = getLogger("heddle");
const base = mkdtempSync(join(tmpdir(), "heddle-embedded-"));
afterAll(() => rmSync(base, { recursive: true, force: true }));

const newHome = () => join(base, crypto.randomUUID());

test("without a prepared folder it makes a new one, and says that this takes a while", async () => {
  const home = newHome();
  const said: string[] = [];
  // What a start that was cut short leaves.
  mkdirSync(join(home, "db.new", "base"), { recursive: true });
  const database = await openEmbedded({ home, log, prepared: null, onProgress: (text) => said.push(text) });
  expect(await database.query.select().from(meta)).toEqual([]);
  await database.close();
  expect(said).toHaveLength(1);
  expect(readdirSync(home).sort()).toEqual(["db", "db.lock", "db.pid"]);
}, 60_000);

test("begins with the prepared folder when there is one, in silence", async () => {
  const home = newHome();
  const said: string[] = [];
  const database = await openDatabase({ home, log, onProgress: (text) => said.push(text) });
  const { rows } = await database.execute("select count(*)::int as queues from pgboss.queue");
  expect(rows).toEqual([{ queues: expect.any(Number) }]);
  await database.close();
  expect(said).toEqual([]);
});

test("what cannot be unpacked, on a full disk say, leaves none of its room taken", async () => {
  const home = newHome();
  // As if the disk had been full after some of it.
  const prepared = new Blob([(await Bun.file(preparedArchivePath()).bytes()).subarray(0, 100_000)]);
  const failed = openEmbedded({ home, log, prepared });
  await expect(failed).rejects.toMatchObject({ code: "config" });
  await expect(failed).rejects.toThrow(/could not be written .*MB free/);
  expect(existsSync(join(home, "db.new"))).toBe(false);
  const database = await openEmbedded({ home, log });
  await database.close();
});

test("a folder in use is refused, and free again after a failed start", async () => {
  const home = newHome();
  const database = await openDatabase({ home, log });
  await expect(openDatabase({ home, log })).rejects.toThrow("in use by another Heddle");
  await database.close();
  writeFileSync(join(home, "db", "PG_VERSION"), "17\n");
  const other = /was made by PostgreSQL 17, but this Heddle has PostgreSQL 18 inside/;
  await expect(openDatabase({ home, log })).rejects.toThrow(other);
  await expect(openDatabase({ home, log })).rejects.toThrow(other);
});

test("a folder that is no database, or a broken one, is an error that names it", async () => {
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
    const kept = new Set((await database.query.select().from(meta)).map(({ value }) => value));
    expect(Array.from({ length: last + 1 }, (_, n) => n).filter((n) => !kept.has(n))).toEqual([]);
    await database.query.delete(meta);
    await database.close();
  }
  expect(readFileSync(join(home, "db", "PG_VERSION"), "utf8")).toBe("18\n");
}, 60_000);

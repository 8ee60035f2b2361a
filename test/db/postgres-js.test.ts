// Shows why each change to postgres.js is needed, with the driver as published. A test that fails here means that a
// change in src/db/postgres-js.ts or patches/ can be removed. (Statements of a lost transaction are not tested here,
// because without the patch the process ends first; test/db/postgres-trouble.test.ts tests that they fail.)

import { afterAll, beforeAll, expect, spyOn, test } from "bun:test";
import { execFileSync } from "node:child_process";
import crypto from "node:crypto";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { drizzle } from "drizzle-orm/postgres-js";
import type postgres from "postgres";
import { onPostgres } from "../database.ts";

const folder = mkdtempSync(join(tmpdir(), "heddle-postgres-js-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let published: typeof postgres;
beforeAll(async () => {
  const repository = join(import.meta.dirname, "..", "..");
  const entry = Bun.resolveSync("postgres", repository);
  cpSync(dirname(dirname(entry)), folder, { recursive: true, dereference: true });
  const patch = join(repository, "patches", "postgres@3.4.9.patch");
  execFileSync("git", ["apply", "--reverse", patch], { cwd: folder });
  published = (await import(join(folder, "src", "index.js"))).default;
});

test("postgres.js as published waits for an answer without a time limit", () => {
  const options = { answer_timeout: 1 } as postgres.Options<Record<string, never>>;
  const client = published("postgres://127.0.0.1:1/none", options);
  expect(client.options).not.toHaveProperty("answer_timeout");
});

onPostgres("postgres.js as published", (open) => {
  const connected = async (options: postgres.Options<Record<string, never>> = {}) => {
    const { databaseUrl = "" } = await open();
    const client = published(databaseUrl, { max: 2, onnotice: () => undefined, ...options });
    return Object.assign(client, { [Symbol.asyncDispose]: () => client.end({ timeout: 1 }) });
  };

  test("asks for the array types, and salts the password, on each connection", async () => {
    const texts: string[] = [];
    await using client = await connected({ debug: (_connection, text) => void texts.push(text) });
    const salting = spyOn(crypto, "pbkdf2Sync");
    await Promise.all([client`select pg_sleep(0.05)`, client`select pg_sleep(0.05)`]);
    expect(texts.filter((text) => text.includes("pg_type"))).toHaveLength(2);
    expect(salting).toHaveBeenCalledTimes(2);
    salting.mockRestore();
  });

  test("writes to the closed socket of a lost transaction, which ends the process", async () => {
    const { databaseUrl = "" } = await open();
    const program = `
      import postgres from ${JSON.stringify(join(folder, "src", "index.js"))};
      process.on("uncaughtException", (error) => { console.error(error.message); process.exit(7); });
      const client = postgres(${JSON.stringify(databaseUrl)}, { max: 2 });
      const over = Promise.withResolvers();
      await client.begin(async (tx) => {
        const [{ pid }] = await tx\`select pg_backend_pid() as pid\`;
        const closed = new Promise((resolve) => { client.options.onclose = resolve; });
        await client\`select pg_terminate_backend(\${pid})\`;
        await closed;
        await new Promise(setImmediate);
        await tx\`select 1\`.catch(() => undefined);
        over.resolve();
      }).catch(() => undefined);
      await over.promise;
      process.exit(0);`;
    const child = Bun.spawn([process.execPath, "-e", program], { stderr: "pipe", timeout: 20_000 });
    expect(await new Response(child.stderr).text()).toContain("socket.write");
    expect(await child.exited).toBe(7);
  });

  test("keeps a connection to a read-only node", async () => {
    await using client = await connected({ max: 1 });
    const pid = async () => (await client`select pg_backend_pid() as pid`)[0]?.pid;
    const before = await pid();
    await client`set default_transaction_read_only = on`;
    await expect(client`insert into meta values ('read', '1')`.execute()).rejects.toMatchObject({
      code: "25006",
    });
    expect(await pid()).toBe(before);
  });

  test("fails a query if the server has no connection left, although the pool has one", async () => {
    const { databaseUrl = "" } = await open();
    const role = `heddle_test_${crypto.randomUUID().replaceAll("-", "")}`;
    await using admin = await connected({ max: 1 });
    await admin.unsafe(`create role ${role} login password 'pw' connection limit 1`);
    const url = Object.assign(new URL(databaseUrl), { username: role, password: "pw" });
    const client = published(url.href, { max: 3, onnotice: () => undefined });
    const results = await Promise.allSettled(Array.from({ length: 3 }, () => client`select pg_sleep(0.05)`));
    await client.end({ timeout: 1 });
    await admin.unsafe(`drop role ${role}`);
    expect(results.flatMap((one) => (one.status === "rejected" ? one.reason.code : []))).toContain("53300");
  });

  test("does not prepare drizzle's statements", async () => {
    await using client = await connected({ max: 1 });
    await client.unsafe("select $1::int as one", [1]);
    const prepared = await client.unsafe(
      "select name from pg_prepared_statements where statement like '%as one%'",
    );
    expect(prepared).toHaveLength(0);
  });

  test("cannot send a date once drizzle has its conversions", async () => {
    await using client = await connected({ max: 1 });
    drizzle(client);
    await expect(
      client.unsafe("select $1::timestamptz as at", [new Date(0) as never]).execute(),
    ).rejects.toThrow();
  });

  test("does not repeat a transaction that the server rolled back", async () => {
    await using client = await connected({ max: 1 });
    let runs = 0;
    const conflict = client.begin(async (tx) => {
      runs += 1;
      await tx.unsafe("do $$ begin raise exception 'conflict' using errcode = '40001'; end $$");
    });
    await expect(conflict).rejects.toMatchObject({ code: "40001" });
    expect(runs).toBe(1);
  });

  test("uses its connections in turn instead of the one that was used last", async () => {
    await using client = await connected({ max: 2 });
    const pid = async () => (await client`select pg_backend_pid() as pid, pg_sleep(0.02)`)[0]?.pid;
    await Promise.all([pid(), pid()]);
    expect(new Set([await pid(), await pid(), await pid(), await pid()]).size).toBe(2);
  });
});

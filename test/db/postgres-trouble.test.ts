// PostgreSQL in temporary trouble: too few connections, dead connections, a read-only node, poolers.

import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getLogger } from "@logtape/logtape";
import { sql } from "drizzle-orm";
import postgres from "postgres";
import { isPassing } from "../../src/db/failure.ts";
import { openDatabase } from "../../src/db/open.ts";
import { serverFacts } from "../../src/db/schema.ts";
import { onPostgres } from "../database.ts";
import { startPgBouncer } from "../postgres.ts";

const log = getLogger("heddle");
const home = mkdtempSync(join(tmpdir(), "heddle-trouble-"));
afterAll(() => rmSync(home, { recursive: true, force: true }));

const never = () => expect.unreachable();

onPostgres("trouble", (open) => {
  const admin = async (databaseUrl: string, act: (client: postgres.Sql) => Promise<unknown>) => {
    const client = postgres(databaseUrl, { max: 1, onnotice: () => undefined });
    await act(client).finally(() => client.end());
  };

  test("a pool that cannot open all its connections shares those it has", async () => {
    const { databaseUrl = "" } = await open();
    const role = `heddle_test_${crypto.randomUUID().replaceAll("-", "")}`;
    await admin(databaseUrl, async (client) => {
      await client.unsafe(`create role ${role} login password 'pw' connection limit 3`);
      await client.unsafe(`grant all on database ${new URL(databaseUrl).pathname.slice(1)} to ${role}`);
      await client.unsafe(`grant all on schema public, drizzle to ${role}`);
      await client.unsafe(`grant all on all tables in schema public, drizzle to ${role}`);
      await client.unsafe(`grant all on all sequences in schema public, drizzle to ${role}`);
    });
    const url = new URL(databaseUrl);
    url.username = role;
    url.password = "pw";
    const database = await openDatabase({ databaseUrl: url.href, home, log });
    const stored = await Promise.all(
      Array.from({ length: 60 }, (_, index) =>
        index % 2 === 0
          ? database.query.insert(serverFacts).values({ key: `limit ${index}`, value: index })
          : database.query.transaction((tx) =>
              tx.insert(serverFacts).values({ key: `limit ${index}`, value: index }),
            ),
      ),
    );
    expect(stored).toHaveLength(60);
    const { rows } = await database.execute(
      "select count(*)::int as count from meta where key like 'limit %'",
    );
    expect(rows).toEqual([{ count: 60 }]);
    await database.close();
    await admin(databaseUrl, async (client) => {
      await client.unsafe(`drop owned by ${role}`);
      await client.unsafe(`drop role ${role}`);
    });
  }, 60_000);

  test("a dead connection is dropped, its transaction fails with a temporary error, and the next one works", async () => {
    const { databaseUrl = "" } = await open();
    const proxy = await startForgetfulProxy(new URL(databaseUrl));
    const database = await openDatabase({
      databaseUrl: proxy.url.href,
      postgres: { poolSize: 2, answerSeconds: 1 },
      home,
      log,
    });
    await database.execute("select 1");
    const began = Promise.withResolvers<void>();
    const forgotten = Promise.withResolvers<void>();
    const transaction = database.query.transaction(async (tx) => {
      await tx.insert(serverFacts).values({ key: "half-open", value: 1 });
      began.resolve();
      await forgotten.promise;
      const first = await tx.execute(sql`select 1`).catch((error: unknown) => error);
      // Whatever the callback does next, no statement of a lost transaction runs outside of it.
      await tx
        .insert(serverFacts)
        .values({ key: "half-open", value: 2 })
        .catch(() => undefined);
      throw first;
    });
    await began.promise;
    proxy.forget();
    forgotten.resolve();
    const error = await transaction.then(never, (error: unknown) => error);
    expect(isPassing(error)).toBe(true);
    const { rows } = await retried(() => database.execute("select * from meta where key = 'half-open'"));
    expect(rows).toEqual([]);
    await database.close();
    await proxy.close();
  }, 60_000);

  test("a statement that fails on a read-only node closes its connection", async () => {
    const { databaseUrl = "" } = await open();
    const name = new URL(databaseUrl).pathname.slice(1);
    const database = await openDatabase({ databaseUrl, postgres: { poolSize: 2 }, home, log });
    const write = () => database.query.insert(serverFacts).values({ key: crypto.randomUUID(), value: 1 });
    await admin(databaseUrl, async (client) => {
      await client.unsafe(`alter database ${name} set default_transaction_read_only = on`);
      await client`select pg_terminate_backend(pid) from pg_stat_activity
        where datname = ${name} and pid <> pg_backend_pid()`;
    });
    const readOnly = await failureOf(write, "25006");
    expect(isPassing(readOnly)).toBe(true);
    await admin(databaseUrl, async (client) => {
      await client.unsafe("set default_transaction_read_only = off");
      await client.unsafe(`alter database ${name} reset default_transaction_read_only`);
    });
    // The old connections would stay read-only for their whole life.
    await retried(write);
    await database.close();
  }, 60_000);

  test("a stricter default isolation level does not make Heddle's transactions fail", async () => {
    const { databaseUrl = "" } = await open();
    const name = new URL(databaseUrl).pathname.slice(1);
    await admin(databaseUrl, (client) =>
      client.unsafe(`alter database ${name} set default_transaction_isolation = serializable`),
    );
    const database = await openDatabase({ databaseUrl, home, log });
    const { rows } = await database.execute("select current_setting('transaction_isolation') as level");
    expect(rows).toEqual([{ level: "read committed" }]);
    await database.close();
  }, 60_000);

  test("a transaction rolled back by the server because of a conflict is retried", async () => {
    const db = await open();
    await db.query.insert(serverFacts).values([
      { key: "a", value: 0 },
      { key: "b", value: 0 },
    ]);
    const bothHold = Promise.withResolvers<void>();
    let holding = 0;
    const lockBoth = (first: string, second: string) =>
      db.query.transaction(async (tx) => {
        await tx.execute(sql`update meta set value = '1'::jsonb where key = ${first}`);
        holding += 1;
        if (holding === 2) bothHold.resolve();
        await bothHold.promise;
        await tx.execute(sql`update meta set value = '1'::jsonb where key = ${second}`);
        return "done";
      });
    expect(await Promise.all([lockBoth("a", "b"), lockBoth("b", "a")])).toEqual(["done", "done"]);
    expect(holding).toBe(3);
  }, 60_000);

  const root = process.env.TEST_POSTGRES_ROOT;
  describe.skipIf(root === undefined && process.env.CI !== "true")("PgBouncer", () => {
    test("in transaction mode is refused with an explanation, or works with a direct URL", async () => {
      const { databaseUrl = "" } = await open();
      const pooler = await startPgBouncer(root ?? "", new URL(databaseUrl), "transaction");
      const refused = await openDatabase({ databaseUrl: pooler.url.href, home, log }).then(never, (e) => e);
      expect(refused).toMatchObject({ code: "database" });
      expect(refused.message).toContain("DATABASE_DIRECT_URL");
      const database = await openDatabase({
        databaseUrl: pooler.url.href,
        postgres: { directUrl: databaseUrl },
        home,
        log,
      });
      const heard = Promise.withResolvers<string>();
      await database.listen("here", heard.resolve, () => undefined);
      // Parameters, dates and transactions work without prepared statements.
      await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          database.query.transaction(async (tx) => {
            await tx.insert(serverFacts).values({ key: `pooled ${index}`, value: index });
            await tx.execute(sql`select ${new Date()}::timestamptz`);
          }),
        ),
      );
      await database.execute("select pg_notify($1, $2)", ["here", "through the pooler"]);
      expect(await heard.promise).toBe("through the pooler");
      await database.close();
      await pooler.stop();
    }, 60_000);

    test("in transaction mode is also refused if it rotates many connections", async () => {
      const { databaseUrl = "" } = await open();
      const pooler = await startPgBouncer(root ?? "", new URL(databaseUrl), "transaction", {
        roundRobin: true,
      });
      const others = postgres(pooler.url.href, { max: 12, prepare: false });
      await Promise.all(Array.from({ length: 12 }, () => others`select pg_sleep(0.2)`));
      const refused = await openDatabase({ databaseUrl: pooler.url.href, home, log }).then(never, (e) => e);
      expect(refused).toMatchObject({
        code: "database",
        message: expect.stringContaining("DATABASE_DIRECT_URL"),
      });
      await others.end();
      await pooler.stop();
    }, 60_000);

    test("in transaction mode is refused as the direct URL, whatever DATABASE_URL is", async () => {
      const { databaseUrl = "" } = await open();
      const pooler = await startPgBouncer(root ?? "", new URL(databaseUrl), "transaction");
      const postgres = { directUrl: pooler.url.href };
      for (const url of [databaseUrl, new URL("?application_name=x", pooler.url).href]) {
        const refused = await openDatabase({ databaseUrl: url, postgres, home, log }).then(never, (e) => e);
        expect(refused).toMatchObject({
          code: "database",
          message: expect.stringMatching(/^DATABASE_DIRECT_URL leads to a pooler/),
        });
      }
      await pooler.stop();
    }, 60_000);

    test("in session mode works like the server itself", async () => {
      const { databaseUrl = "" } = await open();
      const pooler = await startPgBouncer(root ?? "", new URL(databaseUrl), "session");
      const database = await openDatabase({ databaseUrl: pooler.url.href, home, log });
      await database.query.insert(serverFacts).values({ key: "session", value: 1 });
      await database.close();
      await pooler.stop();
    }, 60_000);
  });
});

/** A proxy that can be told to freeze its connections: then nothing is forwarded and nothing is closed. */
async function startForgetfulProxy(target: URL) {
  const forgotten = new WeakSet<Socket>();
  const all = new Set<Socket>();
  const proxy = createServer((near) => {
    const far = connect(Number(target.port), target.hostname);
    all.add(near).add(far);
    near.on("data", (bytes) => forgotten.has(near) || far.write(bytes));
    far.on("data", (bytes) => forgotten.has(near) || near.write(bytes));
    for (const socket of [near, far]) socket.on("error", () => undefined);
    near.on("close", () => far.destroy());
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  const address = proxy.address();
  const url = new URL(target);
  url.port = String(typeof address === "object" && address ? address.port : 0);
  return {
    url,
    forget() {
      for (const socket of all) forgotten.add(socket);
    },
    async close() {
      for (const socket of all) socket.destroy();
      await new Promise((resolve) => proxy.close(resolve));
    },
  };
}

/** Resolves with the error once it has the SQLSTATE; earlier attempts may meet cut connections. */
async function failureOf(act: () => Promise<unknown>, state: string): Promise<unknown> {
  for (let tries = 1; tries <= 20; tries++) {
    const error = await act().then(never, (thrown: Error) => thrown);
    if ((error.cause as { code?: string }).code === state) return error;
  }
  return expect.unreachable();
}

/** Retries until it succeeds: dead or read-only connections are discovered one by one. */
async function retried<Result>(act: () => Promise<Result>): Promise<Result> {
  for (let tries = 1; ; tries++) {
    try {
      return await act();
    } catch (error) {
      if (!isPassing(error) || tries === 20) throw error;
    }
  }
}

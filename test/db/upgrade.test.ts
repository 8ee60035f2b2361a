// A database of the first version, with rows in every table, opens with this version and keeps working.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { eachDatabase, type TestDatabase } from "../database.ts";
import { createHttpFixture, type HttpFixture } from "../http/fixture.ts";
import { openAgain } from "../open-again.ts";

const migrations = join(import.meta.dirname, "../../src/db/migrations");
const initial = readFileSync(join(migrations, "0000_initial.sql"), "utf8");
const [first] = JSON.parse(readFileSync(join(migrations, "meta/_journal.json"), "utf8")).entries;
const rows = readFileSync(join(import.meta.dirname, "version-0.sql"), "utf8");

const OLD_KEY = `hdl_${"7".repeat(64)}`;
const WEBHOOKS_TASK = "0198c0de-0000-7000-8000-000000000031";
const GITHUB_SESSION = "0198c0de-0000-7000-8000-000000000011";
const GITHUB = [{ integrationType: "github", clientIdPrefix: "github:" }];

async function countsOf(db: TestDatabase): Promise<Record<string, number>> {
  const tables = await db.execute(
    "select tablename from pg_tables where schemaname = 'public' order by tablename",
  );
  const counts: Record<string, number> = {};
  for (const { tablename } of tables.rows) {
    const [row] = (await db.execute(`select count(*)::int as n from "${tablename}"`)).rows;
    counts[String(tablename)] = Number(row?.n);
  }
  return counts;
}

/** Resets the database to the first version's. */
async function makeOld(db: TestDatabase): Promise<void> {
  await db.execute("drop schema public cascade; drop schema drizzle cascade; create schema public");
  for (const statement of initial.split("--> statement-breakpoint")) await db.execute(statement);
  await db.execute(
    "create schema drizzle; create table drizzle.__drizzle_migrations (id serial primary key, hash text not null, created_at bigint)",
  );
  await db.execute("insert into drizzle.__drizzle_migrations (hash, created_at) values ($1, $2)", [
    createHash("sha256").update(initial).digest("hex"),
    first.when,
  ]);
  await db.execute(rows);
}

eachDatabase("a database of the first version", (open) => {
  let before: Record<string, number>;
  let after: Record<string, number>;
  let http: HttpFixture;
  let close: () => Promise<void>;

  beforeAll(async () => {
    const old = await open();
    await makeOld(old);
    before = await countsOf(old);
    const { home, databaseUrl } = old;
    await old.close();
    const db = await openAgain({ home, databaseUrl });
    after = await countsOf(db);
    http = await createHttpFixture(db, {
      metas: GITHUB,
      integrations: { github: { handle: async () => new Response() } },
    });
    close = db.close;
  });
  afterAll(() => close());

  test("still has every row", () => {
    expect(Object.values(before).every((count) => count > 0)).toBe(true);
    expect(after).toMatchObject(before);
  });

  test("is read, searched and written", async () => {
    const { body } = await http.send("GET", `/api/v1/tasks/${WEBHOOKS_TASK}`);
    expect(body).toMatchObject({ status: "complete", result: "Done", prompt: "A webhook of before" });
    const found = await http.send("GET", "/api/v1/documents/search?q=zebra");
    expect(found.body[0].content).toBe("Zebras of before");
    const said = await http.send("POST", `/api/v1/sessions/${GITHUB_SESSION}/messages`, {
      body: { content: "And now?", run_agent: true },
    });
    expect(said.status).toBe(201);
  });

  test("a webhook handled earlier is still a duplicate", async () => {
    const again = await http.sessions.inject(
      {
        sessionId: GITHUB_SESSION,
        content: "A webhook of before",
        source: "github",
        idempotencyKey: "delivery-1",
      },
      "github",
    );
    expect(again).toMatchObject({ duplicate: true, task_id: WEBHOOKS_TASK });
  });

  test("keys can access what they could before, and processes what belongs to their integration", async () => {
    const old = await http.send("GET", "/api/v1/tasks", { key: OLD_KEY });
    expect(old.body.tasks.map(({ id }: { id: string }) => id)).toContain(WEBHOOKS_TASK);
    const lent = (integrationId: string) =>
      http.apiKeys.issueEphemeral({ name: "p", scopes: ["tasks:read", "documents:read"], integrationId }).key;
    const seen = async (key: string) => [
      (await http.send("GET", `/api/v1/tasks/${WEBHOOKS_TASK}`, { key })).status,
      (await http.send("GET", "/api/v1/documents/search?q=zebra", { key })).body.length,
    ];
    expect(await seen(lent("github"))).toEqual([200, 1]);
    expect(await seen(lent("camera"))).toEqual([404, 0]);
    const child = await http.send("POST", "/api/v1/api-keys", {
      key: OLD_KEY,
      body: { name: "child", scopes: ["tasks:read"] },
    });
    expect(child.body).toMatchObject({ parent_id: "0198c0de-0000-7000-8000-000000000091", rows: "all" });
  });
});

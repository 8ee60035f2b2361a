// A database of each former version, created by that version's code (versions/), opens with this one: every row is
// still there, and the API returns the same as before.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createIntegrationStore } from "../../src/integrations/settings/store.ts";
import { eachDatabase, type TestDatabase } from "../database.ts";
import { createHttpFixture, type HttpFixture } from "../http/fixture.ts";
import { openAgain } from "../open-again.ts";
import { until } from "../until.ts";

const folder = join(import.meta.dirname, "versions");
const VERSIONS = readdirSync(folder).filter((name) => /^\d.*\.sql$/.test(name));
const SCHEMAS = ["public", "pgboss", "drizzle"];
const OLD_KEY = `hdl_${"7".repeat(64)}`;
const GITHUB = [{ integrationType: "github", clientIdPrefix: "github:" }];

/** Rows by table; of the queue's tables, only the one with jobs. */
async function countsOf(db: Pick<TestDatabase, "execute">): Promise<Record<string, number>> {
  const tables = await db.execute(
    `select format('%I.%I', relnamespace::regnamespace, relname) as name from pg_class
     where relkind = 'r' and (relnamespace::regnamespace::text in ('public', 'drizzle') or relname = 'job_common')`,
  );
  const counts = tables.rows.map(
    ({ name }) => `select '${name}' as name, count(*)::int as count from ${name}`,
  );
  const { rows } = await db.execute(counts.join(" union all "));
  return Object.fromEntries(rows.map(({ name, count }) => [name, Number(count)]));
}

describe.each(VERSIONS)("%s", (version) => {
  eachDatabase("a database of a former version", (open) => {
    let before: Record<string, number>;
    let after: Record<string, number>;
    let http: HttpFixture;
    let close: () => Promise<void>;

    beforeAll(async () => {
      const old = await open();
      const { home, databaseUrl } = old;
      await old.execute(SCHEMAS.map((name) => `drop schema ${name} cascade;`).join(" "));
      await old.execute(`create schema public; ${readFileSync(join(folder, version), "utf8")}`);
      before = await countsOf(old);
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

    const get = async (path: string, key?: string) =>
      (await http.send("GET", `/api/v1${path}`, key === undefined ? {} : { key })).body;

    test("still has every row, with some in every table", () => {
      expect(Object.values(before).every((count) => count > 0)).toBe(true);
      expect(after).toMatchObject({
        ...before,
        "drizzle.__drizzle_migrations": expect.any(Number),
      });
    });

    test("is read over the API", async () => {
      const { tasks } = await get("/tasks");
      expect(tasks).toMatchObject([{ status: "pending", prompt: "A webhook of before", source: "github" }]);
      const [{ id, session_id }] = tasks;
      expect(await get(`/sessions/${session_id}/messages`)).toMatchObject([
        { role: "user", content: "A webhook of before", source: "github" },
      ]);
      expect(await get("/deliveries")).toMatchObject({
        deliveries: [{ task_id: id, status: "delivered", dispatch_type: "none" }],
      });
      expect(await get("/channels")).toMatchObject({ channels: [{ client_id: "github:acme/site" }] });
      const [{ id: channel }] = (await get("/channels")).channels;
      expect(JSON.stringify(await get(`/channels/${channel}/integrations`))).toContain("github:acme/other");
      expect(await get("/bots/reviewer")).toMatchObject({ name: "Reviewer", system_prompt: "You review." });
      expect((await get("/documents/search?q=zebra"))[0]).toMatchObject({ content: "Zebras of before" });
      expect(JSON.stringify(await get("/inbox"))).toContain("0198c0de-0000-7000-8000-000000000061");
      expect((await get("/tasks", OLD_KEY)).tasks).toMatchObject([{ id }]);
    });

    test("encrypted values can be decrypted", async () => {
      const { db, vault } = http;
      const store = createIntegrationStore({ db, vault, addSecret: () => undefined }).of("github");
      expect(await store.read("token")).toMatchObject({ value: "a secret of before", secret: true });
      expect(await store.read("cursor")).toMatchObject({ value: { page: 5 }, secret: false });
    });

    test("a waiting job is done, and a webhook handled earlier is a duplicate", async () => {
      const [{ id, session_id }] = (await get("/tasks")).tasks;
      const again = await http.sessions.inject(
        { sessionId: session_id, content: "Once more", source: "github", idempotencyKey: "delivery-1" },
        "github",
      );
      expect(again).toMatchObject({ duplicate: true, task_id: id });
      const done: string[] = [];
      http.queue.work("tasks", {
        concurrency: 1,
        async run(job) {
          await http.db.query.transaction((tx) => http.queue.complete(tx, "tasks", job));
          done.push(job.subject);
        },
      });
      await until(
        () => done,
        (subjects) => subjects.length > 0,
      );
      expect(done).toEqual([id]);
    });
  });
});

test("there is at least one former version", () => {
  expect(VERSIONS.length).toBeGreaterThan(0);
});

// Writes the fixture of a version: a database with rows in every table, created by this version. It is run once per
// release on that release's sources, and its output is never changed. The name must sort: a date and a version.
//   TEST_DATABASE_URL=postgres://… bun test/db/versions/dump.ts <name> [<root folder of PostgreSQL, for chroot>]

import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createIntegrationStore } from "../../../src/integrations/settings/store.ts";
import { createDocuments } from "../../../src/search/documents.ts";
import type { TestDatabase } from "../../database.ts";
import { createDatabasePool } from "../../database-pool.ts";
import { createHttpFixture } from "../../http/fixture.ts";
import { postgresDatabases } from "../../postgres-databases.ts";

const server = process.env.TEST_DATABASE_URL;
const [name, root] = process.argv.slice(2);
if (!server || !name)
  throw new Error("TEST_DATABASE_URL and the name must be given; see the top of this file.");

const pool = createDatabasePool(postgresDatabases(server));
const { database, release } = await pool.acquire();
try {
  await fill(database);
  const file = join(import.meta.dirname, `${name}.sql`);
  writeFileSync(file, withoutSettings(dump(String(database.databaseUrl))));
} finally {
  await release();
}

async function fill(db: TestDatabase): Promise<void> {
  const github = { integrationType: "github", clientIdPrefix: "github:" };
  const http = await createHttpFixture(db, {
    metas: [github],
    integrations: { github: { handle: async () => new Response() } },
  });
  const { session_id } = await http.sessions.getOrCreate({
    clientId: "github:acme/site",
    botId: "default",
    dispatchConfig: { type: "none" },
  });
  await http.sessions.inject(
    {
      sessionId: session_id,
      content: "A webhook of before",
      source: "github",
      runAgent: true,
      idempotencyKey: "delivery-1",
    },
    "github",
  );
  await createDocuments({ db }).ingest({
    integrationId: "github",
    owner: "integration:github",
    title: "Animals",
    content: "Zebras of before",
  });
  const store = createIntegrationStore({ db, vault: http.vault, addSecret: () => undefined }).of("github");
  await store.write("cursor", { page: 5 }, {});
  await store.write("token", "a secret of before", { secret: true });
  await db.execute(readFileSync(join(import.meta.dirname, "rows.sql"), "utf8"));
  await http.queue.close();
}

/** Statements that both databases understand. */
function dump(url: string): string {
  const program = [
    "/usr/lib/postgresql/17/bin/pg_dump",
    url,
    "--inserts",
    "--no-owner",
    "--no-privileges",
    "--no-comments",
  ];
  const [command = "", ...rest] = root === undefined ? program : ["chroot", root, ...program];
  return execFileSync(command, rest, { encoding: "utf8", maxBuffer: 100_000_000 });
}

/** Removes comments, psql commands, and settings that would outlast the statements. */
function withoutSettings(text: string): string {
  const lines = text
    .split("\n")
    .filter((line) => !/^(--|\\|SET |SELECT pg_catalog\.set_config|$)/.test(line));
  return `${lines.join("\n")}\n`;
}

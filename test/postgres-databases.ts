// PostgreSQL databases for tests, on a running server.

import { rmSync } from "node:fs";
import { getLogger } from "@logtape/logtape";
import postgres from "postgres";
import { openDatabase } from "../src/db/open.ts";
import { preparedArchivePath } from "../src/runtime/assets.ts";
import type { DatabaseMaker } from "./database-pool.ts";
import { makeHome, newDatabaseName } from "./databases-of-run.ts";
import { createQueueOnce } from "./embedded-databases.ts";

const log = getLogger("heddle");

/** `server` is the URL of a database on that server, with the credentials of a superuser. */
export function postgresDatabases(server: string): DatabaseMaker {
  return {
    async make() {
      const home = makeHome();
      const name = newDatabaseName();
      await onServer(server, async (admin) => {
        const template = await ensureTemplate(admin, server, home);
        await admin.unsafe(`create database ${name} template ${template}`);
      });
      return {
        home,
        databaseUrl: withDatabase(server, name),
        async remove() {
          await onServer(server, (admin) => admin.unsafe(`drop database if exists ${name} with (force)`));
          rmSync(home, { recursive: true, force: true });
        },
      };
    },
    open: ({ home, databaseUrl }) => openDatabase({ databaseUrl, home, log }),
  };
}

/** Returns the database to copy, one for each state of the migrations. A lock guards its making, since several runs may share a server. */
async function ensureTemplate(admin: postgres.Sql, server: string, home: string): Promise<string> {
  const key = /prepared-(\w+)/.exec(preparedArchivePath())?.[1];
  const name = `heddle_template_${key}`;
  await admin`select pg_advisory_lock(hashtext(${name}))`;
  const [done] = await admin`select 1 from pg_database where datname = ${name} and datistemplate`;
  if (!done) {
    await admin.unsafe(`drop database if exists ${name} with (force)`);
    await admin.unsafe(`create database ${name}`);
    const database = await openDatabase({ databaseUrl: withDatabase(server, name), home, log });
    await createQueueOnce(database);
    await database.close();
    // This comes last: it marks the template as complete.
    await admin.unsafe(`alter database ${name} is_template true allow_connections false`);
  }
  await admin`select pg_advisory_unlock(hashtext(${name}))`;
  return name;
}

async function onServer(server: string, act: (sql: postgres.Sql) => Promise<unknown>): Promise<void> {
  const admin = postgres(server, { max: 1, onnotice: () => undefined });
  try {
    await act(admin);
  } finally {
    await admin.end();
  }
}

function withDatabase(server: string, name: string): string {
  const url = new URL(server);
  url.pathname = `/${name}`;
  return url.href;
}

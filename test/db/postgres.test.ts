import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { getLogger } from "@logtape/logtape";
import postgres from "postgres";
import { explainPostgresError } from "../../src/db/failure.ts";
import { openDatabase } from "../../src/db/open.ts";
import { isNewEnough } from "../../src/db/postgres-prepare.ts";
import { channels, serverFacts } from "../../src/db/schema.ts";
import { newId } from "../../src/ids.ts";
import { until } from "../until.ts";

const log = getLogger("heddle");
const home = mkdtempSync(join(tmpdir(), "heddle-postgres-"));
afterAll(() => rmSync(home, { recursive: true, force: true }));

const failure = (databaseUrl: string) =>
  openDatabase({ databaseUrl, home, log }).then(
    () => expect.unreachable(),
    (error: Error) => error,
  );

test("an unreachable server is named in one line, without the password", async () => {
  const error = await failure("postgres://heddle:s3cr%40t@127.0.0.1:1/heddle");
  expect(error).toMatchObject({
    code: "database",
    message: "PostgreSQL at 127.0.0.1:1 cannot be reached (ECONNREFUSED): start it, or correct DATABASE_URL.",
  });
});

test("no part of an error contains the password in any spelling", () => {
  const original = new Error("bad password s3cr@t (s3cr%40t)", { cause: new Error("s3cr@t") });
  const error = explainPostgresError(original, "postgres://heddle:s3cr%40t@db/heddle");
  expect(error.message).toContain("[redacted]");
  expect(inspect(error, { depth: 9 })).not.toContain("s3cr");
});

test("pgvector must be 0.8 or newer, which can go on until enough rows pass a filter", () => {
  for (const version of ["0.8.0", "0.8.7", "0.10.0", "1.0"])
    expect([version, isNewEnough(version)]).toEqual([version, true]);
  for (const version of [null, "0.7.4", "0.5", ""])
    expect([version, isNewEnough(version)]).toEqual([version, false]);
});

const server = process.env.TEST_DATABASE_URL;

if (server) describe("a real server", () => suite(server));

function suite(server: string): void {
  const admin = postgres(server, { max: 1, onnotice: () => undefined });
  const made: string[] = [];
  const roles: string[] = [];

  afterAll(async () => {
    for (const name of made) await admin.unsafe(`drop database if exists ${name} with (force)`);
    for (const name of roles) await admin.unsafe(`drop role ${name}`);
    await admin.end();
  });

  const newName = () => `heddle_test_${crypto.randomUUID().replaceAll("-", "")}`;

  async function newDatabase(): Promise<{ name: string; url: URL }> {
    const name = newName();
    await admin.unsafe(`create database ${name}`);
    made.push(name);
    const url = new URL(server);
    url.pathname = `/${name}`;
    return { name, url };
  }

  async function newRole(): Promise<string> {
    const name = newName();
    await admin.unsafe(`create role ${name} login password 'pass word'`);
    roles.push(name);
    return name;
  }

  const as = (url: URL, role: string, password: string) => {
    const own = new URL(url);
    own.username = role;
    own.password = password;
    return own.href;
  };

  test("several servers starting at once on an empty database all open it", async () => {
    const { url } = await newDatabase();
    const opened = await Promise.all(
      [1, 2, 3, 4].map(() => openDatabase({ databaseUrl: url.href, home, log })),
    );
    const [first, second] = opened;
    await first?.query.insert(serverFacts).values({ key: "a", value: 1 });
    expect(await second?.query.select().from(serverFacts)).toEqual([{ key: "a", value: 1 }]);
    for (const database of opened) await database.close();
  });

  test("a wrong password, an unknown user and an unknown database say what to correct", async () => {
    const { url } = await newDatabase();
    const role = await newRole();
    const wrong = await failure(as(url, role, "wr0ng"));
    expect(wrong.message).toContain(`refuses the password of the user ${role}`);
    expect(inspect(wrong, { depth: 9 })).not.toContain("wr0ng");
    expect((await failure(as(url, "nobody_here", "x"))).message).toContain("the user nobody_here");
    url.pathname = "/not_there";
    expect((await failure(url.href)).message).toContain(
      "has no database not_there: create it (createdb not_there)",
    );
  });

  test("for a role that may not add pgvector or create tables, the error says what a superuser must do", async () => {
    const { name, url } = await newDatabase();
    const role = await newRole();
    const theirs = as(url, role, "pass word");
    expect((await failure(theirs)).message).toContain(
      `The role ${role} may not add the extension pgvector: as a superuser run CREATE EXTENSION vector; in the database ${name}`,
    );
    const inside = postgres(url.href, { max: 1, onnotice: () => undefined });
    await inside`create extension vector`;
    await inside.end();
    expect((await failure(theirs)).message).toContain(`ALTER DATABASE ${name} OWNER TO ${role};`);
    await admin.unsafe(`alter database ${name} owner to ${role}`);
    await (await openDatabase({ databaseUrl: theirs, home, log })).close();
  });

  test("listeners and the pool recover after the server has cut every connection", async () => {
    const { name, url } = await newDatabase();
    const database = await openDatabase({ databaseUrl: url.href, home, log });
    const connected = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    let connections = 0;
    const heard = Promise.withResolvers<string>();
    await database.listen("here", heard.resolve, () => connected[connections++]?.resolve());
    await connected[0]?.promise;
    await admin`select pg_terminate_backend(pid) from pg_stat_activity where datname = ${name}`;
    await connected[1]?.promise;
    await admin.unsafe("select 1");
    await database.execute("select pg_notify('here', 'again')");
    expect(await heard.promise).toBe("again");
    await database.close();
  });

  test("a listener that begins while the connection is away shares the next one", async () => {
    const { name, url } = await newDatabase();
    const database = await openDatabase({ databaseUrl: url.href, home, log });
    const again = Promise.withResolvers<void>();
    let connections = 0;
    await database.listen(
      "here",
      () => undefined,
      () => void (++connections === 2 && again.resolve()),
    );
    const heard: string[] = [];
    await admin`select pg_terminate_backend(pid) from pg_stat_activity where datname = ${name}`;
    const listen = () =>
      database.listen(
        "there",
        (payload) => heard.push(payload),
        () => undefined,
      );
    // The first attempts may still meet the connection that was cut.
    while (!(await listen().catch(() => undefined)));
    await again.promise;
    await admin.unsafe("select 1");
    await database.execute("select pg_notify('there', 'once')");
    await until(() => heard.length > 0);
    await Bun.sleep(100);
    expect(heard).toEqual(["once"]);
    await database.close();
    const { count } =
      (await admin`select count(*)::int from pg_stat_activity where datname = ${name}`)[0] ?? {};
    expect(count).toBe(0);
  });

  test("a query takes the free connection that was used last", async () => {
    const { url } = await newDatabase();
    const database = await openDatabase({ databaseUrl: url.href, home, log });
    const pid = async () =>
      (await database.execute("select pg_backend_pid() as pid, pg_sleep(0.02)")).rows[0]?.pid;
    await Promise.all([pid(), pid(), pid()]);
    expect(new Set([await pid(), await pid(), await pid(), await pid()]).size).toBe(1);
    await database.close();
  });

  test("statements with ever new texts do not accumulate on the server", async () => {
    const { url } = await newDatabase();
    // One connection, so that all statements share a session.
    const database = await openDatabase({ databaseUrl: url.href, home, log });
    await database.query.transaction(async (tx) => {
      for (let count = 1; count <= 300; count++) {
        const rows = Array.from({ length: count }, () => ({ id: newId(), client_id: newId(), name: "" }));
        await tx.insert(channels).values(rows);
      }
      const result: unknown = await tx.execute("select count(*)::int as count from pg_prepared_statements");
      const [row] = result as { count: number }[];
      expect(row?.count).toBeGreaterThan(100);
      expect(row?.count).toBeLessThanOrEqual(257);
    });
    await database.close();
  });
}

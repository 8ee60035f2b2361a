// Starts that cannot succeed explain why in one line and exit with 1; interrupted starts leave nothing half-made.

import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import postgres from "postgres";
import { eachDatabase, onPostgres } from "../database.ts";
import { makeHome } from "../databases-of-run.ts";
import { ask, killAll, type LaunchOptions, launch } from "./process.ts";
import { createRandom, type Random } from "./random.ts";

const folder = makeHome();
/** This server would share its port with others that allow it, as another server of this user might. */
const taken = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  reusePort: true,
  fetch: () => new Response("taken"),
});
let random: Random;

beforeAll(() => {
  random = createRandom("start.test.ts");
  writeFileSync(join(folder, "a-file"), "");
});
afterEach(killAll);
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await taken.stop(true);
});

const home = join(folder, "home");
const serve = (environment: Record<string, string>): LaunchOptions => ({
  arguments: ["--home", home, "--port", "0"],
  environment,
});

const WRONG: [name: string, options: LaunchOptions, says: RegExp][] = [
  [
    "a port that is not a number",
    { arguments: ["--home", home, "--port", "http"] },
    /PORT must be a whole number from 0 to 65535; got "http"/,
  ],
  ["an unknown flag", { arguments: ["--home", home, "--bogus"] }, /does not take "--bogus"/],
  ["a flag without its value", { arguments: ["--port", "0", "--home"] }, /--home needs a value/],
  ["an unknown log level", serve({ LOG_LEVEL: "loud" }), /LOG_LEVEL must be one of .*; got "loud"/],
  ["an unknown log format", serve({ LOG_FORMAT: "xml" }), /LOG_FORMAT must be .*; got "xml"/],
  ["no run at a time", serve({ WORKER_CONCURRENCY: "0" }), /WORKER_CONCURRENCY must be .*; got "0"/],
  [
    "a time limit that is not a number",
    serve({ TASK_MAX_RUN_SECONDS: "1h" }),
    /TASK_MAX_RUN_SECONDS must be .*; got "1h"/,
  ],
  ["an unknown time zone", serve({ TIMEZONE: "Mars/Phobos" }), /TIMEZONE must be .*; got "Mars\/Phobos"/],
  ["an address that is not a URL", serve({ OPENAI_BASE_URL: "localhost" }), /OPENAI_BASE_URL/],
  [
    "another database",
    serve({ DATABASE_URL: "mysql://root:s3cret@localhost/x" }),
    /DATABASE_URL must be .*; got a mysql: URL/,
  ],
  [
    "a database that does not exist",
    serve({ DATABASE_URL: "postgres://heddle:s3cret@127.0.0.1:1/x" }),
    /127\.0\.0\.1:1/,
  ],
  [
    "a short key",
    serve({ API_KEY: "s3cret" }),
    /API_KEY must be at least 16 characters long; got 6 characters/,
  ],
  ["an encryption key of another form", serve({ ENCRYPTION_KEY: "s3cret" }), /ENCRYPTION_KEY/],
  ["a host of another machine", serve({ HOST: "192.0.2.1" }), /192\.0\.2\.1.*HOST/],
  ["an unknown host", serve({ HOST: "nowhere.invalid" }), /nowhere\.invalid.*HOST/],
  ["a home that is a file", { arguments: ["--home", join(folder, "a-file"), "--port", "0"] }, /HEDDLE_HOME/],
  [
    "a port that is taken",
    { arguments: ["--home", home, "--port", String(taken.port)] },
    new RegExp(`port ${taken.port} .*PORT`),
  ],
  ["a worker on the embedded database", { command: "worker", arguments: ["--home", home] }, /DATABASE_URL/],
];

describe("a start that cannot succeed", () => {
  test.each(WRONG)(
    "%s",
    async (_name, options, says) => {
      const process = launch(options);
      expect(await process.ended).toBe(1);
      expect(process.errors()).toMatch(/^heddle: [^\n]+\n$/);
      expect(process.errors()).toMatch(says);
      expect(process.errors()).not.toContain("s3cret");
    },
    20_000,
  );

  test("fails on the home of a running server, which keeps answering", async () => {
    const first = launch(serve({}));
    const url = await first.started;
    const second = launch(serve({}));
    expect(await second.ended).toBe(1);
    expect(second.errors()).toMatch(/^heddle: [^\n]*in use by another Heddle \(process \d+\)[^\n]*\n$/);
    expect(second.errors()).toContain(String(first.pid));
    expect(await ask(url, "/api/v1/tasks")).toMatchObject({ tasks: [] });
  }, 30_000);
});

eachDatabase("first starts cut short by kill -9", (open) => {
  test("are completed by the next start", async () => {
    const { databaseUrl } = await open.place();
    // Not the home of the database above, which already exists.
    const home = mkdtempSync(join(folder, "cut-"));
    const options: LaunchOptions = {
      arguments: ["--home", home, "--port", "0"],
      environment: databaseUrl ? { DATABASE_URL: databaseUrl } : {},
    };
    for (let start = 0; start < 6; start++) {
      const process = launch(options);
      await Bun.sleep(random.between(200, 1_500));
      process.kill("SIGKILL");
      expect(await process.ended).toBe("SIGKILL");
    }
    const process = launch(options);
    expect(await ask(await process.started, "/api/v1/bots")).toMatchObject({ bots: [{ id: "default" }] });
    process.kill("SIGTERM");
    expect(await process.ended).toBe(0);
    expect(process.errors()).toBe("");
  }, 60_000);
});

onPostgres("three servers that start at once on an empty database", (open) => {
  test("all serve, and a link that one of them prints signs in at another, once", async () => {
    const { databaseUrl } = await open.place();
    const empty = await emptyDatabase(String(databaseUrl));
    try {
      const homes = [1, 2, 3].map(() => mkdtempSync(join(folder, "one-of-three-")));
      const servers = homes.map((home) =>
        launch({
          arguments: ["--home", home, "--port", "0"],
          // With a key in the environment, no link is printed here.
          environment: { DATABASE_URL: empty.url, ENCRYPTION_KEY: "0".repeat(64), API_KEY: "" },
        }),
      );
      const urls = await Promise.all(servers.map(({ started }) => started));
      const tokens = servers.map(({ said }) => /^Sign in.*\/sign-in#(once_\S+)$/m.exec(said())?.[1]);
      const [first, second] = urls.map(String);
      const signIn = (url: string) =>
        fetch(`${url}/api/v1/sign-ins`, {
          method: "POST",
          headers: { origin: url, "content-type": "application/json" },
          body: JSON.stringify({ link: tokens[0] }),
        });
      const tries = await Promise.all([signIn(String(first)), signIn(String(second))]);
      expect(tries.map(({ status }) => status).sort()).toEqual([201, 401]);
      const at = tries[0]?.status === 201 ? first : second;
      const cookie = String(tries.find(({ ok }) => ok)?.headers.get("set-cookie")).split(";")[0];
      const bots = await fetch(`${at}/api/v1/bots`, { headers: { cookie: String(cookie) } });
      expect(await bots.json()).toMatchObject({ bots: [{ id: "default" }] });
      expect(servers.map(({ errors }) => errors()).join()).not.toContain(String(tokens[0]));
      for (const server of servers) server.kill("SIGTERM");
      for (const server of servers) expect(await server.ended).toBe(0);
      expect(servers.map(({ errors }) => errors())).toEqual(["", "", ""]);
    } finally {
      await killAll();
      await empty.remove();
    }
  }, 60_000);
});

async function emptyDatabase(near: string) {
  const sql = postgres(near, { max: 1, onnotice: () => undefined });
  const url = new URL(near);
  const name = `${url.pathname.slice(1)}_empty`;
  await sql.unsafe(`create database ${name}`);
  url.pathname = `/${name}`;
  return {
    url: url.href,
    async remove() {
      await sql.unsafe(`drop database ${name} with (force)`);
      await sql.end();
    },
  };
}

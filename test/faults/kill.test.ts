// `kill -9` at random moments while webhooks arrive: nothing accepted is lost, and nothing is done twice.

import { afterAll, afterEach, beforeAll, expect, test } from "bun:test";
import postgres from "postgres";
import { type DatabasePlace, eachDatabase, onPostgres } from "../database.ts";
import { createFakeGitHub, type FakeGitHub } from "../github/fake-github.ts";
import { until } from "../until.ts";
import { type ReviewingModel, runsByRepo, startReviewingModel } from "./model.ts";
import { ask, type HeddleProcess, killAll, launch } from "./process.ts";
import { createRandom, type Random } from "./random.ts";
import { readStored, type Stored } from "./stored.ts";
import { pullRequests, send, WEBHOOK_SECRET, type Webhook } from "./webhooks.ts";

/** `KILLS=20` looks longer for a moment at which something is lost. */
const KILLS = Number(process.env.KILLS ?? 2);
const WEBHOOKS_PER_KILL = 40;
const DROPS = 2;
const CONNECTIONS = 8;
/** How many webhooks may be waiting for their comment, so that they keep arriving until after the last kill. */
const AHEAD = 40;
const MINUTES = 60_000;

let random: Random;
let model: ReviewingModel;
let github: FakeGitHub;

beforeAll(async () => {
  random = createRandom("kill.test.ts");
  model = await startReviewingModel(() => random.between(1, 40));
  github = createFakeGitHub({ token: "ghp_of_the_test", delayMs: () => random.between(1, 30) });
});
afterEach(async () => {
  await killAll();
  // The next test reuses the same pull request numbers.
  github.comments.length = 0;
});
afterAll(async () => {
  await model.stop();
  await github.close();
});

function start(
  { home, databaseUrl }: DatabasePlace,
  { command = "serve", ...environment }: Record<string, string> & { command?: "serve" | "worker" } = {},
): HeddleProcess {
  return launch({
    command,
    arguments: ["--home", home, ...(command === "serve" ? ["--port", "0"] : [])],
    environment: {
      ...(databaseUrl && { DATABASE_URL: databaseUrl }),
      OPENAI_BASE_URL: model.url,
      GITHUB_API_URL: github.url,
      GITHUB_TOKEN: "ghp_of_the_test",
      GITHUB_WEBHOOK_SECRET: WEBHOOK_SECRET,
      WORKER_CONCURRENCY: "8",
      ...environment,
    },
  });
}

/** The server's current URL: the port changes with each start. */
interface Address {
  url: Promise<string>;
}

/** Sends each webhook until it is accepted, as GitHub's redelivery would. Returns how many had to be resent. */
async function sendAll(webhooks: Webhook[], address: Address): Promise<number> {
  const commentsBefore = github.comments.length;
  const waiting = webhooks.values();
  let accepted = 0;
  let again = 0;
  const work = async () => {
    for (const webhook of waiting) {
      await until(
        () => accepted - (github.comments.length - commentsBefore),
        (ahead) => ahead < AHEAD,
      );
      while (!(await isAccepted(await address.url, webhook))) again++;
      accepted++;
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, work));
  return again;
}

async function isAccepted(url: string, webhook: Webhook): Promise<boolean> {
  try {
    const response = await send(url, webhook);
    await response.arrayBuffer();
    return response.ok;
  } catch {
    // The server is gone; its successor has a different address.
    await Bun.sleep(5);
    return false;
  }
}

async function untilDone(url: string): Promise<void> {
  // While the database is unavailable there is no answer to wait for.
  const isEmpty = (path: string, list: string) =>
    ask(url, path).then(
      (answer) => answer[list].length === 0,
      () => false,
    );
  const untilEmpty = (path: string, list: string) =>
    until(() => isEmpty(path, list), Boolean, { everyMs: 100, withinSeconds: 240 });
  for (const status of ["pending", "running"])
    await untilEmpty(`/api/v1/tasks?limit=1&status=${status}`, "tasks");
  for (const status of ["pending", "retrying"])
    await untilEmpty(`/api/v1/deliveries?limit=1&status=${status}`, "deliveries");
}

function expectOnceEach(webhooks: Webhook[], stored: Stored): void {
  const keys = stored.messages.flatMap(({ dedupe_key }) => dedupe_key ?? []);
  expect(keys.map((key) => key.slice(key.indexOf(":") + 1)).sort()).toEqual(
    webhooks.map(({ id }) => id).sort(),
  );
  expect(stored.tasks.map(({ task }) => [task.status, task.error])).toEqual(
    webhooks.map(() => ["complete", null]),
  );
  expect(stored.deliveries.map(({ status }) => status)).toEqual(webhooks.map(() => "delivered"));
  for (const { receipt } of stored.deliveries) {
    expect(receipt).toMatchObject({ comment_ids: [expect.any(Number)] });
  }
  // Each run called the model, its tool, and answered, whatever happened in between.
  const ofTask = (id: string) =>
    stored.messages.filter(({ task_id }) => task_id === id).map(({ role }) => role);
  for (const { task } of stored.tasks) expect(ofTask(task.id)).toEqual(["assistant", "tool", "assistant"]);
  expect(stored.jobs).toEqual([]);
}

/** Each repository's runs are sequential, in the order of its messages. */
function expectInOrder(asked: ReviewingModel["asked"], { tasks }: Stored): void {
  const runs = runsByRepo(asked);
  const injected = Map.groupBy(tasks, ({ task }) => task.session_id);
  const expected = [...injected.values()].map((own) =>
    own.map(({ content }) => Number(/Change (\d+)/.exec(content)?.[1])),
  );
  expect([...runs.values()].sort()).toEqual(expected.sort());
}

const commentsOn = (webhooks: Webhook[]) =>
  webhooks.map(({ issue }) => [issue, github.commentsOn(issue).length]);

eachDatabase("webhooks, and kill -9 again and again", (open) => {
  test(
    "one message, one completed task, one comment for each",
    async () => {
      const database = await open.place();
      const webhooks = pullRequests(KILLS * WEBHOOKS_PER_KILL, WEBHOOKS_PER_KILL);
      const before = { asked: model.asked.length, overlaps: model.overlaps.length };
      let server = start(database);
      const address: Address = { url: server.started };
      const sending = sendAll(webhooks, address);

      // A model request means that a run is in progress, so each kill hits some.
      let kills = 0;
      for (const count of killMoments()) {
        await model.whenAsked(before.asked + count);
        await Bun.sleep(random.between(0, 40));
        const next = Promise.withResolvers<string>();
        next.promise.catch(() => undefined);
        address.url = next.promise;
        server.kill("SIGKILL");
        expect(await server.ended).toBe("SIGKILL");
        kills++;
        server = start(database);
        server.started.then(next.resolve, next.reject);
      }
      const again = await sending;
      await untilDone(await server.started);
      server.kill("SIGTERM");
      expect(await server.ended).toBe(0);

      const stored = await readStored(database);
      const resumed = stored.tasks.filter(({ task }) => task.attempt > 1);
      const repeated = stored.deliveries.filter(({ attempts }) => attempts > 1);
      console.log(
        `${kills} kills hit ${resumed.length} runs, ${repeated.length} deliveries and ${again} webhooks on their way`,
      );
      expectOnceEach(webhooks, stored);
      expect(commentsOn(webhooks)).toEqual(webhooks.map(({ issue }) => [issue, 1]));
      expect(resumed.length).toBeGreaterThan(0);
      expectInOrder(model.asked.slice(before.asked), stored);
      expect(model.overlaps.slice(before.overlaps)).toEqual([]);
    },
    (KILLS + 3) * MINUTES,
  );
});

/** Numbers of model requests: each run needs two. */
function killMoments(): number[] {
  const moments: number[] = [];
  for (let kill = 0; kill < KILLS; kill++) moments.push(kill * 60 + random.between(10, 60));
  return moments;
}

onPostgres("a database that drops every connection, twice", (open) => {
  test(
    "one message, one completed task, one comment for each",
    async () => {
      const database = await open.place();
      const webhooks = pullRequests(40 * DROPS, 40);
      const asked = model.asked.length;
      const server = start(database);
      const sending = sendAll(webhooks, { url: server.started });
      for (let cut = 0; cut < DROPS; cut++) {
        await model.whenAsked(asked + cut * 40 + random.between(10, 40));
        await dropConnections(String(database.databaseUrl));
      }
      await sending;
      await untilDone(await server.started);
      server.kill("SIGTERM");
      expect(await server.ended).toBe(0);
      const stored = await readStored(database);
      expectOnceEach(webhooks, stored);
      expect(commentsOn(webhooks)).toEqual(webhooks.map(({ issue }) => [issue, 1]));
      expectInOrder(model.asked.slice(asked), stored);
    },
    2 * MINUTES,
  );
});

async function dropConnections(databaseUrl: string): Promise<void> {
  const sql = postgres(databaseUrl, { max: 1 });
  await sql`select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid()`;
  await sql.end();
}

onPostgres("two processes on one database, one of them killed", (open) => {
  test(
    "share the work, keep each session's order, and lose nothing",
    async () => {
      const database = await open.place();
      const webhooks = pullRequests(80, 20);
      const before = { asked: model.asked.length, overlaps: model.overlaps.length };
      const server = start(database, { DEFAULT_MODEL: "of-the-server" });
      const worker = start(database, { command: "worker", DEFAULT_MODEL: "of-the-worker" });
      await worker.started;
      const sending = sendAll(webhooks, { url: server.started });

      // Late enough for both to be busy, and before the end.
      await model.whenAsked(before.asked + 40 + random.between(0, 40));
      // In the middle of one of its runs.
      await until(() => model.asked.at(-1)?.model === "of-the-worker", Boolean, { everyMs: 1 });
      worker.kill("SIGKILL");
      expect(await worker.ended).toBe("SIGKILL");
      await sending;
      await untilDone(await server.started);
      server.kill("SIGTERM");
      expect(await server.ended).toBe(0);

      const stored = await readStored(database);
      expectOnceEach(webhooks, stored);
      expect(commentsOn(webhooks)).toEqual(webhooks.map(({ issue }) => [issue, 1]));
      const asked = model.asked.slice(before.asked);
      expect(new Set(asked.map((one) => one.model))).toEqual(new Set(["of-the-server", "of-the-worker"]));
      expect(stored.tasks.filter(({ task }) => task.attempt > 1).length).toBeGreaterThan(0);
      expectInOrder(asked, stored);
      expect(model.overlaps.slice(before.overlaps)).toEqual([]);
    },
    2 * MINUTES,
  );
});

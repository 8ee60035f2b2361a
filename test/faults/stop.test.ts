// Stopping during runs: they are finished or released, and none is lost or done twice.

import { afterAll, afterEach, beforeAll, expect, test } from "bun:test";
import { LLMock } from "@copilotkit/aimock";
import { type DatabasePlace, eachDatabase, type OpenTestDatabase, oneDatabase } from "../database.ts";
import { createFakeGitHub, type FakeGitHub } from "../github/fake-github.ts";
import { until } from "../until.ts";
import { ask, killAll, launch } from "./process.ts";
import { readStored } from "./stored.ts";
import { pullRequests, send, WEBHOOK_SECRET, type Webhook } from "./webhooks.ts";

let model: LLMock;
let github: FakeGitHub;
/** A gate that requests to the model wait for. */
let gate: Promise<void>;
let asked: PromiseWithResolvers<void>;

beforeAll(async () => {
  github = createFakeGitHub({ token: "ghp_of_the_test" });
  model = new LLMock({ port: 0 });
  model.on({ endpoint: "chat" }, async () => {
    asked.resolve();
    await gate;
    return { content: "All is well." };
  });
  await model.start();
});
afterEach(killAll);
afterAll(async () => {
  await model.stop();
  await github.close();
});

function serve({ home, databaseUrl }: DatabasePlace) {
  asked = Promise.withResolvers();
  return launch({
    arguments: ["--home", home, "--port", "0"],
    environment: {
      ...(databaseUrl && { DATABASE_URL: databaseUrl }),
      OPENAI_BASE_URL: `${model.url}/v1`,
      GITHUB_API_URL: github.url,
      GITHUB_TOKEN: "ghp_of_the_test",
      GITHUB_WEBHOOK_SECRET: WEBHOOK_SECRET,
    },
  });
}

/** A server in the middle of a run: the model has been called and does not answer until the gate opens. */
async function serveHalfway(database: DatabasePlace, webhook: Webhook) {
  const opening = Promise.withResolvers<void>();
  gate = opening.promise;
  const server = serve(database);
  const url = await server.started;
  expect((await send(url, webhook)).status).toBe(200);
  await asked.promise;
  return { server, url, openGate: opening.resolve };
}

let database: DatabasePlace;
let webhook: Webhook;

async function fresh(open: OpenTestDatabase): Promise<void> {
  database = await open.place();
  [webhook] = pullRequests(1, 1) as [Webhook];
  github.comments.length = 0;
}

/** Restarts with a model that answers, and returns what is stored once the comment has its receipt. */
async function afterRestart() {
  gate = Promise.resolve();
  const server = serve(database);
  const url = await server.started;
  await until(
    () => ask(url, "/api/v1/deliveries?status=delivered"),
    ({ deliveries }) => deliveries.length === 1,
    { everyMs: 100, withinSeconds: 150 },
  );
  server.kill("SIGTERM");
  expect(await server.ended).toBe(0);
  expect(github.commentsOn(webhook.issue)).toHaveLength(1);
  return readStored(database);
}

eachDatabase("a stop in the middle of a run", (open) => {
  test("releases a run that does not finish, and the next start completes it", async () => {
    await fresh(open);
    const { server } = await serveHalfway(database, webhook);
    server.kill("SIGTERM");
    expect(await server.ended).toBe(0);
    const handedBack = await readStored(database);
    expect(handedBack.tasks).toMatchObject([{ task: { status: "pending", attempt: 1, losses: 0 } }]);
    expect(handedBack.deliveries).toEqual([]);
    const { tasks, messages } = await afterRestart();
    expect(tasks).toMatchObject([{ task: { status: "complete", attempt: 2, losses: 0 } }]);
    expect(messages.map(({ role }) => role)).toEqual(["user", "assistant"]);
  }, 90_000);
});

// What the next start finds is shown above, and after kill -9, for each database.
oneDatabase("a stop in the middle of a run", (open) => {
  test("waits for runs that finish in time, and accepts nothing new", async () => {
    await fresh(open);
    const { server, url, openGate } = await serveHalfway(database, webhook);
    server.kill("SIGTERM");
    await until(
      () =>
        fetch(`${url}/health`).then(
          (response) => response.ok,
          () => false,
        ),
      (answers) => !answers,
    );
    openGate();
    expect(await server.ended).toBe(0);
    expect(server.errors()).toBe("");
    const { tasks } = await readStored(database);
    expect(tasks).toMatchObject([{ task: { status: "complete", attempt: 1, losses: 0 } }]);
    await afterRestart();
  }, 60_000);

  test("exits at once on the second signal, and the next start completes the run", async () => {
    await fresh(open);
    const { server, url } = await serveHalfway(database, webhook);
    server.kill("SIGTERM");
    await until(
      () =>
        fetch(`${url}/health`).then(
          (response) => response.ok,
          () => false,
        ),
      (answers) => !answers,
    );
    server.kill("SIGTERM");
    expect(await server.ended).toBe("SIGTERM");
    const { tasks } = await afterRestart();
    expect(tasks).toMatchObject([{ task: { status: "complete", attempt: 2, losses: 1 } }]);
  }, 90_000);
});

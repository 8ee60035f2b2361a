// The living description: a signed webhook comes in, the agent calls a tool, the answer is delivered. Only GitHub and
// the model are faked, each by a server that speaks its protocol.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { createHmac } from "node:crypto";
import { LLMock } from "@copilotkit/aimock";
import examples from "@octokit/webhooks-examples";
import { type Heddle, startServer } from "../src/compose/server.ts";
import { loadConfig } from "../src/config/config.ts";
import { type DatabasePlace, oneDatabase } from "./database.ts";
import { createFakeGitHub, type FakeGitHub } from "./github/fake-github.ts";
import { until } from "./until.ts";

const SECRET = "webhook-secret-of-the-test";
const KEY = "admin-key-of-the-flow-test";

const pullRequestOpened = examples
  .find((webhook) => webhook.name === "pull_request")
  ?.examples.find((example) => "action" in example && example.action === "opened");

let model: LLMock;
let github: FakeGitHub;

beforeAll(async () => {
  github = createFakeGitHub({ token: "ghp_of_the_test" });
  model = new LLMock({ port: 0 });
  model.addFixtures([
    {
      match: { hasToolResult: false },
      response: {
        toolCalls: [
          {
            name: "github_get_pr",
            arguments: JSON.stringify({ owner: "Codertocat", repo: "Hello-World", pull_number: 2 }),
          },
        ],
      },
    },
    { match: { hasToolResult: true }, response: { content: "Looks good to me." } },
  ]);
  await model.start();
});
afterAll(async () => {
  await model.stop();
  await github.close();
});

function startOn({ home, databaseUrl }: DatabasePlace): Promise<Heddle> {
  return startServer(
    loadConfig(
      { home, port: "0" },
      {
        ...(databaseUrl && { DATABASE_URL: databaseUrl }),
        API_KEY: KEY,
        // Its lines are read below.
        LOG_LEVEL: "info",
        ALLOW_PRIVATE_HOSTS: "127.0.0.1",
        OPENAI_BASE_URL: `${model.url}/v1`,
        GITHUB_API_URL: github.url,
        GITHUB_TOKEN: "ghp_of_the_test",
        GITHUB_WEBHOOK_SECRET: SECRET,
        GITHUB_BOT_LOGIN: "heddle-bot",
      },
    ),
  );
}

async function sendWebhook(url: string | null, delivery: string, payload: unknown) {
  const body = JSON.stringify(payload);
  const response = await fetch(`${url}/integrations/github/webhook`, {
    method: "POST",
    body,
    headers: {
      "content-type": "application/json",
      "x-github-event": "pull_request",
      "x-github-delivery": delivery,
      "x-hub-signature-256": `sha256=${createHmac("sha256", SECRET).update(body).digest("hex")}`,
    },
  });
  // biome-ignore lint/suspicious/noExplicitAny: as above
  return { status: response.status, body: (await response.json()) as any };
}

// biome-ignore lint/suspicious/noExplicitAny: answers are checked field by field
async function get(url: string | null, path: string): Promise<any> {
  const response = await fetch(`${url}${path}`, { headers: { authorization: `Bearer ${KEY}` } });
  return response.json();
}

// biome-ignore lint/suspicious/noExplicitAny: as above
async function send(url: string | null, path: string, body: unknown): Promise<any> {
  const response = await fetch(`${url}${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${KEY}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  return response.json();
}

oneDatabase("flow", (open) => {
  test("a pull request is reviewed: webhook, run, tool, answer, comment, receipt", async () => {
    const database = await open.place();
    let heddle = await startOn(database);
    const commentsBefore = github.comments.length;

    const accepted = await sendWebhook(heddle.url, "delivery-1", pullRequestOpened);
    expect(accepted).toMatchObject({ status: 200, body: { run_agent: true, duplicate: false } });
    const { task_id, session_id } = accepted.body;

    const task = await until(
      () => get(heddle.url, `/api/v1/tasks/${task_id}`),
      ({ status }) => !["pending", "running"].includes(status),
    );
    expect(task).toMatchObject({ status: "complete", result: "Looks good to me.", dispatch_type: "github" });

    const { deliveries } = await until(
      () => get(heddle.url, `/api/v1/deliveries?task_id=${task_id}`),
      ({ deliveries }) => deliveries[0]?.status === "delivered",
    );
    const comments = github.comments.slice(commentsBefore);
    expect(comments).toMatchObject([{ issue: "Codertocat/Hello-World#2" }]);
    expect(comments[0]?.body).toContain("Looks good to me.");
    expect(JSON.stringify(deliveries[0].receipt)).toContain(String(comments[0]?.id));

    const messages = await get(heddle.url, `/api/v1/sessions/${session_id}/messages`);
    const roles = (Array.isArray(messages) ? messages : messages.messages).map(
      (m: { role: string }) => m.role,
    );
    expect(roles).toEqual(["user", "assistant", "tool", "assistant"]);

    const { integrations } = await get(heddle.url, "/api/v1/integrations");
    expect(integrations.find(({ id }: { id: string }) => id === "github")).toMatchObject({
      status: "ready",
      webhook_url: `${heddle.url}/integrations/github/webhook`,
    });

    // At this level the log has one line for each: the verdict, the run, the delivery.
    const { lines } = await get(heddle.url, "/api/v1/logs?limit=500");
    const said: string[] = lines.map(({ message }: { message: string }) => message);
    const place = "github:Codertocat/Hello-World";
    expect(said.filter((line) => /^(Webhook|Delivered|default answered)/.test(line)).sort()).toEqual([
      `Delivered to ${place} by github (task ${task_id})`,
      `Webhook of github: POST /webhook accepted (200): task ${task_id}`,
      expect.stringContaining(`default answered in ${place} after`),
    ]);

    // A repeated webhook changes nothing, not even across a restart.
    await heddle.close();
    heddle = await startOn(database);
    const again = await sendWebhook(heddle.url, "delivery-1", pullRequestOpened);
    expect(again).toMatchObject({ status: 200, body: { duplicate: true, task_id } });
    await heddle.close();
    expect(github.comments.length).toBe(commentsBefore + 1);
  }, 30_000);

  test("a repository bound to three channels causes a run in each, one comment, and one answer in each chat", async () => {
    const database = await open.place();
    const heddle = await startOn(database);
    const chats: string[] = [];
    const chat = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      async fetch(request) {
        const { result } = (await request.json()) as { result: string };
        chats.push(`${new URL(request.url).pathname}: ${result}`);
        return new Response();
      },
    });
    for (const room of ["red", "blue", "red"]) {
      const { id } = await send(heddle.url, "/api/v1/channels", {
        client_id: `web:${room}:${crypto.randomUUID()}`,
        dispatch_config: { type: "webhook", url: `http://127.0.0.1:${chat.port}/${room}` },
      });
      const bound = await send(heddle.url, `/api/v1/channels/${id}/integrations`, {
        integration_type: "github",
        client_id: "github:Codertocat/Hello-World",
        event_filter: ["pull_request"],
      });
      expect(bound).toMatchObject({ channel_id: id, event_filter: ["pull_request"] });
    }
    const commentsBefore = github.comments.length;
    const copies = await Promise.all(
      [1, 2].map(() => sendWebhook(heddle.url, "delivery-2", pullRequestOpened)),
    );
    const [accepted] = copies;
    expect(accepted).toMatchObject({
      status: 200,
      body: { status: "processed", run_agent: true, channels: 3 },
    });
    const tasksOf = ({ body }: { body: { results: { task_id: string }[] } }) =>
      body.results.map(({ task_id }) => task_id);
    const ids: string[] = tasksOf(accepted as never);
    expect(copies.map((copy) => tasksOf(copy as never))).toEqual([ids, ids]);
    for (const id of ids) {
      await until(
        () => get(heddle.url, `/api/v1/tasks/${id}`),
        ({ status }) => status === "complete",
      );
      await until(
        () => get(heddle.url, `/api/v1/deliveries?task_id=${id}`),
        ({ deliveries }) => deliveries.every(({ status }: { status: string }) => status === "delivered"),
      );
    }
    expect(github.comments.slice(commentsBefore)).toMatchObject([{ issue: "Codertocat/Hello-World#2" }]);
    expect(chats.sort()).toEqual(["/blue: Looks good to me.", "/red: Looks good to me."]);
    await heddle.close();
    await chat.stop(true);
  }, 60_000);
});

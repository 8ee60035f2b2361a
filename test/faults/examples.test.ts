// Sends every example in @octokit/webhooks-examples to a real server, twice each.

import { afterAll, afterEach, beforeAll, expect, test } from "bun:test";
import { LLMock } from "@copilotkit/aimock";
import githubCom from "@octokit/webhooks-examples/api.github.com/index.json";
import enterprise31 from "@octokit/webhooks-examples/ghes-31/index.json";
import enterprise32 from "@octokit/webhooks-examples/ghes-32/index.json";
import enterprise33 from "@octokit/webhooks-examples/ghes-33/index.json";
import enterprise34 from "@octokit/webhooks-examples/ghes-34/index.json";
import enterprise35 from "@octokit/webhooks-examples/ghes-35/index.json";
import { oneDatabase } from "../database.ts";
import { createFakeGitHub, type FakeGitHub } from "../github/fake-github.ts";
import { until } from "../until.ts";
import { closeAll, startOn } from "./in-process.ts";
import { ask } from "./process.ts";
import { readStored } from "./stored.ts";
import { send } from "./webhooks.ts";

interface Payload {
  action?: string;
  review?: { state: string };
  pull_request?: { number: number };
  issue?: { number: number };
  repository?: { full_name: string };
}

interface Example {
  id: string;
  event: string;
  payload: Payload;
  body: string;
}

const DEFINITIONS = [
  githubCom,
  enterprise31,
  enterprise32,
  enterprise33,
  enterprise34,
  enterprise35,
].flat() as {
  name: string;
  examples: Payload[];
}[];

const example = (event: string, payload: Payload): Example => ({
  id: crypto.randomUUID(),
  event,
  payload,
  body: JSON.stringify(payload),
});

const EXAMPLES = DEFINITIONS.flatMap(({ name, examples }) =>
  examples.map((payload) => example(name, payload)),
);

/** GitHub events that a bot answers; all others are at most recorded. */
function isAnswered({ event, payload }: Example): boolean {
  if (event === "pull_request_review") return payload.review?.state === "changes_requested";
  return [
    "pull_request opened",
    "issues opened",
    "issue_comment created",
    "pull_request_review_comment created",
  ].includes(`${event} ${payload.action}`);
}

const CONNECTIONS = 8;

let model: LLMock;
let github: FakeGitHub;

beforeAll(async () => {
  github = createFakeGitHub({ token: "ghp_of_the_test" });
  model = new LLMock({ port: 0, journalMaxEntries: 10 });
  model.on({ endpoint: "chat" }, { content: "Seen." });
  await model.start();
});
afterEach(closeAll);
afterAll(async () => {
  await model.stop();
  await github.close();
});

oneDatabase("the example webhooks of GitHub", (open) => {
  test("none causes a 5xx; those that need an answer get exactly one", async () => {
    const database = await open.place();
    const heddle = await startOn(database, { modelUrl: `${model.url}/v1`, githubUrl: github.url });
    const review = EXAMPLES.find(({ event, payload }) => event === "pull_request_review" && payload.review);
    const asksForChanges = example("pull_request_review", {
      ...review?.payload,
      review: { ...review?.payload.review, state: "changes_requested" },
    });
    const all = [...EXAMPLES, asksForChanges];
    const waiting = [...all, ...all].values();
    const work = async () => {
      for (const one of waiting) {
        const response = await send(heddle.url, one);
        const answer = (await response.json()) as { run_agent?: boolean };
        expect([one.event, one.payload.action, response.status]).toEqual([
          one.event,
          one.payload.action,
          200,
        ]);
        expect([one.event, one.payload.action, answer.run_agent ?? false]).toEqual([
          one.event,
          one.payload.action,
          isAnswered(one),
        ]);
      }
    };
    await Promise.all(Array.from({ length: CONNECTIONS }, work));

    const answered = all.filter(isAnswered);
    expect(answered.length).toBeGreaterThan(30);
    await until(
      () => ask(heddle.url, "/api/v1/deliveries?status=delivered&limit=200"),
      ({ deliveries }) => deliveries.length === answered.length,
    );
    await heddle.close();

    const stored = await readStored(database);
    expect(stored.tasks.map(({ task }) => task.status)).toEqual(answered.map(() => "complete"));
    expect(stored.deliveries).toHaveLength(answered.length);
    const targets = answered.map(
      ({ payload: { repository, pull_request, issue } }) =>
        `${repository?.full_name}#${(pull_request ?? issue)?.number}`,
    );
    expect(github.comments.map(({ issue }) => issue).sort()).toEqual(targets.sort());
    github.comments.length = 0;
  }, 120_000);
});

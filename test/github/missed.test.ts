// What GitHub could not deliver is delivered again, and reactions show what the bot does.

import { afterEach, beforeEach, expect, test } from "bun:test";
import "../../integrations/github/missed.ts";
import "../../integrations/github/reactions.ts";
import { rememberHook } from "../../integrations/github/missed.ts";
import { reactionTarget } from "../../integrations/github/reactions.ts";
import { store } from "../../src/sdk/index.ts";
import { runHook, startListener } from "../../src/sdk/testing.ts";
import { until } from "../until.ts";
import { createFakeGitHub, type FakeGitHub, failure } from "./fake-github.ts";
import { gitHubSettings } from "./settings.ts";

const set = gitHubSettings();
let github: FakeGitHub;
beforeEach(() => {
  github = createFakeGitHub({ token: "secret-token" });
  set({ GITHUB_TOKEN: "secret-token", GITHUB_API_URL: github.url });
});
afterEach(() => github.close());

const HEADERS = new Headers({
  "x-github-hook-id": "7",
  "x-github-hook-installation-target-type": "repository",
});
const MINUTE = 60_000;
const delivery = (id: number, guid: string, status_code: number, minutesAgo: number) => ({
  ...{
    id,
    guid,
    status_code,
    redelivery: false,
    status: String(status_code),
    event: "issues",
    action: "opened",
  },
  delivered_at: new Date(Date.now() - minutesAgo * MINUTE).toISOString(),
});

async function pollSince(minutesAgo: number | null) {
  const since = minutesAgo === null ? null : new Date(Date.now() - minutesAgo * MINUTE);
  const listener = startListener("missed-webhooks", { since });
  await listener.reported;
  await listener.stop();
  return listener.reports;
}

test("what nobody answered during the outage is asked for again, oldest first, with growing pauses", async () => {
  await rememberHook(HEADERS, { repository: { full_name: "octo/hello" } });
  github.api.deliveries.push(
    delivery(6, "refused", 403, 3),
    delivery(5, "b", 502, 4),
    delivery(4, "arrived-later", 200, 5),
    delivery(3, "arrived-later", 0, 6),
    delivery(2, "a", 0, 7),
    delivery(1, "long-ago", 0, 100),
  );
  await pollSince(5);
  expect(github.api.attempts).toEqual([2, 5]);
  // It has not arrived yet, so it is asked for no more often than GitHub may need to deliver it.
  await pollSince(5);
  expect(github.api.attempts.length).toBe(2);
  const lastTried = (guid: string, tries: number, secondsAgo: number) =>
    store.set(`again:${guid}`, { tries, at: Date.now() - secondsAgo * 1000 });
  await lastTried("a", 1, 14);
  await lastTried("b", 1, 16);
  await pollSince(5);
  expect(github.api.attempts).toEqual([2, 5, 5]);
  await lastTried("a", 9, 3_590);
  await lastTried("b", 9, 3_610);
  await pollSince(5);
  expect(github.api.attempts).toEqual([2, 5, 5, 5]);
});

test("what was asked for and failed again is looked after soon, and stays in sight until it has arrived", async () => {
  await rememberHook(HEADERS, { repository: { full_name: "octo/hello" } });
  github.api.deliveries.push(delivery(1, "c", 0, 7));
  await pollSince(5);
  // All this time the server has heard GitHub, but GitHub has not reached the server.
  github.api.deliveries[0] = delivery(1, "c", 0, 600);
  await store.set("waiting:7", Date.parse(github.api.deliveries[0]?.delivered_at ?? ""));
  await store.set("again:c", { tries: 5, at: 0 });
  await pollSince(0);
  expect(github.api.attempts).toEqual([1, 1]);
  github.api.deliveries.unshift(delivery(2, "c", 200, 1));
  await pollSince(0);
  expect(await store.get("waiting:7")).toBeUndefined();
  expect(github.api.attempts).toEqual([1, 1]);
});

test("after something was asked for, the next look is not five minutes away", async () => {
  await rememberHook(HEADERS, { repository: { full_name: "octo/hello" } });
  github.api.deliveries.push(delivery(1, "d", 0, 7));
  await store.set("again:d", { tries: 1, at: Date.now() - 14_500 });
  const listener = startListener("missed-webhooks", { since: new Date(Date.now() - 5 * MINUTE) });
  await until(() => github.api.attempts.length === 1);
  await listener.stop();
});

test("at the very first start, and with a token that may not see webhooks, nothing is asked and nothing fails", async () => {
  await rememberHook(HEADERS, { repository: { full_name: "octo/hello" } });
  expect(await pollSince(null)).toEqual([["connected", undefined]]);
  // Only whose token it is.
  expect(github.requests.map(({ path }) => path)).toEqual(["/user"]);
  github.intercept({ path: /deliveries$/, respond: () => failure(403, "Resource not accessible") });
  expect(await pollSince(5)).toEqual([["connected", undefined]]);
});

test("a token that GitHub does not accept is told at once, with the setting", async () => {
  for (const since of [null, 5]) {
    github.intercept({ path: /^\/user$/, respond: () => failure(401, "Bad credentials") });
    const started = startListener("missed-webhooks", {
      since: since === null ? null : new Date(Date.now() - since * MINUTE),
    });
    await expect(started.reported).rejects.toMatchObject({
      name: "ReauthRequired",
      message: "GitHub does not accept GITHUB_TOKEN.",
    });
  }
});

test("a reaction shows that the bot has seen it, and how it ended; a failing one harms nothing", async () => {
  const message = (on: string, id: number) => ({
    source: "github",
    message: { id: "m", author: null, metadata: { github: { owner: "octo", repo: "hello", on, id } } },
  });
  await runHook("before_context_assembly", message("issue_comment", 11));
  await runHook("after_response", { ...message("issue_comment", 11), status: "complete" });
  await runHook("before_context_assembly", message("review_comment", 12));
  await runHook("after_response", { ...message("issue", 7), status: "failed" });
  await runHook("after_response", { ...message("issue", 8), status: "cancelled" });
  const all = [
    { on: "octo/hello comment 11", content: "eyes" },
    { on: "octo/hello comment 11", content: "rocket" },
    { on: "octo/hello review comment 12", content: "eyes" },
    { on: "octo/hello issue 7", content: "confused" },
  ];
  expect(github.api.reactions).toEqual(all);
  github.intercept({ path: /reactions$/, respond: () => failure(403, "Resource not accessible") });
  await runHook("before_context_assembly", message("issue", 9));
  await runHook("before_context_assembly", { source: "slack", message: null });
  set({ GITHUB_REACTIONS: "false" });
  await runHook("before_context_assembly", message("issue", 10));
  expect(github.api.reactions).toEqual(all);
});

test("the comment that asks gets the reaction, otherwise the issue", () => {
  const run = { issueNumber: 7, assignment: "", tools: [] };
  expect(reactionTarget("issue_comment", { comment: { id: 11 } }, run)).toEqual({
    on: "issue_comment",
    id: 11,
  });
  expect(reactionTarget("pull_request_review_comment", { comment: { id: 12 } }, run)).toEqual({
    on: "review_comment",
    id: 12,
  });
  expect(reactionTarget("issues", {}, run)).toEqual({ on: "issue", id: 7 });
});

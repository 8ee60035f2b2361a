// GitHub with an App instead of a token, and answers as checks of a commit.

import { afterAll, beforeEach, expect, test } from "bun:test";
import { generateKeyPairSync } from "node:crypto";
import { dispatcher } from "../../integrations/github/dispatcher.ts";
import "../../integrations/github/missed.ts";
import { rememberHook } from "../../integrations/github/missed.ts";
import { whoAmI } from "../../integrations/github/who-am-i.ts";
import { deliver, dispatchContext, startListener } from "../../src/sdk/testing.ts";
import { APP_ID, type FakeApp, startFakeApp } from "../fakes/github-app.ts";
import { gitHubSettings } from "./settings.ts";

const keys = generateKeyPairSync("rsa", {
  modulusLength: 2048,
  publicKeyEncoding: { type: "spki", format: "pem" },
  privateKeyEncoding: { type: "pkcs1", format: "pem" },
});
const apps: FakeApp[] = [];
let app: FakeApp;
let ids = 0;
beforeEach(() => {
  app = startFakeApp(keys.publicKey);
  apps.push(app);
  // Another App each time: what is known of the one before is of no use.
  ids += 10;
  app.installations = new Map([...app.installations].map(([place, id]) => [place, id + ids]));
  use();
});
afterAll(() => {
  for (const one of apps) one.stop();
});
const set = gitHubSettings();
const use = (more: Parameters<typeof set>[0] = {}) =>
  set({
    ...{ GITHUB_API_URL: app.url, GITHUB_APP_ID: APP_ID, GITHUB_TOKEN: "ghp_that_is_not_used" },
    // As in a file of environment variables.
    ...{ GITHUB_APP_PRIVATE_KEY: keys.privateKey.replaceAll("\n", "\\n"), ...more },
  });
const onIssue = (owner: string, repo: string) => ({
  ...{ owner, repo },
  comment_target: { type: "issue_comment", issue_number: 7 },
});
const check = { owner: "acme", repo: "loom", check_run: { name: "Review", head_sha: "a".repeat(40) } };

test("an App answers with a token of the installation, which is asked for once and anew before it ends", async () => {
  await Promise.all([
    deliver("github", onIssue("acme", "loom"), "One"),
    deliver("github", onIssue("acme", "yarn"), "Two"),
  ]);
  await deliver("github", onIssue("other", "loom"), "Three");
  expect(app.comments.map(({ repo }) => repo).sort()).toEqual(["acme/loom", "acme/yarn", "other/loom"]);
  expect(app.asked.sort()).toEqual([7 + ids, 8 + ids]);
  app.revoke();
  expect((await deliver("github", onIssue("acme", "loom"), "Four")).status).toBe("delivered");
  app.tokenSeconds = 200;
  app.revoke();
  await deliver("github", onIssue("acme", "loom"), "Five");
  await deliver("github", onIssue("acme", "loom"), "Six");
  // One after it was revoked again, and one because the last is about to end.
  expect(app.asked.length).toBe(5);
  const nowhere = await deliver("github", onIssue("acme", "unknown"), "Seven");
  expect(nowhere).toMatchObject({ status: "dead", attempts: 1 });
});

test("the connection is tested as the App, and a wrong key is told in words", async () => {
  const ask = () => whoAmI(AbortSignal.timeout(5_000));
  expect(await ask()).toContain("Set GITHUB_BOT_LOGIN to heddle");
  use({ GITHUB_BOT_LOGIN: "heddle" });
  expect(await ask()).toBe("GitHub knows the App as heddle.");
  use({ GITHUB_APP_PRIVATE_KEY: "no key" });
  await expect(ask()).rejects.toThrow("GITHUB_APP_PRIVATE_KEY must be");
  const another = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
  use({ GITHUB_APP_PRIVATE_KEY: String(another.export({ type: "pkcs8", format: "pem" })) });
  await expect(ask()).rejects.toThrow("does not accept");
});

test("an answer is a check of a commit, with the conclusion that its data names, and is made once", async () => {
  const words = await deliver("github", check, "It holds.");
  expect(words.receipt).toEqual({ check_run_id: 1, urls: ["https://github.test/acme/loom/runs/1"] });
  await deliver("github", check, "{}", { output: { conclusion: "action_required", title: "Two faults" } });
  await deliver("github", check, "It broke", { isError: true });
  await deliver("github", check, "y".repeat(70_000));
  expect(
    app.checks.map(({ conclusion, output }) => [conclusion, (output as { title: string }).title]),
  ).toEqual([
    ["neutral", "Review"],
    ["action_required", "Two faults"],
    ["failure", "The run failed"],
    ["neutral", "Review"],
  ]);
  const { summary, text } = (app.checks[3] as Record<string, unknown>).output as {
    summary: string;
    text: string;
  };
  expect([summary.length, text.length]).toEqual([65_535, 70_000 - 65_535]);
  app.losesAnswer = true;
  const again = await deliver("github", check, "It holds.");
  expect([again.status, again.attempts, app.checks.length]).toEqual(["delivered", 2, 5]);
  // A text that no run has written is one, too.
  const said = { text: "Look here.", username: "Ada" };
  await dispatcher.postMessage(
    { dispatchConfig: { type: "github", ...check }, config: check, ...said },
    dispatchContext(),
  );
  expect(app.checks.at(-1)).toMatchObject({ conclusion: "neutral" });
  expect(JSON.stringify(app.checks.at(-1))).toContain("Look here.");
});

test("what the App's webhook could not deliver is asked for again", async () => {
  const headers = { "x-github-hook-id": "12", "x-github-hook-installation-target-type": "integration" };
  await rememberHook(new Headers(headers), { repository: { full_name: "acme/loom" } });
  const delivered_at = new Date().toISOString();
  app.deliveries = [{ id: 5, guid: crypto.randomUUID(), delivered_at, status_code: 502 }];
  const listener = startListener("missed-webhooks", { since: new Date(Date.now() - 60_000) });
  await listener.reported;
  await listener.stop();
  expect(app.attempts).toEqual([5]);
});

// A GitHub App at a whole server: a real process that is killed, GitHub as a fake that delivers again what it is asked for.

import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { createHmac, generateKeyPairSync } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { oneDatabase } from "../database.ts";
import { APP_ID, type FakeApp, startFakeApp } from "../fakes/github-app.ts";
import { ADMIN_KEY, ask, type HeddleProcess, killAll, launch } from "../faults/process.ts";
import { until } from "../until.ts";

setDefaultTimeout(120_000);
const SECRET = "secret-of-the-webhook-of-the-app";
const keys = generateKeyPairSync("rsa", {
  modulusLength: 2048,
  publicKeyEncoding: { type: "spki", format: "pem" },
  privateKeyEncoding: { type: "pkcs1", format: "pem" },
});

oneDatabase("A GitHub App", (open) => {
  let github: FakeApp;
  let folder: string;
  let environment: Record<string, string>;
  let heddle: HeddleProcess;
  let url: string;

  beforeAll(async () => {
    github = startFakeApp(keys.publicKey);
    folder = await mkdtemp(join(tmpdir(), "heddle-github-app-"));
    const { databaseUrl } = await open.place();
    environment = {
      ...(databaseUrl !== undefined && { DATABASE_URL: databaseUrl }),
      ...{ HEDDLE_HOME: folder, PORT: "0", UNATTENDED_RUNS_PER_HOUR: "0", GITHUB_WEBHOOK_SECRET: SECRET },
      ...{ GITHUB_API_URL: github.url, GITHUB_APP_ID: APP_ID, GITHUB_APP_PRIVATE_KEY: keys.privateKey },
    };
    await start();
  });
  afterAll(async () => {
    await killAll();
    github.stop();
    await rm(folder, { recursive: true, force: true });
  });

  async function start(): Promise<void> {
    heddle = launch({ environment });
    url = await heddle.started;
    await until(
      async () => (await ask(url, "/api/v1/integrations/github/connections")).connections?.[0],
      (found) => found?.status === "connected",
    );
  }

  /** Delivers as GitHub does; the guid stays the same when it is done again. */
  async function webhook(repository: string, guid: string): Promise<number> {
    const [owner, name] = repository.split("/");
    const body = JSON.stringify({
      action: "opened",
      issue: { number: 7, title: "It leaks", body: "Under load.", user: { login: "octocat", type: "User" } },
      repository: { full_name: repository, name, owner: { login: owner } },
      sender: { login: "octocat", type: "User" },
      installation: { id: 7 },
    });
    const response = await fetch(`${url}/integrations/github/webhook`, {
      method: "POST",
      headers: {
        ...{ "content-type": "application/json", "x-github-event": "issues", "x-github-delivery": guid },
        ...{ "x-github-hook-id": "12", "x-github-hook-installation-target-type": "integration" },
        "x-hub-signature-256": `sha256=${createHmac("sha256", SECRET).update(body).digest("hex")}`,
      },
      body,
    });
    return response.status;
  }
  const comments = (count: number) =>
    until(
      () => github.comments.map(({ repo }) => repo),
      (repos) => repos.length >= count,
    );

  test("answers where the App is installed, with the installation's own token, also after it was revoked", async () => {
    for (const repository of ["acme/loom", "acme/yarn", "other/loom"]) {
      expect(await webhook(repository, crypto.randomUUID())).toBe(200);
    }
    expect((await comments(3)).sort()).toEqual(["acme/loom", "acme/yarn", "other/loom"]);
    expect(new Set(github.asked)).toEqual(new Set([7, 8]));
    const asked = github.asked.length;
    github.revoke();
    await webhook("other/loom", crypto.randomUUID());
    await comments(4);
    expect(github.asked.slice(asked)).toContain(8);
    const tested = await fetch(`${url}/api/v1/admin/integrations/github/test-connection`, {
      method: "POST",
      headers: { authorization: `Bearer ${ADMIN_KEY}` },
    });
    expect(await tested.text()).toContain("heddle");
  });

  test("what could not be delivered while the server was killed is asked for, and answered once", async () => {
    heddle.kill("SIGKILL");
    await heddle.ended;
    const guid = crypto.randomUUID();
    github.deliveries = [{ id: 5, guid, delivered_at: new Date().toISOString(), status_code: 502 }];
    await start();
    await until(
      () => github.attempts,
      (attempts) => attempts.includes(5),
    );
    expect(await webhook("acme/loom", guid)).toBe(200);
    await comments(5);
    await webhook("acme/loom", guid);
    const { tasks } = await ask(url, "/api/v1/tasks?limit=200");
    expect(tasks).toHaveLength(5);
  });

  test("an answer is a check of a commit", async () => {
    const post = async (path: string, body: object) =>
      (
        await fetch(`${url}/api/v1${path}`, {
          method: "POST",
          headers: { authorization: `Bearer ${ADMIN_KEY}`, "content-type": "application/json" },
          body: JSON.stringify(body),
        })
      ).json() as Promise<Record<string, string>>;
    const session = await post("/sessions", { client_id: "github:acme/loom", bot_id: "default" });
    await post(`/sessions/${session.session_id}/messages`, {
      content: "Does it hold?",
      run_agent: true,
      dispatch_config: {
        ...{ type: "github", owner: "acme", repo: "loom" },
        check_run: { name: "Review", head_sha: "a".repeat(40) },
      },
    });
    const [check] = await until(
      () => github.checks,
      (checks) => checks.length === 1,
    );
    expect(check).toMatchObject({ name: "Review", head_sha: "a".repeat(40), status: "completed" });
  });
});

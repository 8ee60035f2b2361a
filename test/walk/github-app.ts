// A GitHub App with two installations, which also writes checks of commits.

import { generateKeyPairSync } from "node:crypto";
import { startCuttingProxy } from "../fakes/cutting-proxy.ts";
import { APP_ID, startFakeApp } from "../fakes/github-app.ts";
import { createFakeGitHub } from "../github/fake-github.ts";
import { gitHubAt, ping, type Told } from "./github-at.ts";
import type { Heddle } from "./heddle.ts";
import type { Subject } from "./subject.ts";

const SECRET = "secret-of-the-webhook-of-the-app";
/** Of different installations. */
const REPOSITORIES = ["acme/loom", "other/loom"];
const SHA = "0123456789abcdef0123456789abcdef01234567";

/** Something that was said in a repository, or a check that was asked for, by its name. */
type ToldApp = Told | { check: string };

export async function gitHubApp(url: () => string): Promise<Subject<ToldApp>> {
  const keys = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs1", format: "pem" },
  });
  const github = createFakeGitHub();
  const app = startFakeApp(keys.publicKey, { behind: github.url });
  const proxy = await startCuttingProxy(Number(new URL(app.url).port));
  const { subject, deliver, send, numbers } = gitHubAt({
    ...{ github, url, secret: SECRET, repositories: REPOSITORIES, hook: { id: "12", target: "integration" } },
    onSent: ({ guid, status: status_code }) =>
      app.deliveries.unshift({
        ...{ id: app.deliveries.length + 1, guid, delivered_at: new Date().toISOString(), status_code },
      }),
  });
  app.onAttempt = (id) => void deliver(String(app.deliveries.find((one) => one.id === id)?.guid));
  const said = (told: ToldApp) => told as Told;
  let heddle: Heddle;
  let beforeTheKill = true;
  return {
    ...{ name: "GitHub App", integration: "github", approver: "github:octocat", lacks: {} },
    also: ["thread", "check"],
    many: 50,
    settings: {
      ...{ GITHUB_APP_ID: APP_ID, GITHUB_APP_PRIVATE_KEY: keys.privateKey, GITHUB_WEBHOOK_SECRET: SECRET },
      ...{ GITHUB_API_URL: `http://127.0.0.1:${proxy.port}`, GITHUB_BOT_LOGIN: "heddle" },
    },
    connection: "missed-webhooks",
    async prepare(running) {
      heddle = running;
      await ping(send);
    },
    async tell(text, phase) {
      const isCheck = phase === "check" || (phase === "kill -9" && beforeTheKill);
      if (phase === "kill -9") beforeTheKill = false;
      if (!isCheck) return subject.tell(text, phase);
      const check = `Review ${crypto.randomUUID()}`;
      await askForCheck(heddle, text, check);
      return { check };
    },
    answers: (told) => ("check" in told ? checksNamed(app.checks, told.check) : subject.answers(told)),
    progress: (told) => ("check" in told ? [] : subject.progress(told)),
    question: (told) => subject.question(said(told)),
    decide: (told, question) => subject.decide(said(told), question),
    ...{ cut: proxy.cut, drop: proxy.drop },
    async stop() {
      const installations = new Set(app.asked);
      // With --only, somebody else may be walked.
      if (numbers() > 1 && installations.size < 2)
        throw new Error("Only one installation was asked for a token.");
      proxy.stop();
      app.stop();
      await github.close();
    },
  };
}

/** As anybody who uses the API has an answer written as a check. */
async function askForCheck(heddle: Heddle, content: string, name: string): Promise<void> {
  const [owner, repo] = ["acme", "loom"];
  const { session_id } = await heddle.api("/sessions", { client_id: `github:${owner}/${repo}` });
  const dispatch_config = { type: "github", owner, repo, check_run: { name, head_sha: SHA } };
  await heddle.api(`/sessions/${session_id}/messages`, { content, run_agent: true, dispatch_config });
}

const checksNamed = (checks: Record<string, unknown>[], name: string): string[] =>
  checks
    .filter((check) => check.name === name && check.head_sha === SHA && check.conclusion === "neutral")
    .map(({ output }) => String((output as { summary?: unknown }).summary));

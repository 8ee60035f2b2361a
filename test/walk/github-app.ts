// A GitHub App with two installations: what its webhook could not deliver, GitHub says and delivers again.

import { generateKeyPairSync } from "node:crypto";
import { signWebhook } from "heddle/sdk";
import { startCuttingProxy } from "../fakes/cutting-proxy.ts";
import { APP_ID, startFakeApp } from "../fakes/github-app.ts";
import { createFakeGitHub } from "../github/fake-github.ts";
import { answersOf, OCTOCAT, questionOf } from "./forges.ts";
import type { Subject } from "./subject.ts";

const SECRET = "secret-of-the-webhook-of-the-app";
/** Of different installations. */
const REPOSITORIES = ["acme/loom", "other/loom"];

interface Told {
  repository: string;
  number: number;
}

export async function gitHubApp(url: () => string): Promise<Subject<Told>> {
  const keys = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs1", format: "pem" },
  });
  const github = createFakeGitHub();
  const app = startFakeApp(keys.publicKey, { behind: github.url });
  const proxy = await startCuttingProxy(Number(new URL(app.url).port));
  const sent = new Map<string, { event: string; body: string }>();

  async function deliver(guid: string): Promise<unknown> {
    const { event, body } = sent.get(guid) ?? { event: "", body: "" };
    const signed = signWebhook(body, { scheme: "github", secret: SECRET }, { event, id: guid });
    const hook = { "x-github-hook-id": "12", "x-github-hook-installation-target-type": "integration" };
    const response = await fetch(`${url()}/integrations/github/webhook`, {
      ...{ method: "POST", headers: { ...signed, ...hook }, body },
    }).catch(() => undefined);
    app.deliveries.unshift({
      ...{ id: app.deliveries.length + 1, guid, delivered_at: new Date().toISOString() },
      status_code: response?.status ?? 0,
    });
    return response?.json();
  }
  app.onAttempt = (id) => void deliver(String(app.deliveries.find((one) => one.id === id)?.guid));
  function send(event: string, full_name: string, about: object): Promise<unknown> {
    const guid = crypto.randomUUID();
    const [login, name] = full_name.split("/");
    const repository = { full_name, name, owner: { login } };
    sent.set(guid, { event, body: JSON.stringify({ ...about, repository, sender: OCTOCAT }) });
    return deliver(guid);
  }
  let issues = 0;
  const textsOf = ({ repository, number }: Told) =>
    github.commentsOn(`${repository}#${number}`).map(({ body }) => body);
  return {
    ...{ name: "GitHub App", integration: "github", approver: "github:octocat", lacks: {} },
    settings: {
      ...{ GITHUB_APP_ID: APP_ID, GITHUB_APP_PRIVATE_KEY: keys.privateKey, GITHUB_WEBHOOK_SECRET: SECRET },
      ...{ GITHUB_API_URL: `http://127.0.0.1:${proxy.port}`, GITHUB_BOT_LOGIN: "heddle-bot" },
    },
    connection: "missed-webhooks",
    async tell(text) {
      const number = ++issues;
      const repository = REPOSITORIES[number % 2] ?? "";
      await send("issues", repository, {
        ...{ action: "opened", issue: { number, title: text, body: "", user: OCTOCAT } },
      });
      return { repository, number };
    },
    answers: (told) => answersOf(textsOf(told)),
    progress: ({ repository, number }) =>
      github.api.reactions
        .filter(({ on }) => on === `${repository} issue ${number}`)
        .map(({ content }) => content),
    question: (told) => questionOf(textsOf(told)),
    async decide({ repository, number }, { yes }) {
      const comment = { id: 7_000 + number, body: `/approve ${yes}`, user: OCTOCAT };
      const issue = { number, title: "A question", user: OCTOCAT };
      return JSON.stringify(await send("issue_comment", repository, { action: "created", issue, comment }));
    },
    ...{ cut: proxy.cut, drop: proxy.drop },
    async stop() {
      const installations = new Set(app.asked);
      // With --only, somebody else may be walked.
      if (issues > 1 && installations.size < 2)
        throw new Error("Only one installation was asked for a token.");
      proxy.stop();
      app.stop();
      await github.close();
    },
  };
}

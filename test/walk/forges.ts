// GitHub, Gitea and GitLab: issues that are opened, answered in comments, with reactions as progress.

import { signWebhook } from "heddle/sdk";
import { startCuttingProxy } from "../fakes/cutting-proxy.ts";
import * as tea from "../fakes/gitea.ts";
import * as lab from "../fakes/gitlab.ts";
import { createFakeGitHub } from "../github/fake-github.ts";
import type { Subject } from "./subject.ts";

const BOT = "heddle-bot";
const idIn = (text: string): string => /approve ([\w-]+)/.exec(text)?.[1] ?? "";
const isQuestion = (text: string): boolean => text.includes("`create_schedule`");
/** A question that can still be answered has the commands for that. */
export const questionOf = (texts: string[]) => {
  const text = texts.find(isQuestion);
  return text === undefined ? undefined : { text, yes: idIn(text) || undefined };
};
export const answersOf = (texts: string[]) => texts.filter((text) => !isQuestion(text));

export async function forges(url: () => string): Promise<Subject<number>[]> {
  return [await gitHub(url), await gitea(url), await gitLab(url)];
}

/** The network on the way to the service's API. */
async function proxyOf(service: string) {
  const proxy = await startCuttingProxy(Number(new URL(service).port));
  return { proxy, address: `http://127.0.0.1:${proxy.port}` };
}

const SECRET = "secret-of-the-walk-at-github";
const TOKEN = "github_pat_of_the_walk";
export const OCTOCAT = { login: "octocat", id: 583231, type: "User" };

/** What GitHub could not deliver it says, and delivers again when it is asked to. */
export async function gitHub(url: () => string): Promise<Subject<number>> {
  const github = createFakeGitHub({ token: TOKEN });
  const { proxy, address } = await proxyOf(github.url);
  const log: { id: number; guid: string; delivered_at: string; status_code: number }[] = [];
  const sent = new Map<string, { event: string; body: string }>();
  async function deliver(guid: string): Promise<unknown> {
    const { event, body } = sent.get(guid) ?? { event: "", body: "" };
    const signed = signWebhook(body, { scheme: "github", secret: SECRET }, { event, id: guid });
    const hook = { "x-github-hook-id": "8", "x-github-hook-installation-target-type": "repository" };
    const response = await fetch(`${url()}/integrations/github/webhook`, {
      ...{ method: "POST", headers: { ...signed, ...hook }, body },
    }).catch(() => undefined);
    log.unshift({
      ...{ id: log.length + 1, guid, delivered_at: new Date().toISOString() },
      status_code: response?.status ?? 0,
    });
    return response?.json();
  }
  github.intercept({
    path: /^\/repos\/acme\/loom\/hooks\/8\/deliveries$/,
    respond: () => Response.json(log),
  });
  github.intercept({
    path: /^\/repos\/acme\/loom\/hooks\/8\/deliveries\/\d+\/attempts$/,
    respond({ path }) {
      void deliver(log.find(({ id }) => id === Number(path.split("/").at(-2)))?.guid ?? "");
      return Response.json({}, { status: 202 });
    },
  });
  const send = (event: string, about: object): Promise<unknown> => {
    const guid = crypto.randomUUID();
    const repository = { full_name: "acme/loom", name: "loom", owner: { login: "acme" } };
    sent.set(guid, { event, body: JSON.stringify({ ...about, repository, sender: OCTOCAT }) });
    return deliver(guid);
  };
  let issues = 0;
  const textsOf = (number: number) => github.commentsOn(`acme/loom#${number}`).map(({ body }) => body);
  return {
    ...{ name: "GitHub", integration: "github", approver: "github:octocat", many: 50, lacks: {} },
    settings: {
      ...{ GITHUB_TOKEN: TOKEN, GITHUB_WEBHOOK_SECRET: SECRET, GITHUB_BOT_LOGIN: BOT },
      GITHUB_API_URL: address,
    },
    async tell(text) {
      const number = ++issues;
      await send("issues", { action: "opened", issue: { number, title: text, body: "", user: OCTOCAT } });
      return number;
    },
    answers: (number) => answersOf(textsOf(number)),
    progress: (number) =>
      github.api.reactions.filter(({ on }) => on.endsWith(` issue ${number}`)).map(({ content }) => content),
    question: (number) => questionOf(textsOf(number)),
    async decide(number, { yes }) {
      const comment = { id: 7_000 + number, body: `/approve ${yes}`, user: OCTOCAT };
      const issue = { number, title: "A question", user: OCTOCAT };
      return JSON.stringify(await send("issue_comment", { action: "created", issue, comment }));
    },
    ...{ cut: proxy.cut, drop: proxy.drop },
    async stop() {
      proxy.stop();
      await github.close();
    },
  };
}

async function gitea(url: () => string): Promise<Subject<number>> {
  const fake = tea.startFakeGitea(() => `${url()}/integrations/gitea/webhook`);
  const { proxy, address } = await proxyOf(fake.url);
  let issues = 0;
  const textsOf = (number: number) =>
    fake.comments.filter((one) => one.number === number && one.user.login === BOT).map(({ body }) => body);
  return {
    ...{ name: "Gitea", integration: "gitea", approver: "gitea:ada", lacks: {} },
    settings: {
      ...{ GITEA_URL: address, GITEA_TOKEN: tea.TOKEN, GITEA_BOT_LOGIN: BOT },
      GITEA_WEBHOOK_SECRET: tea.SECRET,
    },
    async tell(text) {
      const number = ++issues;
      await fake.openIssue(number, text).catch(() => undefined);
      return number;
    },
    answers: (number) => answersOf(textsOf(number)),
    progress: (number) => fake.reactions.filter((one) => one.startsWith(`issues/${number} `)),
    question: (number) => questionOf(textsOf(number)),
    decide: async (number, { yes }) =>
      JSON.stringify(await (await fake.comment(number, `/approve ${yes}`))?.json()),
    ...{ cut: proxy.cut, drop: proxy.drop },
    stop() {
      proxy.stop();
      fake.stop();
    },
  };
}

async function gitLab(url: () => string): Promise<Subject<number>> {
  const fake = lab.startFakeGitLab(() => `${url()}/integrations/gitlab/webhook`);
  const { proxy, address } = await proxyOf(fake.url);
  let issues = 0;
  const textsOf = (number: number) =>
    fake.notes
      .filter(({ of, author }) => of === `issues/${number}` && author.username === BOT)
      .map(({ body }) => body);
  return {
    ...{ name: "GitLab", integration: "gitlab", approver: "gitlab:ada", lacks: {} },
    settings: {
      ...{ GITLAB_URL: address, GITLAB_TOKEN: lab.TOKEN, GITLAB_BOT_USERNAME: BOT },
      GITLAB_WEBHOOK_SECRET: lab.SIGNING_TOKEN,
    },
    async tell(text) {
      const number = ++issues;
      await fake.openIssue(number, text).catch(() => undefined);
      return number;
    },
    answers: (number) => answersOf(textsOf(number)),
    progress: (number) => fake.reactions.filter((one) => one.startsWith(`issues/${number} `)),
    question: (number) => questionOf(textsOf(number)),
    decide: async (number, { yes }) =>
      JSON.stringify(await (await fake.comment(number, `approve ${yes}`))?.json()),
    ...{ cut: proxy.cut, drop: proxy.drop },
    stop() {
      proxy.stop();
      fake.stop();
    },
  };
}

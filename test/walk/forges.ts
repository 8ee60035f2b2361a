// GitHub, Gitea and GitLab: issues, pull requests and comments, answered in comments, with reactions as progress.

import { startCuttingProxy } from "../fakes/cutting-proxy.ts";
import * as tea from "../fakes/gitea.ts";
import * as lab from "../fakes/gitlab.ts";
import { createFakeGitHub } from "../github/fake-github.ts";
import { answersOf, questionOf } from "./forge-texts.ts";
import { gitHubAt, ping, type Told } from "./github-at.ts";
import type { Subject } from "./subject.ts";

const BOT = "heddle-bot";

export async function forges(url: () => string): Promise<Subject[]> {
  return [await gitHub(url), await gitea(url), await gitLab(url)] as Subject[];
}

/** The network on the way to the service's API. */
async function proxyOf(service: string) {
  const proxy = await startCuttingProxy(Number(new URL(service).port));
  return { proxy, address: `http://127.0.0.1:${proxy.port}` };
}

const SECRET = "secret-of-the-walk-at-github";
const TOKEN = "github_pat_of_the_walk";

/** With a token, and a webhook of the repository. */
export async function gitHub(url: () => string): Promise<Subject<Told>> {
  const github = createFakeGitHub({ token: TOKEN });
  const { proxy, address } = await proxyOf(github.url);
  const log: { id: number; guid: string; delivered_at: string; status_code: number }[] = [];
  const { subject, deliver, send } = gitHubAt({
    ...{ github, url, secret: SECRET, repositories: ["acme/loom"], hook: { id: "8", target: "repository" } },
    onSent: ({ guid, status: status_code }) =>
      log.unshift({ id: log.length + 1, guid, delivered_at: new Date().toISOString(), status_code }),
  });
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
  return {
    ...{ name: "GitHub", integration: "github", approver: "github:octocat", many: 50, lacks: {} },
    also: ["thread"],
    settings: {
      ...{ GITHUB_TOKEN: TOKEN, GITHUB_WEBHOOK_SECRET: SECRET, GITHUB_BOT_LOGIN: BOT },
      GITHUB_API_URL: address,
    },
    prepare: () => ping(send),
    ...subject,
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
      const ways = [
        () => fake.comment(1, text),
        () => fake.openIssue(number, text),
        () => fake.openPull(number, text),
      ];
      // The server sends nothing again.
      await ways[number % ways.length]?.().catch(() => undefined);
      return number % ways.length === 0 ? 1 : number;
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

interface ToldGitLab {
  iid: number;
  /** The conversation in which it was said, and in which it must be answered. */
  discussion?: string;
}

async function gitLab(url: () => string): Promise<Subject<ToldGitLab>> {
  const fake = lab.startFakeGitLab(() => `${url()}/integrations/gitlab/webhook`);
  const { proxy, address } = await proxyOf(fake.url);
  let said = 0;
  const textsOf = ({ iid, discussion }: ToldGitLab) =>
    fake.notes
      .filter(({ of, author }) => of === `issues/${iid}` && author.username === BOT)
      .filter((note) => discussion === undefined || note.discussion === discussion)
      .map(({ body }) => body);
  return {
    ...{ name: "GitLab", integration: "gitlab", approver: "gitlab:ada", lacks: {} },
    also: ["thread"],
    settings: {
      ...{ GITLAB_URL: address, GITLAB_TOKEN: lab.TOKEN, GITLAB_BOT_USERNAME: BOT },
      GITLAB_WEBHOOK_SECRET: lab.SIGNING_TOKEN,
    },
    async tell(text, phase) {
      const iid = ++said;
      const isComment = phase === "thread" || (["kill -9", "outage"].includes(phase) && iid % 2 === 0);
      if (!isComment) {
        // GitLab may send nothing again.
        await fake.openIssue(iid, text).catch(() => undefined);
        return { iid };
      }
      const discussion = crypto.randomUUID().replaceAll("-", "").padEnd(40, "0");
      await fake.comment(1, text, lab.ADA, discussion).catch(() => undefined);
      return { iid: 1, discussion };
    },
    answers: (told) => answersOf(textsOf(told)),
    progress: ({ iid, discussion }) => {
      const note = fake.notes.find((one) => one.discussion === discussion);
      const on = note ? `issues/${iid}/notes/${note.id} ` : `issues/${iid} `;
      return fake.reactions.filter((one) => one.startsWith(on));
    },
    question: (told) => questionOf(textsOf(told)),
    decide: async ({ iid }, { yes }) =>
      JSON.stringify(await (await fake.comment(iid, `approve ${yes}`))?.json()),
    ...{ cut: proxy.cut, drop: proxy.drop },
    stop() {
      proxy.stop();
      fake.stop();
    },
  };
}

// What happens in repositories at a fake GitHub, and what is answered there: issues, comments on them, and comments beside code. What its webhook
// could not deliver, GitHub says, and delivers again when it is asked to.

import { signWebhook } from "heddle/sdk";
import type { FakeGitHub } from "../github/fake-github.ts";
import { answersOf, questionOf } from "./forge-texts.ts";
import type { Phase, Subject } from "./subject.ts";

export const OCTOCAT = { login: "octocat", id: 583231, type: "User" };

export interface Told {
  /** "owner/name" */
  repository: string;
  /** Of the issue or pull request. */
  number: number;
  /** What is reacted to, as the fake names it: "issue 7". */
  on: string;
  /** Beside code: the first comment of the conversation. */
  thread?: number;
}

interface Sent {
  guid: string;
  status: number;
}

interface Options {
  github: FakeGitHub;
  url(): string;
  secret: string;
  repositories: string[];
  /** Which webhook it is, as GitHub says in its headers. */
  hook: { id: string; target: "repository" | "integration" };
  /** Whenever a webhook was sent, whether it arrived or not. */
  onSent(sent: Sent): void;
}

export function gitHubAt({ github, url, secret, repositories, hook, onSent }: Options) {
  const sent = new Map<string, { event: string; body: string }>();

  async function deliver(guid: string): Promise<unknown> {
    const { event, body } = sent.get(guid) ?? { event: "", body: "" };
    const signed = signWebhook(body, { scheme: "github", secret }, { event, id: guid });
    const of = {
      "x-github-hook-id": hook.id,
      "x-github-hook-installation-target-type": hook.target,
    };
    const response = await fetch(`${url()}/integrations/github/webhook`, {
      ...{ method: "POST", headers: { ...signed, ...of }, body },
    }).catch(() => undefined);
    onSent({ guid, status: response?.status ?? 0 });
    return response?.json();
  }
  function send(event: string, full_name: string, about: object): Promise<unknown> {
    const guid = crypto.randomUUID();
    const [login, name] = full_name.split("/");
    const repository = { full_name, name, owner: { login } };
    sent.set(guid, { event, body: JSON.stringify({ ...about, repository, sender: OCTOCAT }) });
    return deliver(guid);
  }

  let numbers = 0;
  let ids = 7_000;
  async function openIssue(repository: string, number: number, title: string): Promise<Told> {
    const issue = { number, title, body: "", user: OCTOCAT };
    await send("issues", repository, { action: "opened", issue });
    return { repository, number, on: `issue ${number}` };
  }
  async function commentOn(repository: string, number: number, body: string): Promise<Told> {
    const [id, issue] = [++ids, { number, title: "A question", user: OCTOCAT }];
    const comment = { id, body, user: OCTOCAT };
    await send("issue_comment", repository, { action: "created", issue, comment });
    return { repository, number, on: `comment ${id}` };
  }
  /** A reply in a conversation, since GitHub knows no replies to replies. */
  async function commentOnCode(repository: string, number: number, body: string): Promise<Told> {
    const first = github.api.addReviewComment(`${repository}#${number}`, "Why?");
    const { id } = github.api.addReviewComment(`${repository}#${number}`, body, first.id);
    const comment = { id, in_reply_to_id: first.id, path: "src/main.ts", line: 1, body, user: OCTOCAT };
    const pull_request = { number, title: "A change", user: OCTOCAT };
    await send("pull_request_review_comment", repository, { action: "created", pull_request, comment });
    return { repository, number, on: `review comment ${id}`, thread: first.id };
  }

  const commentsOn = ({ repository, number }: Told) =>
    github.commentsOn(`${repository}#${number}`).map(({ body }) => body);
  const repliesIn = ({ repository, number, thread }: Told) =>
    github.api.reviewComments
      .filter(({ issue, in_reply_to_id, body }) => {
        const isThere = issue === `${repository}#${number}` && in_reply_to_id === thread;
        return isThere && body.startsWith("<!-- heddle:");
      })
      .map(({ body }) => body);
  const textsOf = (told: Told) => (told.thread === undefined ? commentsOn(told) : repliesIn(told));

  const subject = {
    async tell(text: string, phase: Phase): Promise<Told> {
      const number = ++numbers;
      const repository = repositories[number % repositories.length] ?? "";
      if (phase === "thread") return commentOnCode(repository, number, text);
      if (phase !== "kill -9" && phase !== "outage") return openIssue(repository, number, text);
      const ways = [openIssue, commentOn, commentOnCode];
      return (ways[number % ways.length] ?? openIssue)(repository, number, text);
    },
    answers: (told: Told) => answersOf(textsOf(told)),
    progress: ({ repository, on }: Told) =>
      github.api.reactions.filter((one) => one.on === `${repository} ${on}`).map(({ content }) => content),
    question: (told: Told) => questionOf(textsOf(told)),
    async decide({ repository, number }: Told, { yes }: { yes: string | undefined }) {
      const comment = { id: ++ids, body: `/approve ${yes}`, user: OCTOCAT };
      const issue = { number, title: "A question", user: OCTOCAT };
      return JSON.stringify(await send("issue_comment", repository, { action: "created", issue, comment }));
    },
  } satisfies Partial<Subject<Told>>;
  return { subject, deliver, send, numbers: () => numbers };
}

/** GitHub calls as soon as the webhook is made; the answer shows under "Recent Deliveries". */
export async function ping(send: (event: string, repository: string, about: object) => Promise<unknown>) {
  const answer = JSON.stringify(await send("ping", "acme/loom", { zen: "Speak like a human.", hook_id: 8 }));
  if (answer !== '{"status":"pong"}') throw new Error(`GitHub's ping was answered ${answer}`);
}

// A Gitea server on loopback for tests: the parts of its REST API that the integration uses, and webhooks signed as it signs them. It refuses what
// the real one refuses: unknown tokens, issues that there are not, comments without a text, reactions that are not allowed. It gives at most 50
// of a list, and all comments of an issue each time.

import { createHmac } from "node:crypto";

export const TOKEN = "token-of-the-gitea-test";
export const SECRET = "secret-of-the-gitea-test";
const BOT = { id: 99, login: "heddle-bot" };
export const ADA = { id: 5, login: "ada" };

interface FakeComment {
  id: number;
  number: number;
  body: string;
  user: { id: number; login: string };
  created_at: string;
  updated_at: string;
  html_url: string;
  issue_url: string;
}

export interface FakeGitea {
  url: string;
  comments: FakeComment[];
  /** "comments/3 eyes" */
  reactions: string[];
  /** Whether webhooks are sent. */
  online: boolean;
  openIssue(number: number, title: string): Promise<Response | undefined>;
  openPull(number: number, title: string): Promise<Response | undefined>;
  comment(number: number, body: string, user?: typeof ADA): Promise<Response | undefined>;
  reject(number: number, content: string): Promise<Response | undefined>;
  stop(): void;
}

const ALLOWED = ["+1", "-1", "laugh", "hooray", "confused", "heart", "rocket", "eyes"];
const MOST = 50;
const failure = (status: number, message: string): Response =>
  Response.json({ message, url: "https://gitea.test/api/swagger" }, { status });

export function startFakeGitea(webhookUrl: () => string): FakeGitea {
  const issues = new Map<number, Record<string, unknown>>();
  let ids = 400;
  const now = () => new Date().toISOString();

  const fake: FakeGitea = {
    ...{ url: "", comments: [], reactions: [], online: true },
    openIssue(number, title) {
      const issue = add(number, title, null);
      return send("issues", { action: "opened", number, issue, sender: ADA });
    },
    openPull(number, title) {
      const pull_request = { ...add(number, title, { merged: false }), ...branches };
      return send("pull_request", { action: "opened", number, pull_request, sender: ADA });
    },
    comment(number, body, user = ADA) {
      const comment = addComment(number, body, user);
      const is_pull = Boolean(issues.get(number)?.pull_request);
      return send("issue_comment", {
        action: "created",
        issue: issues.get(number),
        comment,
        is_pull,
        sender: user,
      });
    },
    reject(number, content) {
      const pull_request = { ...issues.get(number), ...branches };
      const review = { type: "pull_request_review_rejected", content };
      return send("pull_request_rejected", { action: "reviewed", number, pull_request, review, sender: ADA });
    },
    stop: () => void server.stop(true),
  };
  const branches = { head: { ref: "fast", sha: "f".repeat(40) }, base: { ref: "main" }, merged: false };

  function add(number: number, title: string, pull_request: object | null) {
    const issue = {
      id: 1000 + number,
      number,
      title,
      body: "It jams.",
      user: ADA,
      labels: [{ name: "bug" }],
      pull_request,
    };
    issues.set(number, { ...issue, created_at: now(), updated_at: now(), state: "open" });
    return issue;
  }

  function addComment(number: number, body: string, user: { id: number; login: string }): FakeComment {
    const page = `${fake.url}/acme/loom/issues/${number}`;
    const id = ++ids;
    const comment = { ...{ id, number, body, user }, ...{ created_at: now(), updated_at: now() } };
    const whole = { ...comment, html_url: `${page}#issuecomment-${id}`, issue_url: page };
    fake.comments.push(whole);
    return whole;
  }

  async function send(event: string, about: object) {
    if (!fake.online) return undefined;
    const body = JSON.stringify({ ...about, repository: { id: 1, full_name: "acme/loom" } });
    const signature = createHmac("sha256", SECRET).update(body).digest("hex");
    const headers = {
      ...{
        "content-type": "application/json",
        "x-gitea-event": event,
        "x-gitea-delivery": crypto.randomUUID(),
      },
      ...{ "x-gitea-signature": signature, "x-forgejo-signature": signature },
    };
    return fetch(webhookUrl(), { method: "POST", headers, body });
  }

  function post(path: string, given: { body?: unknown; content?: unknown }): Response {
    const [, what = "", id, list] = /^issues\/(comments\/)?(\d+)\/(comments|reactions)$/.exec(path) ?? [];
    const exists = what ? fake.comments.some((one) => one.id === Number(id)) : issues.has(Number(id));
    if (!exists) return failure(404, "The target couldn't be found.");
    if (list === "reactions") {
      if (!ALLOWED.includes(String(given.content))) return failure(403, "reaction is not allowed");
      const made = `${what ? "comments" : "issues"}/${id} ${given.content}`;
      if (fake.reactions.includes(made)) return Response.json({ user: BOT, content: given.content });
      fake.reactions.push(made);
      return Response.json({ user: BOT, content: given.content }, { status: 201 });
    }
    if (typeof given.body !== "string" || given.body === "") return failure(422, "[Body]: Required");
    return Response.json(addComment(Number(id), given.body, BOT), { status: 201 });
  }

  function patch(path: string, { body }: { body?: unknown }): Response {
    const id = Number(/^issues\/comments\/(\d+)$/.exec(path)?.[1]);
    const comment = fake.comments.find((one) => one.id === id);
    if (!comment) return failure(404, "The target couldn't be found.");
    if (comment.user.login !== BOT.login) return failure(403, "token does not own this comment");
    if (typeof body !== "string" || body === "") return failure(422, "[Body]: Required");
    return Response.json(Object.assign(comment, { body, updated_at: now() }));
  }

  function get(path: string, query: URLSearchParams): Response {
    const since = Date.parse(query.get("since") ?? "1970-01-01T00:00:00Z");
    const size = Math.min(Number(query.get("limit") ?? MOST), MOST);
    const page = (rows: { updated_at?: unknown }[]) => {
      const late = rows.filter(({ updated_at }) => Date.parse(String(updated_at)) >= since).toReversed();
      const from = (Number(query.get("page") ?? 1) - 1) * size;
      return Response.json(late.slice(from, from + size));
    };
    if (path === "issues/comments") return page(fake.comments);
    if (path === "issues") {
      const wanted = query.get("type") === "pulls";
      return page([...issues.values()].filter(({ pull_request }) => Boolean(pull_request) === wanted));
    }
    const [, kind, number, list] = /^(issues|pulls)\/(\d+)(\/comments)?$/.exec(path) ?? [];
    const issue = issues.get(Number(number));
    if (!issue || (kind === "pulls" && !issue.pull_request))
      return failure(404, "The target couldn't be found.");
    if (list) return Response.json(fake.comments.filter((one) => one.number === Number(number)));
    return Response.json(kind === "pulls" ? { ...issue, ...branches } : issue);
  }

  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      const { pathname, searchParams } = new URL(request.url);
      if (request.headers.get("authorization") !== `token ${TOKEN}`)
        return failure(401, "invalid username, password or token");
      if (pathname === "/api/v1/user") return Response.json(BOT);
      const prefix = "/api/v1/repos/acme/loom/";
      if (!pathname.startsWith(prefix)) return failure(404, "The target couldn't be found.");
      const rest = pathname.slice(prefix.length);
      if (request.method === "GET") return get(rest, searchParams);
      if (request.method === "PATCH") return patch(rest, (await request.json()) as object);
      return request.method === "POST"
        ? post(rest, (await request.json()) as object)
        : failure(405, "Method Not Allowed");
    },
  });
  fake.url = server.url.origin;
  return fake;
}

// Tools that look into repositories of Gitea and Forgejo.

import { register, t } from "heddle/sdk";
import { block, integer, line, list, login, type Payload, record } from "../../_forge/payload.ts";
import { outOfReach } from "../../_forge/reach.ts";
import { gitea, issuePath, repositoryPath } from "../client.ts";
import { settings } from "../config.ts";
import { NUMBER, OWNER, REF, REPO } from "../schema.ts";

const BODY_LIMIT = 10_000;
const COMMENT_LIMIT = 2_000;
const COMMENTS = 30;
const DIFF_LIMIT = 50_000;
const FILE_LIMIT = 100_000;
const FOUND = 20;
const REVIEWS = 10;

/** Fetches something, or returns what to tell the model. */
async function ask(
  path: string,
  subject: string,
  { signal, query = {} }: { signal: AbortSignal; query?: Record<string, string | number> },
): Promise<{ answer: Response } | { error: string }> {
  if (settings.GITEA_TOKEN === "")
    return { error: "GITEA_TOKEN is not set, so the server cannot be reached." };
  const answer = await gitea.get(path, { signal, query });
  if (answer.ok) return { answer };
  await answer.body?.cancel();
  if (answer.status === 404)
    return { error: `There is no ${subject}, or the token does not have access to it.` };
  return { error: `The server gave no ${subject}: it answered ${answer.status}.` };
}

async function askJson<Body>(...about: Parameters<typeof ask>): Promise<{ body: Body } | { error: string }> {
  const found = await ask(...about);
  return "error" in found ? found : { body: (await found.answer.json()) as Body };
}

function cut(value: unknown, limit: number): string {
  const text = typeof value === "string" ? value : "";
  return text.length > limit ? `${block(text, limit)}\n[cut: ${limit} of ${text.length} characters]` : text;
}

const about = (target: Payload) => ({
  ...{ number: integer(target.number), title: line(target.title), state: line(target.state) },
  ...{ author: login(target.user), created_at: line(target.created_at), url: line(target.html_url) },
  labels: list(target.labels).map((label) => line(record(label).name)),
  description: cut(target.body, BODY_LIMIT),
});

const shown = (comment: Payload) => ({
  ...{ author: login(comment.user), created_at: line(comment.created_at) },
  ...(comment.path !== undefined && { at: `${line(comment.path)}:${integer(comment.position) ?? 0}` }),
  body: cut(comment.body, COMMENT_LIMIT),
});

export const getIssue = register(
  {
    name: "gitea_get_issue",
    annotations: { readOnly: true },
    description: `Fetch an issue with its first ${COMMENTS} comments.`,
    parameters: t.Object({ owner: OWNER, repo: REPO, number: NUMBER }),
  },
  async (target, ctx) => {
    const { signal } = ctx;
    const why = outOfReach(ctx, "gitea:", `${target.owner}/${target.repo}`);
    if (why !== undefined) return { error: why };
    const name = `issue #${target.number} in ${target.owner}/${target.repo}`;
    const [issue, comments] = await Promise.all([
      askJson<Payload>(issuePath(target), name, { signal }),
      askJson<Payload[]>(`${issuePath(target)}/comments`, `comments of ${name}`, { signal }),
    ]);
    if ("error" in issue) return issue;
    if ("error" in comments) return comments;
    return { ...about(issue.body), comments: comments.body.slice(0, COMMENTS).map(shown) };
  },
);

export const getPull = register(
  {
    name: "gitea_get_pull",
    annotations: { readOnly: true },
    description: "Fetch a pull request with its changes and what reviewers wrote beside the code.",
    parameters: t.Object({ owner: OWNER, repo: REPO, number: NUMBER }),
  },
  async (target, ctx) => {
    const { signal } = ctx;
    const why = outOfReach(ctx, "gitea:", `${target.owner}/${target.repo}`);
    if (why !== undefined) return { error: why };
    const name = `pull request #${target.number} in ${target.owner}/${target.repo}`;
    const path = `${repositoryPath(target)}/pulls/${target.number}`;
    const [pull, diff, reviews] = await Promise.all([
      askJson<Payload>(path, name, { signal }),
      ask(`${path}.diff`, `changes of ${name}`, { signal }),
      askJson<Payload[]>(`${path}/reviews`, `reviews of ${name}`, { signal, query: { limit: REVIEWS } }),
    ]);
    if ("error" in pull) return pull;
    if ("error" in diff) return diff;
    if ("error" in reviews) return reviews;
    const comments = await Promise.all(
      reviews.body
        .filter((review) => (integer(review.comments_count) ?? 0) > 0)
        .slice(0, REVIEWS)
        .map(({ id }) =>
          askJson<Payload[]>(`${path}/reviews/${integer(id)}/comments`, `comments of ${name}`, { signal }),
        ),
    );
    return {
      ...about(pull.body),
      ...{ head: line(record(pull.body.head).ref), base: line(record(pull.body.base).ref) },
      head_sha: line(record(pull.body.head).sha),
      diff: cut(await diff.answer.text(), DIFF_LIMIT),
      review_comments: comments.flatMap((one) => ("error" in one ? [] : one.body.map(shown))),
    };
  },
);

export const getFile = register(
  {
    name: "gitea_get_file",
    annotations: { readOnly: true },
    description: "Read a file of a repository.",
    parameters: t.Object({
      owner: OWNER,
      repo: REPO,
      path: t.String({ minLength: 1, maxLength: 1_000 }),
      ref: t.Optional(REF),
    }),
  },
  async ({ owner, repo, path, ref }, ctx) => {
    const { signal } = ctx;
    const why = outOfReach(ctx, "gitea:", `${owner}/${repo}`);
    if (why !== undefined) return { error: why };
    const parts = path.split("/");
    if (parts.some((part) => part === "." || part === ".."))
      return { error: 'The path must not contain "..".' };
    const route = `${repositoryPath({ owner, repo })}/raw/${parts.map(encodeURIComponent).join("/")}`;
    const found = await ask(route, `file ${path} in ${owner}/${repo}`, {
      signal,
      query: { ...(ref && { ref }) },
    });
    if ("error" in found) return found;
    return { path, content: cut(await found.answer.text(), FILE_LIMIT) };
  },
);

export const searchIssues = register(
  {
    name: "gitea_search_issues",
    annotations: { readOnly: true },
    description: `Search a repository's issues and pull requests; returns the first ${FOUND}.`,
    parameters: t.Object({ owner: OWNER, repo: REPO, text: t.String({ minLength: 1, maxLength: 500 }) }),
  },
  async ({ owner, repo, text }, ctx) => {
    const { signal } = ctx;
    const why = outOfReach(ctx, "gitea:", `${owner}/${repo}`);
    if (why !== undefined) return { error: why };
    const query = { q: text, state: "all", limit: FOUND };
    const route = `${repositoryPath({ owner, repo })}/issues`;
    const found = await askJson<Payload[]>(route, "search result", { signal, query });
    if ("error" in found) return found;
    return {
      found: found.body.map((one) => ({
        ...{ number: integer(one.number), title: line(one.title), state: line(one.state) },
        ...{ is_pull_request: Boolean(one.pull_request), url: line(one.html_url) },
      })),
    };
  },
);

import { register, t } from "heddle/sdk";
import { toolMarker } from "../../_forge/markers.ts";
import { listOf, madeOf, objectOf } from "../answer.ts";
import { connectGitHub } from "../client.ts";
import { findComments } from "../comments.ts";
import { withoutForeignImages } from "../images.ts";
import { NUMBER, OWNER, REPO } from "../schema.ts";
import { author, checkReach, cut, withGitHub } from "./_client.ts";

const BODY_LIMIT = 10_000;
const COMMENT_LIMIT = 2000;
const COMMENTS = 30;
const FOUND = 10;
/** Issues among which one that was just made is looked for. */
const NEWEST = 100;
// GitHub's limit of 65,536 characters, minus the marker.
const WRITE_LIMIT = 65_000;

/** What makes a search look beyond the repository that it names. */
const ELSEWHERE = /\b(repo|org|user|owner|enterprise):|\bOR\b|\(/i;

export const getIssue = register(
  {
    name: "github_get_issue",
    annotations: { readOnly: true },
    description: `Fetch an issue or pull request with its first ${COMMENTS} comments.`,
    parameters: t.Object({ owner: OWNER, repo: REPO, issue_number: NUMBER }),
  },
  (issue, ctx) =>
    withGitHub(ctx, `issue #${issue.issue_number} in ${issue.owner}/${issue.repo}`, async (github) => {
      const route = "GET /repos/{owner}/{repo}/issues/{issue_number}";
      const [answer, commentsAnswer] = await Promise.all([
        github.request(route, issue),
        github.request(`${route}/comments`, { ...issue, per_page: COMMENTS }),
      ]);
      const data = objectOf(answer, "an issue", "number", "title", "labels");
      const comments = listOf(commentsAnswer, "a list of comments");
      return {
        number: data.number,
        title: data.title,
        state: data.state,
        is_pull_request: data.pull_request !== undefined,
        author: author(data.user),
        labels: data.labels.map((label) => (typeof label === "string" ? label : label.name)),
        assignees: (data.assignees ?? []).map(author),
        created_at: data.created_at,
        url: data.html_url,
        body: cut(data.body, BODY_LIMIT),
        comment_count: data.comments,
        comments: comments.slice(0, COMMENTS).map((comment) => ({
          author: author(comment.user),
          created_at: comment.created_at,
          body: cut(comment.body, COMMENT_LIMIT),
        })),
      };
    }),
);

export const searchIssues = register(
  {
    name: "github_search_issues",
    annotations: { readOnly: true },
    description: `Search issues and pull requests with GitHub's search syntax; returns the best ${FOUND}. Add is:issue or is:pr to the query for one kind only.`,
    parameters: t.Object({
      query: t.String({ minLength: 1 }),
      repo: t.Optional(
        t.String({ pattern: "^[\\w-]+/[\\w.-]+$", description: "owner/name; without it, everywhere" }),
      ),
    }),
  },
  ({ query, repo }, ctx) =>
    withGitHub(ctx, "search result", async (github) => {
      // A query can name further repositories.
      checkReach(ctx, ELSEWHERE.test(query) ? undefined : repo);
      const q = repo === undefined ? query : `${query} repo:${repo}`;
      const answer = await github.request("GET /search/issues", { q, per_page: FOUND });
      const data = objectOf(answer, "a search result", "items");
      return {
        total_count: data.total_count,
        items: data.items.slice(0, FOUND).map((item) => ({
          // A search result names its repository only by the address.
          repo: item.repository_url.split("/").slice(-2).join("/"),
          number: item.number,
          title: item.title,
          state: item.state,
          is_pull_request: item.pull_request !== undefined,
          author: author(item.user),
          updated_at: item.updated_at,
          url: item.html_url,
        })),
      };
    }),
);

export const postComment = register(
  {
    name: "github_post_comment",
    annotations: { egress: true },
    description: "Post a comment on an issue or pull request.",
    parameters: t.Object({
      owner: OWNER,
      repo: REPO,
      issue_number: NUMBER,
      body: t.String({ minLength: 1, maxLength: WRITE_LIMIT, description: "GitHub-flavoured Markdown" }),
    }),
    async reconcile({ owner, repo, issue_number }, ctx) {
      const marker = toolMarker(ctx);
      const found = await findComments(connectGitHub(ctx.signal), { owner, repo, issue_number }, [
        { marker },
      ]);
      const made = found.get(marker);
      return made
        ? { outcome: "done", result: { comment_id: made.id, url: made.url } }
        : { outcome: "not_done" };
    },
  },
  ({ owner, repo, issue_number, body }, ctx) =>
    withGitHub(ctx, `issue #${issue_number} in ${owner}/${repo}`, async (github) => {
      const answer = await github.request("POST /repos/{owner}/{repo}/issues/{issue_number}/comments", {
        owner,
        repo,
        issue_number,
        body: `${toolMarker(ctx)}\n${withoutForeignImages(body)}`,
      });
      const { id, url } = madeOf(answer, "id", "the comment that it made");
      return { comment_id: id, url };
    }),
);

export const createIssue = register(
  {
    name: "github_create_issue",
    annotations: { egress: true },
    description: "Open an issue.",
    parameters: t.Object({
      owner: OWNER,
      repo: REPO,
      title: t.String({ minLength: 1, maxLength: 256 }),
      body: t.Optional(t.String({ maxLength: WRITE_LIMIT, description: "GitHub-flavoured Markdown" })),
      labels: t.Optional(t.Array(t.String())),
      assignees: t.Optional(t.Array(t.String())),
    }),
    async reconcile({ owner, repo }, ctx) {
      const newest = { sort: "created", direction: "desc", state: "all", per_page: NEWEST } as const;
      const answer = await connectGitHub(ctx.signal).request("GET /repos/{owner}/{repo}/issues", {
        owner,
        repo,
        ...newest,
      });
      const issues = listOf(answer, "a list of issues");
      const made = issues.find(({ body }) => body?.startsWith(toolMarker(ctx)));
      if (made) return { outcome: "done", result: { number: made.number, url: made.html_url } };
      // So many others may have come since that it is not among them.
      return { outcome: issues.length < NEWEST ? "not_done" : "unknown" };
    },
  },
  ({ owner, repo, title, body = "", labels, assignees }, ctx) =>
    withGitHub(ctx, `repository ${owner}/${repo}`, async (github) => {
      const answer = await github.request("POST /repos/{owner}/{repo}/issues", {
        owner,
        repo,
        title,
        body: `${toolMarker(ctx)}\n${withoutForeignImages(body)}`,
        ...(labels && { labels }),
        ...(assignees && { assignees }),
      });
      const { id, url } = madeOf(answer, "number", "the issue that it made");
      return { number: id, url };
    }),
);

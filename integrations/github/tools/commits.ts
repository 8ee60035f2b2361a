import { register, t } from "heddle/sdk";
import { listOf, objectOf } from "../answer.ts";
import { OWNER, PER_PAGE, REPO, ref } from "../schema.ts";
import { author, cut, withGitHub } from "./_client.ts";

const PATCHES_LIMIT = 50_000;
const FILES_LIMIT = 100;
const COMPARED_COMMITS = 30;
const MESSAGE_LIMIT = 500;

export const listCommits = register(
  {
    name: "github_list_commits",
    annotations: { readOnly: true },
    description: "List commits, newest first.",
    parameters: t.Object({
      owner: OWNER,
      repo: REPO,
      sha: t.Optional(ref("Branch, tag or commit to start from; without it, the default branch")),
      path: t.Optional(t.String({ description: "Only commits that touch this file or folder" })),
      author: t.Optional(t.String({ description: "Login or e-mail address" })),
      since: t.Optional(t.String({ description: "ISO 8601 time" })),
      until: t.Optional(t.String({ description: "ISO 8601 time" })),
      per_page: t.Optional(PER_PAGE),
    }),
  },
  ({ per_page = 20, ...query }, ctx) =>
    withGitHub(ctx, `such commits in ${query.owner}/${query.repo}`, async (github) => {
      const answer = await github.request("GET /repos/{owner}/{repo}/commits", { ...query, per_page });
      return listOf(answer, "a list of commits", "sha", "commit").map(commitSummary);
    }),
);

export const getCommit = register(
  {
    name: "github_get_commit",
    annotations: { readOnly: true },
    description: "Fetch a commit with its message, changed files and patches.",
    parameters: t.Object({ owner: OWNER, repo: REPO, ref: ref("Commit, branch or tag") }),
  },
  (commit, ctx) =>
    withGitHub(ctx, `commit ${commit.ref} in ${commit.owner}/${commit.repo}`, async (github) => {
      const answer = await github.request("GET /repos/{owner}/{repo}/commits/{ref}", commit);
      const data = objectOf(answer, "a commit", "sha", "commit", "parents");
      let room = PATCHES_LIMIT;
      return {
        ...commitSummary(data),
        message: data.commit.message,
        parents: data.parents.map((parent) => parent.sha),
        additions: data.stats?.additions ?? 0,
        deletions: data.stats?.deletions ?? 0,
        file_count: data.files?.length ?? 0,
        files: (data.files ?? []).slice(0, FILES_LIMIT).map((file) => {
          const patch = room > 0 ? cut(file.patch, room) : "";
          room -= patch.length;
          return { ...fileSummary(file), patch };
        }),
      };
    }),
);

export const compare = register(
  {
    name: "github_compare",
    annotations: { readOnly: true },
    description: `Compare two branches, tags or commits: the first ${COMPARED_COMMITS} commits and the changed files between them.`,
    parameters: t.Object({
      owner: OWNER,
      repo: REPO,
      base: ref("Where the comparison starts"),
      head: ref("Where it ends"),
    }),
  },
  ({ owner, repo, base, head }, ctx) =>
    withGitHub(ctx, `comparison of ${base} and ${head} in ${owner}/${repo}`, async (github) => {
      const answer = await github.request("GET /repos/{owner}/{repo}/compare/{basehead}", {
        owner,
        repo,
        basehead: `${base}...${head}`,
        per_page: COMPARED_COMMITS,
      });
      const data = objectOf(answer, "a comparison", "status", "commits");
      return {
        status: data.status,
        ahead_by: data.ahead_by,
        behind_by: data.behind_by,
        total_commits: data.total_commits,
        url: data.html_url,
        commits: data.commits.slice(0, COMPARED_COMMITS).map(commitSummary),
        file_count: data.files?.length ?? 0,
        files: (data.files ?? []).slice(0, FILES_LIMIT).map(fileSummary),
      };
    }),
);

interface Commit {
  sha: string;
  html_url: string;
  author: object | null;
  commit: { message: string; author: { name?: string; date?: string } | null };
}

function commitSummary({ sha, html_url, author: user, commit }: Commit) {
  return {
    sha,
    message: cut(commit.message, MESSAGE_LIMIT),
    // GitHub knows the account only if the commit's e-mail address belongs to one.
    author: user && "login" in user ? author(user as { login: string }) : (commit.author?.name ?? "unknown"),
    date: commit.author?.date ?? null,
    url: html_url,
  };
}

interface ChangedFile {
  filename: string;
  status: string;
  additions: number;
  deletions: number;
}

function fileSummary({ filename, status, additions, deletions }: ChangedFile) {
  return { path: filename, status, additions, deletions };
}

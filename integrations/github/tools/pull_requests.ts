import type { Octokit } from "@octokit/core";
import { register, t } from "heddle/sdk";
import { listOf, objectOf, textOf } from "../answer.ts";
import { readFailure } from "../client.ts";
import { NUMBER, OWNER, REPO } from "../schema.ts";
import { author, cut, withGitHub } from "./_client.ts";

const BODY_LIMIT = 10_000;
const DIFF_LIMIT = 50_000;
const FILES_LIMIT = 100;
const LIST_LIMIT = 30;

interface PullAddress {
  owner: string;
  repo: string;
  pull_number: number;
}

export const getPr = register(
  {
    name: "github_get_pr",
    annotations: { readOnly: true },
    description: "Fetch a pull request: its description, state, changed files and diff.",
    parameters: t.Object({ owner: OWNER, repo: REPO, pull_number: NUMBER }),
  },
  (pull, ctx) =>
    withGitHub(ctx, `pull request #${pull.pull_number} in ${pull.owner}/${pull.repo}`, async (github) => {
      const route = "GET /repos/{owner}/{repo}/pulls/{pull_number}";
      const [answer, filesAnswer, diff] = await Promise.all([
        github.request(route, pull),
        github.request(`${route}/files`, { ...pull, per_page: FILES_LIMIT }),
        fetchDiff(github, pull),
      ]);
      const data = objectOf(answer, "a pull request", "number", "head", "base", "labels");
      const files = listOf(filesAnswer, "a list of files");
      return {
        number: data.number,
        title: data.title,
        state: data.merged ? "merged" : data.state,
        draft: data.draft ?? false,
        author: author(data.user),
        head: data.head.ref,
        head_sha: data.head.sha,
        base: data.base.ref,
        labels: data.labels.map((label) => label.name),
        additions: data.additions,
        deletions: data.deletions,
        changed_files: data.changed_files,
        url: data.html_url,
        body: cut(data.body, BODY_LIMIT),
        files: files.slice(0, FILES_LIMIT).map((file) => ({
          path: file.filename,
          status: file.status,
          additions: file.additions,
          deletions: file.deletions,
        })),
        diff,
      };
    }),
);

export const listPrs = register(
  {
    name: "github_list_prs",
    annotations: { readOnly: true },
    description: `List the newest ${LIST_LIMIT} pull requests of a repository.`,
    parameters: t.Object({
      owner: OWNER,
      repo: REPO,
      state: t.Optional(t.UnionEnum(["open", "closed", "all"], { default: "open" })),
    }),
  },
  ({ owner, repo, state = "open" }, ctx) =>
    withGitHub(ctx, `repository ${owner}/${repo}`, async (github) => {
      const answer = await github.request("GET /repos/{owner}/{repo}/pulls", {
        owner,
        repo,
        state,
        per_page: LIST_LIMIT,
      });
      return listOf(answer, "a list of pull requests", "number", "head", "base").map((pull) => ({
        number: pull.number,
        title: pull.title,
        state: pull.merged_at ? "merged" : pull.state,
        draft: pull.draft ?? false,
        author: author(pull.user),
        head: pull.head.ref,
        base: pull.base.ref,
        created_at: pull.created_at,
        updated_at: pull.updated_at,
        url: pull.html_url,
      }));
    }),
);

async function fetchDiff(github: Octokit, pull: PullAddress): Promise<string> {
  try {
    const answer = await github.request("GET /repos/{owner}/{repo}/pulls/{pull_number}", {
      ...pull,
      mediaType: { format: "diff" },
    });
    return cut(textOf(answer, "a diff"), DIFF_LIMIT);
  } catch (error) {
    // GitHub refuses to make a diff of more than 300 files or 20,000 lines.
    if (readFailure(error)?.status === 406) return "[GitHub makes no diff of a change this large]";
    throw error;
  }
}

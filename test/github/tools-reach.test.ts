// In a stranger's run the tools of GitHub reach the repository of the conversation, and no other: the answer is posted where everybody reads it.

import { afterEach, beforeEach, expect, test } from "bun:test";
import { toolContext } from "heddle/sdk/testing";
import { listCommits } from "../../integrations/github/tools/commits.ts";
import { getFile, listBranches } from "../../integrations/github/tools/files.ts";
import { createIssue, getIssue, postComment, searchIssues } from "../../integrations/github/tools/issues.ts";
import { getPr } from "../../integrations/github/tools/pull_requests.ts";
import { createFakeGitHub, type FakeGitHub } from "./fake-github.ts";
import { gitHubSettings } from "./settings.ts";

const set = gitHubSettings();
let github: FakeGitHub;

beforeEach(() => {
  github = createFakeGitHub({ token: "secret-token" });
  set({ GITHUB_TOKEN: "secret-token", GITHUB_API_URL: github.url });
});
afterEach(() => github.close());

const stranger = toolContext({ answers_stranger: true, client_id: "github:Octo/hello" });

test("a stranger's run reaches its own repository, and no other", async () => {
  const other = { owner: "octo", repo: "secret" };
  for (const refused of [
    getFile({ ...other, path: "README.md" }, stranger),
    getPr({ ...other, pull_number: 1 }, stranger),
    getIssue({ ...other, issue_number: 1 }, stranger),
    listBranches(other, stranger),
    listCommits(other, stranger),
    postComment({ ...other, issue_number: 1, body: "Hi" }, stranger),
    createIssue({ ...other, title: "Hi" }, stranger),
    searchIssues({ query: "password" }, stranger),
    searchIssues({ query: "password", repo: "octo/secret" }, stranger),
    searchIssues({ query: "password repo:octo/secret", repo: "octo/hello" }, stranger),
  ])
    expect(await refused).toEqual({ error: expect.stringContaining("only Octo/hello is open to it") });
  const own = { owner: "octo", repo: "hello" };
  expect(await listBranches(own, stranger)).toBeArray();
  expect(await searchIssues({ query: "jam", repo: "octo/hello" }, stranger)).toHaveProperty("items");
});

test("a person's run, and one in another place, reaches what the token reaches", async () => {
  const own = { owner: "octo", repo: "hello" };
  expect(await listBranches(own, toolContext({ client_id: "github:octo/other" }))).toBeArray();
  expect(
    await listBranches(own, toolContext({ answers_stranger: true, client_id: "slack:T1:C1" })),
  ).toBeArray();
});

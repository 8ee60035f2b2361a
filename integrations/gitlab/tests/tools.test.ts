import assert from "node:assert/strict";
import { test } from "node:test";
import { toolContext, useSettings } from "heddle/sdk/testing";
import { whoAmI } from "../client.ts";
import { getFile, getIssue, getMergeRequest, search } from "../tools/gitlab.ts";
import { startGitLab, TARGET } from "./fixture.ts";

const gitlab = startGitLab();

test("tools say what the server says", async () => {
  gitlab.answer = (path) =>
    Response.json(
      path.endsWith("/diffs")
        ? [{ old_path: "a", new_path: "a", diff: "@@" }]
        : path.endsWith("/notes")
          ? [{ author: { username: "ada" }, created_at: "c", body: "B" }]
          : { iid: 3, title: "T", state: "opened", labels: [], diff_refs: { head_sha: "s" } },
    );
  const found = (await getMergeRequest({ project: TARGET.project, iid: 3 }, toolContext())) as Record<
    string,
    unknown
  >;
  assert.deepEqual([found.title, found.head_sha, found.diff], ["T", "s", "--- a\n+++ a\n@@"]);
  gitlab.answer = () => new Response(null, { status: 404 });
  const missing = (await getMergeRequest({ project: TARGET.project, iid: 3 }, toolContext())) as {
    error: string;
  };
  assert.match(missing.error, /does not have access/);
});

test("the connection is tested", async () => {
  gitlab.answer = () => Response.json({ id: 9, username: "heddle-bot" });
  const { signal } = new AbortController();
  assert.match(await whoAmI({ signal }), /Set GITLAB_BOT_USERNAME/);
  useSettings({ GITLAB_URL: "https://gitlab.example", GITLAB_TOKEN: "wrong" });
  await assert.rejects(() => whoAmI({ signal }), /does not accept/);
});

test("an issue, a file and what is searched for are read as the API has them", async () => {
  const issue = { iid: 7, title: "It jams", state: "opened", labels: ["bug"], author: { username: "ada" } };
  gitlab.answer = (path) => {
    if (path.endsWith("/notes"))
      return Response.json([{ author: { username: "bob" }, created_at: "c", body: "B".repeat(2_100) }]);
    if (path.includes("/repository/files/"))
      return Response.json({ content: Buffer.from("let x = 1;").toString("base64"), last_commit_id: "abc" });
    if (path.endsWith("/search")) return Response.json([{ path: "src/a.ts", startline: 4, data: "let x" }]);
    return Response.json({ ...issue, description: "D" });
  };
  const found = (await getIssue({ project: TARGET.project, iid: 7 }, toolContext())) as {
    author: string;
    comments: { author: string; body: string }[];
  };
  assert.equal(found.author, "ada");
  assert.match(found.comments[0]?.body ?? "", /\[cut: 2000 of 2100 characters\]$/);
  const file = { project: TARGET.project, path: "src/a b.ts", ref: "main" };
  assert.deepEqual(await getFile(file, toolContext()), {
    ...{ path: "src/a b.ts", commit: "abc", content: "let x = 1;" },
  });
  assert.equal(
    gitlab.requests.at(-1)?.path,
    "/api/v4/projects/acme%2Ftools%2Floom/repository/files/src%2Fa%20b.ts?ref=main",
  );
  const wanted = { project: TARGET.project, scope: "blobs", text: "let x" } as const;
  assert.deepEqual(await search(wanted, toolContext()), {
    found: [{ path: "src/a.ts", line: 4, text: "let x" }],
  });
  assert.ok(gitlab.requests.every(({ method }) => method === "GET"));
  useSettings({ GITLAB_TOKEN: undefined });
  assert.deepEqual(await getFile(file, toolContext()), {
    error: "GITLAB_TOKEN is not set, so GitLab cannot be reached.",
  });
});

test("a stranger's run reads its own project, and no other", async () => {
  gitlab.answer = () => Response.json([]);
  const stranger = toolContext({ answers_stranger: true, client_id: `gitlab:${TARGET.project}` });
  const project = "acme/secret";
  for (const refused of [
    getIssue({ project, iid: 1 }, stranger),
    getMergeRequest({ project, iid: 1 }, stranger),
    getFile({ project, path: "a" }, stranger),
    search({ project, scope: "blobs", text: "a" }, stranger),
  ])
    assert.match(((await refused) as { error: string }).error, /only acme\/tools\/loom is open to it/);
  assert.deepEqual(gitlab.requests, []);
  assert.deepEqual(await search({ project: TARGET.project, scope: "blobs", text: "a" }, stranger), {
    found: [],
  });
});

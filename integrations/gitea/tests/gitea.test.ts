import assert from "node:assert/strict";
import { after, beforeEach, test } from "node:test";
import { signWebhook, store } from "heddle/sdk";
import { deliver, fakeFetch, fakeHeddle, toolContext, useSettings } from "heddle/sdk/testing";
import { whoAmI } from "../client.ts";
import "../dispatcher.ts";
import { describeEvent } from "../events/describe.ts";
import { router } from "../router.ts";
import { getFile, getIssue, getPull, searchIssues } from "../tools/gitea.ts";

const decided: [id: string, decision: { by: object }][] = [];
const heddle = fakeHeddle({
  controls: {
    decide: async (...given: (typeof decided)[number]) => {
      decided.push(given);
      return { status: "denied" };
    },
  } as never,
});
const requests: { method: string; path: string; body: Record<string, unknown> }[] = [];
let answer: (path: string, method: string) => Response;
const service = fakeFetch(async (request) => {
  const { pathname, search } = new URL(request.url);
  if (request.headers.get("authorization") !== "token t") return new Response(null, { status: 401 });
  const text = await request.text();
  requests.push({ method: request.method, path: pathname + search, body: text ? JSON.parse(text) : {} });
  return answer(pathname, request.method);
});
after(() => {
  service.restore();
  heddle.restore();
});
beforeEach(() => {
  heddle.clear();
  requests.length = 0;
  decided.length = 0;
  useSettings({ GITEA_URL: "https://git.example/", GITEA_TOKEN: "t", GITEA_WEBHOOK_SECRET: "secret" });
});

const TARGET = { owner: "acme", repo: "loom", number: 3 };
const ADA = { id: 5, login: "ada", username: "ada" };
const COMMENT = {
  action: "created",
  issue: { id: 70, number: 3, title: "Faster\nshuttle", user: ADA, pull_request: { merged: false } },
  comment: {
    id: 1244,
    body: "Why not a map?",
    user: ADA,
    html_url: "https://git.example/acme/loom/pulls/3#issuecomment-1244",
  },
  repository: { id: 1, full_name: "acme/loom" },
  sender: ADA,
  is_pull: true,
};
const send = (payload: object, event = "issue_comment", secret = "secret") => {
  const body = JSON.stringify(payload);
  const headers = {
    ...signWebhook(body, { scheme: "hmac", header: "x-gitea-signature", secret }),
    ...{ "content-type": "application/json", "x-gitea-event": event },
  };
  return router.handle(new Request("http://localhost/webhook", { method: "POST", headers, body }));
};

test("a signed comment starts one run, however often it is sent", async () => {
  assert.equal((await send(COMMENT, "issue_comment", "wrong")).status, 403);
  await send(COMMENT);
  await send(COMMENT);
  assert.equal(heddle.events.length, 1);
  assert.deepEqual(heddle.firstEvent.dispatchConfig, { type: "gitea", ...TARGET });
  assert.equal(
    heddle.firstEvent.content,
    "Comment on pull request #3: Faster shuttle\nAuthor: ada\n\nWhy not a map?",
  );
});

test("events become messages", () => {
  const pull = {
    id: 70,
    number: 3,
    title: "T",
    user: ADA,
    head: { ref: "a", sha: "abcdef1234" },
    base: { ref: "b" },
    updated_at: "u",
  };
  const of = (event: string, payload: object) => {
    const described = describeEvent(event, payload as never);
    return described && [described.content, described.run !== null];
  };
  const review = (type: string) =>
    of("pull_request_rejected", {
      action: "reviewed",
      number: 3,
      pull_request: pull,
      review: { type, content: "C" },
      sender: ADA,
    });
  assert.deepEqual(
    [
      of("pull_request", { action: "opened", pull_request: { ...pull, body: "D" } }),
      of("pull_request", { action: "synchronized", pull_request: pull }),
      of("pull_request", { action: "closed", pull_request: { ...pull, merged: true } }),
      of("pull_request", { action: "label_updated", pull_request: pull }),
      review("pull_request_review_rejected"),
      review("pull_request_review_approved"),
      review("pull_request_comment"),
      of("push", {
        ref: "refs/tags/v1",
        before: "0",
        after: "1",
        commits: [],
        pusher: ADA,
        repository: { id: 1 },
      }),
      of("issues", { action: "closed", issue: { id: 1, number: 1 } }),
      of("fork", {}),
    ],
    [
      ["Pull request #3 opened: T\nAuthor: ada, a → b\n\nD", true],
      ["Pull request #3 updated (new head abcdef1): T", false],
      ["Pull request #3 merged: T", false],
      null,
      ["Review of pull request #3: T\nReviewer: ada\nState: changes requested\n\nC", true],
      ["Review of pull request #3: T\nReviewer: ada\nState: approved\n\nC", false],
      ["Review of pull request #3: T\nReviewer: ada\nState: commented\n\nC", false],
      ["Push to tag v1: 0 commits by ada", false],
      null,
      null,
    ],
  );
});

test("a comment whose answer was lost is found again", async () => {
  let body = "";
  answer = (_, method) => {
    if (method === "GET") return Response.json([{ id: 8, body, html_url: "https://git.example/8" }]);
    body = String(requests.at(-1)?.body.body);
    return new Response(null, { status: 502 });
  };
  const done = await deliver("gitea", TARGET, "Because.\n![x](https://evil.example/)");
  assert.deepEqual(
    [done.status, done.attempts, done.receipt],
    ["delivered", 2, { comment_ids: [8], urls: ["https://git.example/8"] }],
  );
  assert.equal(requests[0]?.path, "/api/v1/repos/acme/loom/issues/3/comments");
  assert.match(body, /\n\[x\]/);
  answer = () => new Response(null, { status: 404 });
  const nowhere = await deliver("gitea", TARGET, "Because.");
  assert.deepEqual([nowhere.status, nowhere.attempts], ["dead", 1]);
  assert.match(String(nowhere.error), /has no issue or pull request 3 in acme\/loom/);
});

test("an approver decides by a comment of their own, where it was asked", async () => {
  const id = "0192f0c1-0000-7000-8000-000000000002";
  await store.set(`approval:${id}`, { ...TARGET, people: ["id:5"] });
  const comment = (about: object) =>
    send({ ...COMMENT, ...about, comment: { ...COMMENT.comment, body: `/deny ${id}` } }).then(
      (one) => one.json() as Promise<Record<string, unknown>>,
    );
  assert.equal((await comment({ sender: { id: 6, login: "eve" } })).reason, "not_an_approver");
  assert.equal((await comment({ issue: { ...COMMENT.issue, number: 4 } })).reason, "not_asked_here");
  assert.equal((await comment({})).decision, "denied");
  assert.deepEqual(decided, [[id, { approved: false, by: { id: "id:5", name: "ada" } }]]);
});

test("whoever takes the name that an approver gave up decides nothing, nor does a comment that was changed", async () => {
  const id = "0192f0c1-0000-7000-8000-000000000003";
  await store.set(`approval:${id}`, { ...TARGET, people: ["ada"] });
  const times = { created_at: "2026-11-29T10:00:00Z", updated_at: "2026-11-29T10:00:00Z" };
  const comment = async (by: object, about: object = times) => {
    const said = { ...COMMENT.comment, ...about, user: by, body: `/deny ${id}` };
    return (await send({ ...COMMENT, sender: by, comment: said })).json() as Promise<Record<string, unknown>>;
  };
  // Found after an outage, it may have become another text.
  assert.equal(
    (await comment(ADA, { ...times, updated_at: "2026-11-29T10:04:00Z" })).reason,
    "not_an_approver",
  );
  assert.equal((await comment(ADA)).decision, "denied");
  assert.equal((await comment({ ...ADA, id: 6 })).reason, "another_account");
  assert.equal((await comment({ ...ADA, id: 6, login: "Ada" })).reason, "another_account");
  assert.equal((await comment({ ...ADA, login: "Ada" })).decision, "denied");
  assert.deepEqual(
    decided.map(([, { by }]) => by),
    [
      { id: "ada", name: "ada" },
      { id: "ada", name: "Ada" },
    ],
  );
});

test("tools say what the server says", async () => {
  answer = (path) => {
    if (path.endsWith(".diff")) return new Response("+new");
    if (path.endsWith("/reviews")) return Response.json([{ id: 4, comments_count: 1 }]);
    if (path.endsWith("/comments"))
      return Response.json([{ user: ADA, path: "a.ts", position: 7, body: "B" }]);
    return Response.json({ number: 3, title: "T", head: { ref: "a", sha: "s" }, base: { ref: "b" } });
  };
  const found = (await getPull(TARGET, toolContext())) as Record<string, unknown>;
  assert.deepEqual([found.title, found.head_sha, found.diff], ["T", "s", "+new"]);
  assert.deepEqual(found.review_comments, [{ author: "ada", created_at: "", at: "a.ts:7", body: "B" }]);
  const outside = (await getFile({ owner: "acme", repo: "loom", path: "../../user" }, toolContext())) as {
    error: string;
  };
  assert.match(outside.error, /must not contain/);
});

test("an issue and what is searched for are read as the API has them", async () => {
  answer = (path) =>
    path.endsWith("/comments")
      ? Response.json([{ user: ADA, created_at: "c", body: "B" }])
      : path.endsWith("/issues")
        ? Response.json([{ number: 7, title: "It jams", state: "open", pull_request: null, html_url: "u" }])
        : Response.json({ number: 3, title: "T", user: ADA, body: "D" });
  const issue = (await getIssue(TARGET, toolContext())) as { comments: unknown[] };
  assert.deepEqual(issue.comments, [{ author: "ada", created_at: "c", body: "B" }]);
  assert.deepEqual(await searchIssues({ owner: "acme", repo: "loom", text: "jam" }, toolContext()), {
    found: [{ number: 7, title: "It jams", state: "open", is_pull_request: false, url: "u" }],
  });
  assert.ok(requests.at(-1)?.path.includes("q=jam&state=all"));
});

test("a stranger's run reads its own repository, and no other", async () => {
  answer = () => Response.json([]);
  const stranger = toolContext({ answers_stranger: true, client_id: "gitea:Acme/loom" });
  for (const refused of [
    getIssue({ ...TARGET, repo: "secret" }, stranger),
    getPull({ ...TARGET, owner: "other" }, stranger),
    getFile({ owner: "acme", repo: "secret", path: "a" }, stranger),
    searchIssues({ owner: "acme", repo: "secret", text: "a" }, stranger),
  ])
    assert.match(((await refused) as { error: string }).error, /only Acme\/loom is open to it/);
  assert.deepEqual(requests, []);
  assert.deepEqual(await searchIssues({ owner: "acme", repo: "loom", text: "a" }, stranger), { found: [] });
});

test("the connection is tested", async () => {
  answer = () => Response.json(ADA);
  const { signal } = new AbortController();
  assert.match(await whoAmI({ signal }), /Set GITEA_BOT_LOGIN/);
  useSettings({ GITEA_URL: "https://git.example", GITEA_TOKEN: "wrong" });
  await assert.rejects(() => whoAmI({ signal }), /does not accept/);
});

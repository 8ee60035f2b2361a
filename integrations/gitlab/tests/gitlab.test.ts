import assert from "node:assert/strict";
import { after, beforeEach, test } from "node:test";
import { signWebhook } from "heddle/sdk";
import { deliver, fakeFetch, fakeHeddle, startListener, toolContext, useSettings } from "heddle/sdk/testing";
import { whoAmI } from "../client.ts";
import "../dispatcher.ts";
import { describeEvent } from "../events/describe.ts";
import { rememberProject } from "../missed.ts";
import { withoutQuickActions } from "../quick-actions.ts";
import { router } from "../router.ts";
import { getMergeRequest } from "../tools/gitlab.ts";

const decided: unknown[] = [];
const heddle = fakeHeddle({
  controls: {
    decide: async (...given: unknown[]) => {
      decided.push(given);
      return { status: "approved" };
    },
  } as never,
});
const requests: { method: string; path: string; body: Record<string, unknown> }[] = [];
let answer: (path: string, method: string) => Response;
const service = fakeFetch(async (request) => {
  const { pathname, search } = new URL(request.url);
  if (request.headers.get("private-token") !== "token") return new Response(null, { status: 401 });
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
  answer = () => Response.json({ id: 1 }, { status: 201 });
  useSettings({
    GITLAB_URL: "https://gitlab.example/",
    GITLAB_TOKEN: "token",
    GITLAB_WEBHOOK_SECRET: "secret",
    GITLAB_BOT_USERNAME: "",
  });
});

const TARGET = { project: "acme/tools/loom", kind: "merge_request", iid: 3 };
const THREAD = "6a9c1750b37d513a43987b574953fceb50b03ce7";
const NOTE = {
  object_kind: "note",
  event_type: "note",
  user: { id: 5, name: "Ada", username: "ada" },
  project_id: 1,
  project: {
    id: 1,
    name: "Loom",
    path_with_namespace: "acme/tools/loom",
    web_url: "https://gitlab.example/acme/tools/loom",
  },
  object_attributes: {
    ...{
      id: 1244,
      note: "Why not a map?",
      noteable_type: "MergeRequest",
      author_id: 5,
      system: false,
      action: "create",
    },
    ...{ discussion_id: THREAD, type: "DiffNote", created_at: "2026-11-01 10:00:00 UTC" },
    position: {
      position_type: "text",
      old_path: "src/a.ts",
      new_path: "src/a.ts",
      old_line: null,
      new_line: 12,
    },
  },
  merge_request: { id: 7, iid: 3, title: "Faster\nshuttle", source_branch: "fast", target_branch: "main" },
};
const send = (payload: object, token = "secret") => {
  const body = JSON.stringify(payload);
  const headers = {
    ...signWebhook(body, { scheme: "gitlab", secret: token }),
    ...{ "content-type": "application/json", "x-gitlab-event": "Note Hook" },
  };
  return router.handle(new Request("http://localhost/webhook", { method: "POST", headers, body }));
};

test("a comment beside code is answered in its thread, and is the same event however often it is sent", async () => {
  assert.equal((await send(NOTE, "wrong")).status, 403);
  await send(NOTE);
  await send(NOTE);
  assert.equal(heddle.events.length, 1);
  assert.deepEqual(heddle.firstEvent.dispatchConfig, { type: "gitlab", ...TARGET, discussion: THREAD });
  assert.equal(
    heddle.firstEvent.content,
    "Comment on merge request !3: Faster shuttle\nAuthor: ada\nAt src/a.ts:12\n\nWhy not a map?",
  );
});

test("events become messages", () => {
  const of = (payload: object) => {
    const described = describeEvent(payload as never);
    return described && [described.key, described.content, described.run?.kind ?? null];
  };
  const request = { id: 7, iid: 3, title: "T", source_branch: "a", target_branch: "b", updated_at: "u" };
  const merge = (about: object) =>
    of({ object_kind: "merge_request", user: NOTE.user, object_attributes: { ...request, ...about } });
  const zero = "0".repeat(40);
  const push = {
    object_kind: "push",
    project_id: 1,
    ref: "refs/heads/x/y",
    before: zero,
    user_username: "ada",
  };
  assert.deepEqual(
    [
      merge({ action: "open", description: "D" }),
      merge({ action: "update" }),
      merge({ action: "update", oldrev: "1", last_commit: { id: "abcdef1234" } }),
      merge({ action: "merge" }),
      of({ ...NOTE, object_attributes: { ...NOTE.object_attributes, system: true } }),
      of({ ...NOTE, object_attributes: { ...NOTE.object_attributes, action: "update" } }),
      of({ ...push, after: zero }),
      of({ ...push, after: "1", total_commits_count: 12, commits: [{ id: "abcdef1234", title: "Fix" }] }),
      of({ object_kind: "pipeline" }),
      of({}),
    ],
    [
      ["merge_request:7:open", "Merge request !3 opened: T\nAuthor: ada, a → b\n\nD", "merge_request"],
      null,
      ["merge_request:7:update:u", "Merge request !3 updated (new head abcdef1): T", null],
      ["merge_request:7:merge:u", "Merge request !3 merged: T", null],
      null,
      null,
      [`push:1:refs/heads/x/y:${zero}:${zero}`, "Push: branch x/y deleted by ada", null],
      [
        `push:1:refs/heads/x/y:${zero}:1`,
        "Push to branch x/y: 12 commits by ada\n- abcdef1 Fix\n… and 11 more",
        null,
      ],
      null,
      null,
    ],
  );
});

test("a comment whose answer was lost is found again, and a thread that is gone is answered beside it", async () => {
  let body = "";
  let isLost = true;
  answer = (path, method) => {
    if (method === "GET") return Response.json([{ id: 8, body }]);
    if (path.includes("/discussions/")) return new Response(null, { status: 404 });
    body = String(requests.at(-1)?.body.body);
    if (!isLost) return Response.json({ id: 9 }, { status: 201 });
    isLost = false;
    return new Response(null, { status: 502 });
  };
  const done = await deliver("gitlab", { ...TARGET, discussion: THREAD }, "Because.");
  assert.deepEqual(
    [done.status, done.attempts, done.receipt],
    [
      "delivered",
      2,
      { note_ids: [8], urls: ["https://gitlab.example/acme/tools/loom/-/merge_requests/3#note_8"] },
    ],
  );
  assert.equal(
    requests[0]?.path,
    `/api/v4/projects/acme%2Ftools%2Floom/merge_requests/3/discussions/${THREAD}/notes`,
  );
  answer = () => new Response("<html>", { headers: { "content-type": "text/html" } });
  assert.notEqual((await deliver("gitlab", TARGET, "Because.")).status, "delivered");
  answer = () => new Response(null, { status: 404 });
  const nowhere = await deliver("gitlab", TARGET, "Because.");
  assert.deepEqual([nowhere.status, nowhere.attempts], ["dead", 1]);
  assert.match(String(nowhere.error), /has no merge request 3 in acme\/tools\/loom/);
});

test("a push to a branch with a long name is taken, once", async () => {
  const ref = `refs/heads/${"renovate/".repeat(25)}x`;
  const push = (after: string) => ({
    ...{ object_kind: "push", project_id: 1, project: { path_with_namespace: "acme/loom" }, ref },
    ...{ before: "a".repeat(40), after, user_username: "ada", commits: [{ id: after, title: "Fix" }] },
  });
  for (const after of ["b", "c", "c"]) {
    assert.equal((await send(push(after.repeat(40)))).status, 200);
  }
  assert.equal(heddle.events.length, 2);
  assert.ok(heddle.events.every(({ idempotencyKey = "" }) => idempotencyKey.length <= 255));
});

test("what a model writes is never an order to GitLab", async () => {
  assert.equal(
    withoutQuickActions("/merge\n  /close\n/etc/passwd\nsee /tmp\n/label ~bug\r\n/Approve"),
    "\\/merge\n  \\/close\n/etc/passwd\nsee /tmp\n\\/label ~bug\r\n\\/Approve",
  );
  await deliver("gitlab", TARGET, "Done.\n/merge\n![x](https://evil.example/?q=1)");
  const posted = String(requests.at(-1)?.body.body);
  assert.match(posted, /\n\\\/merge\n\[x\]/);
});

test("an approver decides by a comment of their own, where it was asked", async () => {
  const id = "0192f0c1-0000-7000-8000-000000000001";
  const { store } = await import("heddle/sdk");
  await store.set(`approval:${id}`, { ...TARGET, people: ["ada"] });
  const comment = (about: object, note = `approve ${id} fine`) =>
    send({ ...NOTE, ...about, object_attributes: { ...NOTE.object_attributes, note } }).then(
      (one) => one.json() as Promise<Record<string, unknown>>,
    );
  assert.equal((await comment({ user: { id: 6, username: "eve" } })).reason, "not_an_approver");
  assert.equal((await comment({ user: { id: 6, username: "ada" } })).reason, "not_an_approver");
  assert.equal((await comment({ merge_request: { iid: 4 } })).reason, "not_asked_here");
  assert.deepEqual(await comment({}), { status: "processed", event: "note", decision: "approved" });
  assert.deepEqual(decided, [[id, { approved: true, by: { id: "ada", name: "ada" }, note: "fine" }]]);
});

test("tools say what the server says", async () => {
  answer = (path) =>
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
  answer = () => new Response(null, { status: 404 });
  const missing = (await getMergeRequest({ project: TARGET.project, iid: 3 }, toolContext())) as {
    error: string;
  };
  assert.match(missing.error, /does not have access/);
});

test("only what the webhook sends is asked for after an outage, and the bot's own comments are not looked at", async () => {
  const at = { created_at: new Date().toISOString(), project_id: 1 };
  const note = (id: number, username: string) => ({
    ...{ ...at, action_name: "commented on", target_type: "Note", author: { id, username } },
    note: { id, body: "Late?", noteable_type: "Issue", noteable_iid: 7 },
  });
  const opened = {
    ...at,
    action_name: "opened",
    target_type: "Issue",
    target_id: 70,
    target_iid: 7,
    author: NOTE.user,
  };
  answer = (path) => {
    if (path.endsWith("/user")) return Response.json({ id: 9, username: "heddle-bot" });
    if (path.endsWith("/events")) return Response.json([note(31, "heddle-bot"), note(30, "ada"), opened]);
    if (path.endsWith("/discussions")) return Response.json([{ id: THREAD, notes: [{ id: 30 }] }]);
    return Response.json({ id: 70, iid: 7, title: "The shuttle jams" });
  };
  useSettings({
    GITLAB_URL: "https://gitlab.example",
    GITLAB_TOKEN: "token",
    GITLAB_BOT_USERNAME: "heddle-bot",
  });
  await rememberProject({ ...NOTE, project: { path_with_namespace: "acme/late" } });
  const night = new Date(Date.now() - 86_400_000).toISOString().replace(/T.*/, "T00:30:00Z");
  const listener = startListener("missed-activity", { since: new Date(night) });
  await listener.reported;
  await listener.stop();
  assert.equal(heddle.events.length, 1);
  assert.deepEqual(heddle.firstEvent.dispatchConfig, {
    ...{ type: "gitlab", project: "acme/late", kind: "issue", iid: 7 },
    discussion: THREAD,
  });
  assert.equal(heddle.firstEvent.idempotencyKey, "note:30");
  // Servers count days in their own time zone, which may be half a day behind.
  const { path = "" } = requests.find((one) => one.path.includes("/events?")) ?? {};
  const after = new URL(path, "https://gitlab.example").searchParams.get("after") ?? "";
  const early = new Date(Date.parse(night) - 36 * 3_600_000).toISOString();
  assert.ok(after <= early.slice(0, 10), after);
  assert.equal(requests.length, 4);
});

test("a token that is refused is told at the first look, with the setting", async () => {
  answer = () => new Response(null, { status: 401 });
  useSettings({
    GITLAB_URL: "https://gitlab.example",
    GITLAB_TOKEN: "old",
    GITLAB_BOT_USERNAME: "heddle-bot",
  });
  await assert.rejects(startListener("missed-activity", { since: null }).reported, {
    name: "ReauthRequired",
    message: "GitLab does not accept GITLAB_TOKEN.",
  });
});

test("a comment that was changed before it was found decides nothing", async () => {
  const id = "0192f0c1-0000-7000-8000-000000000002";
  const at = new Date().toISOString();
  const place = { project: "acme/changed", kind: "issue", iid: 7 };
  const { store } = await import("heddle/sdk");
  await store.set(`approval:${id}`, { ...place, people: ["ada"] });
  const note = (number: number, updated_at: string) => ({
    ...{ created_at: at, project_id: 1, action_name: "commented on", target_type: "Note", author: NOTE.user },
    note: {
      ...{ id: number, body: `approve ${id} ${number}`, noteable_type: "Issue", noteable_iid: 7 },
      ...{ created_at: at, updated_at },
    },
  });
  answer = (path) => {
    if (path.endsWith("/events"))
      return Response.json([note(41, at), note(40, new Date(Date.parse(at) + 1).toISOString())]);
    if (path.endsWith("/user")) return Response.json({ id: 9, username: "heddle-bot" });
    return Response.json(path.endsWith("/discussions") ? [] : { id: 70, iid: 7, title: "T" });
  };
  await rememberProject({ ...NOTE, project: { path_with_namespace: place.project } });
  decided.length = 0;
  const listener = startListener("missed-activity", { since: new Date(Date.now() - 600_000) });
  await listener.reported;
  await listener.stop();
  assert.deepEqual(decided, [[id, { approved: true, by: { id: "ada", name: "ada" }, note: "41" }]]);
});

test("the connection is tested", async () => {
  answer = () => Response.json({ id: 9, username: "heddle-bot" });
  const { signal } = new AbortController();
  assert.match(await whoAmI({ signal }), /Set GITLAB_BOT_USERNAME/);
  useSettings({ GITLAB_URL: "https://gitlab.example", GITLAB_TOKEN: "wrong" });
  await assert.rejects(() => whoAmI({ signal }), /does not accept/);
});

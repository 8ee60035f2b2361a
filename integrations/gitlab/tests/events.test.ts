import assert from "node:assert/strict";
import { test } from "node:test";
import { describeEvent } from "../events/describe.ts";
import { NOTE, send, startGitLab, TARGET, THREAD } from "./fixture.ts";

const gitlab = startGitLab();

test("a comment beside code is answered in its thread, and is the same event however often it is sent", async () => {
  assert.equal((await send(NOTE, "wrong")).status, 403);
  await send(NOTE);
  await send(NOTE);
  assert.equal(gitlab.heddle.events.length, 1);
  assert.deepEqual(gitlab.heddle.firstEvent.dispatchConfig, {
    type: "gitlab",
    ...TARGET,
    discussion: THREAD,
  });
  assert.equal(
    gitlab.heddle.firstEvent.content,
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

test("a push to a branch with a long name is taken, once", async () => {
  const ref = `refs/heads/${"renovate/".repeat(25)}x`;
  const push = (after: string) => ({
    ...{ object_kind: "push", project_id: 1, project: { path_with_namespace: "acme/loom" }, ref },
    ...{ before: "a".repeat(40), after, user_username: "ada", commits: [{ id: after, title: "Fix" }] },
  });
  for (const after of ["b", "c", "c"]) {
    assert.equal((await send(push(after.repeat(40)))).status, 200);
  }
  assert.equal(gitlab.heddle.events.length, 2);
  assert.ok(gitlab.heddle.events.every(({ idempotencyKey = "" }) => idempotencyKey.length <= 255));
});

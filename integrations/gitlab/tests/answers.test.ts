import assert from "node:assert/strict";
import { test } from "node:test";
import { deliver } from "heddle/sdk/testing";
import { withoutQuickActions } from "../quick-actions.ts";
import "../dispatcher.ts";
import { startGitLab, TARGET, THREAD } from "./fixture.ts";

const gitlab = startGitLab();

test("a comment whose answer was lost is found again, and a thread that is gone is answered beside it", async () => {
  let body = "";
  let isLost = true;
  gitlab.answer = (path, method) => {
    if (method === "GET") return Response.json([{ id: 8, body }]);
    if (path.includes("/discussions/")) return new Response(null, { status: 404 });
    body = String(gitlab.requests.at(-1)?.body.body);
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
    gitlab.requests[0]?.path,
    `/api/v4/projects/acme%2Ftools%2Floom/merge_requests/3/discussions/${THREAD}/notes`,
  );
  gitlab.answer = () => new Response("<html>", { headers: { "content-type": "text/html" } });
  assert.notEqual((await deliver("gitlab", TARGET, "Because.")).status, "delivered");
  gitlab.answer = () => new Response(null, { status: 404 });
  const nowhere = await deliver("gitlab", TARGET, "Because.");
  assert.deepEqual([nowhere.status, nowhere.attempts], ["dead", 1]);
  assert.match(String(nowhere.error), /has no merge request 3 in acme\/tools\/loom/);
});

test("what a model writes is never an order to GitLab", async () => {
  assert.equal(
    withoutQuickActions("/merge\n  /close\n/etc/passwd\nsee /tmp\n/label ~bug\r\n/Approve"),
    "\\/merge\n  \\/close\n/etc/passwd\nsee /tmp\n\\/label ~bug\r\n\\/Approve",
  );
  await deliver("gitlab", TARGET, "Done.\n/merge\n![x](https://evil.example/?q=1)");
  const posted = String(gitlab.requests.at(-1)?.body.body);
  assert.match(posted, /\n\\\/merge\n\[x\]/);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { startListener, useSettings } from "heddle/sdk/testing";
import { rememberProject } from "../missed.ts";
import { NOTE, startGitLab, THREAD } from "./fixture.ts";

const gitlab = startGitLab();

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
  gitlab.answer = (path) => {
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
  assert.equal(gitlab.heddle.events.length, 1);
  assert.deepEqual(gitlab.heddle.firstEvent.dispatchConfig, {
    ...{ type: "gitlab", project: "acme/late", kind: "issue", iid: 7 },
    discussion: THREAD,
  });
  assert.equal(gitlab.heddle.firstEvent.idempotencyKey, "note:30");
  // Servers count days in their own time zone, which may be half a day behind.
  const { path = "" } = gitlab.requests.find((one) => one.path.includes("/events?")) ?? {};
  const after = new URL(path, "https://gitlab.example").searchParams.get("after") ?? "";
  const early = new Date(Date.parse(night) - 36 * 3_600_000).toISOString();
  assert.ok(after <= early.slice(0, 10), after);
  assert.equal(gitlab.requests.length, 4);
});

test("a token that is refused is told at the first look, with the setting", async () => {
  gitlab.answer = () => new Response(null, { status: 401 });
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

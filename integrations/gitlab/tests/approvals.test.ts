import assert from "node:assert/strict";
import { test } from "node:test";
import { startListener } from "heddle/sdk/testing";
import { rememberProject } from "../missed.ts";
import { NOTE, send, startGitLab, TARGET } from "./fixture.ts";

const gitlab = startGitLab();

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
  assert.deepEqual(gitlab.decided, [[id, { approved: true, by: { id: "ada", name: "ada" }, note: "fine" }]]);
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
  gitlab.answer = (path) => {
    if (path.endsWith("/events"))
      return Response.json([note(41, at), note(40, new Date(Date.parse(at) + 1).toISOString())]);
    if (path.endsWith("/user")) return Response.json({ id: 9, username: "heddle-bot" });
    return Response.json(path.endsWith("/discussions") ? [] : { id: 70, iid: 7, title: "T" });
  };
  await rememberProject({ ...NOTE, project: { path_with_namespace: place.project } });
  const listener = startListener("missed-activity", { since: new Date(Date.now() - 600_000) });
  await listener.reported;
  await listener.stop();
  assert.deepEqual(gitlab.decided, [[id, { approved: true, by: { id: "ada", name: "ada" }, note: "41" }]]);
});

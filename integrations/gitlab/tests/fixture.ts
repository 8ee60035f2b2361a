// What the tests of GitLab share: a server that answers as each test says, and a comment beside code as GitLab sends it.

import { after, beforeEach } from "node:test";
import { signWebhook } from "heddle/sdk";
import { fakeFetch, fakeHeddle, useSettings } from "heddle/sdk/testing";
import { router } from "../router.ts";

export const TARGET = { project: "acme/tools/loom", kind: "merge_request", iid: 3 };
export const THREAD = "6a9c1750b37d513a43987b574953fceb50b03ce7";
export const NOTE = {
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
export const send = (payload: object, token = "secret") => {
  const body = JSON.stringify(payload);
  const headers = {
    ...signWebhook(body, { scheme: "gitlab", secret: token }),
    ...{ "content-type": "application/json", "x-gitlab-event": "Note Hook" },
  };
  return router.handle(new Request("http://localhost/webhook", { method: "POST", headers, body }));
};

/** For one test file: what it is asked and decides, and how GitLab answers. */
export function startGitLab() {
  const decided: unknown[] = [];
  const requests: { method: string; path: string; body: Record<string, unknown> }[] = [];
  const heddle = fakeHeddle({
    controls: {
      decide: async (...given: unknown[]) => {
        decided.push(given);
        return { status: "approved" };
      },
    } as never,
  });
  const gitlab = {
    ...{ decided, requests, heddle },
    answer: (_path: string, _method: string): Response => Response.json({ id: 1 }, { status: 201 }),
  };
  const standard = gitlab.answer;
  const service = fakeFetch(async (request) => {
    const { pathname, search } = new URL(request.url);
    if (request.headers.get("private-token") !== "token") return new Response(null, { status: 401 });
    const text = await request.text();
    requests.push({ method: request.method, path: pathname + search, body: text ? JSON.parse(text) : {} });
    return gitlab.answer(pathname, request.method);
  });
  after(() => {
    service.restore();
    heddle.restore();
  });
  beforeEach(() => {
    heddle.clear();
    requests.length = 0;
    decided.length = 0;
    gitlab.answer = standard;
    useSettings({
      GITLAB_URL: "https://gitlab.example/",
      GITLAB_TOKEN: "token",
      GITLAB_WEBHOOK_SECRET: "secret",
      GITLAB_BOT_USERNAME: "",
    });
  });
  return gitlab;
}

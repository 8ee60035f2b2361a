// Tools that look into projects of GitLab.

import { register, t } from "heddle/sdk";
import { block, line, type Payload, record } from "../../_forge/payload.ts";
import { outOfReach } from "../../_forge/reach.ts";
import { gitlab, type Noteable, pathOf, projectPath } from "../client.ts";
import { settings } from "../config.ts";
import { usernameOf } from "../events/issues.ts";
import { IID, PROJECT, REF } from "../schema.ts";

const BODY_LIMIT = 10_000;
const COMMENT_LIMIT = 2_000;
const COMMENTS = 30;
const DIFF_LIMIT = 50_000;
const FILES = 100;
const FILE_LIMIT = 100_000;
const FOUND = 20;

/** Fetches JSON, or returns what to tell the model. */
async function ask<Body>(
  path: string,
  subject: string,
  { signal, query = {} }: { signal: AbortSignal; query?: Record<string, string | number> },
): Promise<{ body: Body } | { error: string }> {
  if (settings.GITLAB_TOKEN === "") return { error: "GITLAB_TOKEN is not set, so GitLab cannot be reached." };
  const answer = await gitlab.get(path, { signal, query });
  if (answer.ok) return { body: (await answer.json()) as Body };
  await answer.body?.cancel();
  if (answer.status === 404)
    return { error: `GitLab has no ${subject}, or the token does not have access to it.` };
  return { error: `GitLab gave no ${subject}: it answered ${answer.status}.` };
}

function cut(value: unknown, limit: number): string {
  const text = typeof value === "string" ? value : "";
  return text.length > limit ? `${block(text, limit)}\n[cut: ${limit} of ${text.length} characters]` : text;
}

const about = (target: Payload) => ({
  ...{ title: line(target.title), state: line(target.state), author: usernameOf(target.author) },
  ...{ labels: target.labels as string[], created_at: line(target.created_at), url: line(target.web_url) },
  description: cut(target.description, BODY_LIMIT),
});

async function withComments(target: Noteable, name: string, signal: AbortSignal) {
  const [noteable, notes] = await Promise.all([
    ask<Payload>(pathOf(target), name, { signal }),
    ask<Payload[]>(`${pathOf(target)}/notes`, `comments of ${name}`, {
      signal,
      query: { per_page: COMMENTS, sort: "asc", activity_filter: "only_comments" },
    }),
  ]);
  if ("error" in noteable) return noteable;
  if ("error" in notes) return notes;
  const comments = notes.body.map((note) => ({
    ...{ author: usernameOf(note.author), created_at: line(note.created_at) },
    body: cut(note.body, COMMENT_LIMIT),
  }));
  return { body: noteable.body, comments };
}

export const getIssue = register(
  {
    name: "gitlab_get_issue",
    annotations: { readOnly: true },
    description: `Fetch an issue with its first ${COMMENTS} comments.`,
    parameters: t.Object({ project: PROJECT, iid: IID }),
  },
  async ({ project, iid }, ctx) => {
    const { signal } = ctx;
    const why = outOfReach(ctx, "gitlab:", project);
    if (why !== undefined) return { error: why };
    const found = await withComments({ project, kind: "issue", iid }, `issue #${iid} in ${project}`, signal);
    return "error" in found ? found : { iid, ...about(found.body), comments: found.comments };
  },
);

export const getMergeRequest = register(
  {
    name: "gitlab_get_merge_request",
    annotations: { readOnly: true },
    description: `Fetch a merge request with its changes (${FILES} files) and first ${COMMENTS} comments.`,
    parameters: t.Object({ project: PROJECT, iid: IID }),
  },
  async ({ project, iid }, ctx) => {
    const { signal } = ctx;
    const why = outOfReach(ctx, "gitlab:", project);
    if (why !== undefined) return { error: why };
    const target = { project, kind: "merge_request", iid } as const;
    const name = `merge request !${iid} in ${project}`;
    const [found, diffs] = await Promise.all([
      withComments(target, name, signal),
      ask<Payload[]>(`${pathOf(target)}/diffs`, `changes of ${name}`, { signal, query: { per_page: FILES } }),
    ]);
    if ("error" in found) return found;
    if ("error" in diffs) return diffs;
    const { body, comments } = found;
    const text = diffs.body
      .map(
        ({ old_path, new_path, diff }) =>
          `--- ${line(old_path)}\n+++ ${line(new_path)}\n${String(diff ?? "")}`,
      )
      .join("\n");
    return {
      iid,
      ...about(body),
      ...{ source_branch: line(body.source_branch), target_branch: line(body.target_branch) },
      head_sha: line(record(body.diff_refs).head_sha) || line(body.sha),
      changes_count: line(body.changes_count),
      diff: cut(text, DIFF_LIMIT),
      comments,
    };
  },
);

export const getFile = register(
  {
    name: "gitlab_get_file",
    annotations: { readOnly: true },
    description: "Read a file of a project.",
    parameters: t.Object({
      project: PROJECT,
      path: t.String({ minLength: 1, maxLength: 1_000 }),
      ref: t.Optional(REF),
    }),
  },
  async ({ project, path, ref = "HEAD" }, ctx) => {
    const { signal } = ctx;
    const why = outOfReach(ctx, "gitlab:", project);
    if (why !== undefined) return { error: why };
    const route = `${projectPath(project)}/repository/files/${encodeURIComponent(path)}`;
    const found = await ask<Payload>(route, `file ${path} in ${project}`, { signal, query: { ref } });
    if ("error" in found) return found;
    const text = Buffer.from(String(found.body.content ?? ""), "base64").toString("utf8");
    return { path, commit: line(found.body.last_commit_id), content: cut(text, FILE_LIMIT) };
  },
);

export const search = register(
  {
    name: "gitlab_search",
    annotations: { readOnly: true },
    description: `Search a project's issues, merge requests or code; returns the first ${FOUND}.`,
    parameters: t.Object({
      project: PROJECT,
      scope: t.Union([t.Literal("issues"), t.Literal("merge_requests"), t.Literal("blobs")], {
        description: "blobs is code",
      }),
      text: t.String({ minLength: 1, maxLength: 500 }),
    }),
  },
  async ({ project, scope, text }, ctx) => {
    const { signal } = ctx;
    const why = outOfReach(ctx, "gitlab:", project);
    if (why !== undefined) return { error: why };
    const query = { scope, search: text, per_page: FOUND };
    const found = await ask<Payload[]>(`${projectPath(project)}/search`, "search result", { signal, query });
    if ("error" in found) return found;
    return {
      found: found.body.map((one) =>
        scope === "blobs"
          ? { path: line(one.path), line: Number(one.startline), text: cut(one.data, COMMENT_LIMIT) }
          : { iid: Number(one.iid), title: line(one.title), state: line(one.state), url: line(one.web_url) },
      ),
    };
  },
);

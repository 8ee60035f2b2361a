// GitLab on loopback for tests: the parts of its REST API that the integration uses, and webhooks signed as GitLab signs them. It refuses what
// the real one refuses: unknown tokens, projects that are not encoded, empty comments, threads that there are not, the same reaction twice. It
// carries out quick actions, as the real one does.

import { signWebhook } from "heddle/sdk";

export const TOKEN = "glpat-of-the-test";
export const SIGNING_TOKEN = `whsec_${Buffer.from("signing token of the test").toString("base64")}`;
export const PROJECT = "acme/tools/loom";
const BOT = { id: 99, username: "heddle-bot", name: "Heddle" };
export const ADA = { id: 5, username: "ada", name: "Ada" };

export interface FakeNote {
  id: number;
  /** "issues/7" */
  of: string;
  discussion: string;
  body: string;
  author: { id: number; username: string };
  created_at: string;
  system: boolean;
}

export interface FakeGitLab {
  url: string;
  notes: FakeNote[];
  /** "issues/7/notes/3 eyes" */
  reactions: string[];
  /** Lines of comments that GitLab took for orders. */
  quickActions: string[];
  /** Whether webhooks are sent; the activity shows everything in any case. */
  online: boolean;
  openIssue(iid: number, title: string, confidential?: boolean): Promise<Response | undefined>;
  comment(iid: number, body: string, author?: typeof ADA, discussion?: string): Promise<Response | undefined>;
  requests: string[];
  stop(): void;
}

const REACTIONS = ["eyes", "rocket", "confused", "thumbsup"];
const answer = (status: number, message: string): Response => Response.json({ message }, { status });

export function startFakeGitLab(webhookUrl: () => string): FakeGitLab {
  const issues = new Map<number, Record<string, unknown>>();
  const activity: Record<string, unknown>[] = [];
  let ids = 300;
  const fake: FakeGitLab = {
    url: "",
    ...{ notes: [], reactions: [], quickActions: [], requests: [], online: true },
    async openIssue(iid, title, confidential = false) {
      const issue = {
        id: 1000 + iid,
        iid,
        title,
        description: "It jams.",
        state: "opened",
        confidential,
        labels: ["bug"],
        author: ADA,
      };
      issues.set(iid, issue);
      activity.push({
        ...seen("opened"),
        target_type: "Issue",
        target_id: issue.id,
        target_iid: iid,
        target_title: title,
      });
      return send(
        "issue",
        { object_attributes: { ...issue, action: "open" }, labels: [{ title: "bug" }] },
        confidential,
      );
    },
    async comment(iid, body, author = ADA, discussion = hex()) {
      const note = add(`issues/${iid}`, body, author, discussion);
      activity.push({
        ...seen("commented on", author),
        ...{ target_type: "Note", target_id: note.id, target_iid: note.id, target_title: "The shuttle jams" },
        note: { id: note.id, body, author, system: false, noteable_type: "Issue", noteable_iid: iid },
      });
      const object_attributes = {
        ...{ id: note.id, note: body, noteable_type: "Issue", author_id: author.id, system: false },
        ...{
          action: "create",
          discussion_id: discussion,
          url: `${fake.url}/${PROJECT}/-/issues/${iid}#note_${note.id}`,
        },
      };
      return send("note", { object_attributes, issue: issues.get(iid), user: author }, false);
    },
    stop: () => void server.stop(true),
  };

  const hex = () => crypto.randomUUID().replaceAll("-", "").padEnd(40, "0");
  const seen = (action_name: string, author = ADA) => ({
    ...{ action_name, author, author_username: author.username, project_id: 1 },
    created_at: new Date().toISOString(),
  });

  function add(
    of: string,
    body: string,
    author: { id: number; username: string },
    discussion: string,
  ): FakeNote {
    const note = {
      id: ++ids,
      of,
      discussion,
      body,
      author,
      created_at: new Date().toISOString(),
      system: false,
    };
    fake.notes.push(note);
    return note;
  }

  async function send(kind: string, about: Record<string, unknown>, confidential: boolean) {
    if (!fake.online) return undefined;
    const body = JSON.stringify({
      ...{ object_kind: kind, event_type: confidential ? `confidential_${kind}` : kind, user: ADA },
      ...{ project: { id: 1, path_with_namespace: PROJECT }, ...about },
    });
    const headers = {
      ...signWebhook(body, { scheme: "gitlab", secret: SIGNING_TOKEN }),
      ...{
        "content-type": "application/json",
        "x-gitlab-event": `${kind[0]?.toUpperCase()}${kind.slice(1)} Hook`,
      },
    };
    return fetch(webhookUrl(), { method: "POST", headers, body });
  }

  function post(path: string, { body, name }: { body?: unknown; name?: unknown }): Response {
    const [, of = "", discussion, note, rest = ""] =
      /^(issues\/\d+|merge_requests\/\d+)(?:\/discussions\/([0-9a-f]{40}))?(?:\/notes\/(\d+))?(\/\w+)$/.exec(
        path,
      ) ?? [];
    if (!issues.has(Number(of.split("/")[1]))) return answer(404, "404 Issue Not Found");
    if (rest === "/award_emoji") {
      const award = `${of}${note ? `/notes/${note}` : ""} ${name}`;
      if (!REACTIONS.includes(String(name)))
        return answer(400, "400 Bad request - Name is not a valid emoji name");
      if (fake.reactions.includes(award))
        return answer(404, "404 Award Emoji Name has already been taken Not Found");
      fake.reactions.push(award);
      return Response.json({ id: ++ids, name }, { status: 201 });
    }
    if (rest !== "/notes") return answer(404, "404 Not Found");
    if (discussion && !fake.notes.some((one) => one.discussion === discussion))
      return answer(404, "404 Discussion Not Found");
    if (typeof body !== "string" || body.trim() === "")
      return answer(400, "400 Bad request - Note can't be blank");
    fake.quickActions.push(...(body.match(/^\/[a-z_]+(?=\s|$)/gm) ?? []));
    return Response.json(add(of, body, BOT, discussion ?? hex()), { status: 201 });
  }

  function put(path: string, { body }: { body?: unknown }): Response {
    const [, of, id] = /^((?:issues|merge_requests)\/\d+)\/notes\/(\d+)$/.exec(path) ?? [];
    const note = fake.notes.find((one) => one.of === of && one.id === Number(id));
    if (!note) return answer(404, "404 Note Not Found");
    if (note.author.id !== BOT.id) return answer(403, "403 Forbidden");
    if (typeof body !== "string" || body.trim() === "")
      return answer(400, "400 Bad request - Note can't be blank");
    return Response.json(Object.assign(note, { body }));
  }

  function get(path: string, query: URLSearchParams): Response {
    const page = Number(query.get("page") ?? 1);
    const size = Number(query.get("per_page") ?? 20);
    const paged = (all: unknown[]) => Response.json(all.slice((page - 1) * size, page * size));
    if (path === "events")
      return paged(
        activity.filter((one) => String(one.created_at).slice(0, 10) > (query.get("after") ?? "")).reverse(),
      );
    const [, of = "", iid, list] = /^(issues\/(\d+))(?:\/(notes|discussions))?$/.exec(path) ?? [];
    const issue = issues.get(Number(iid));
    if (!issue) return answer(404, "404 Not found");
    const own = fake.notes.filter((note) => note.of === of);
    if (list === undefined) return Response.json(issue);
    if (list === "notes") return paged(query.get("sort") === "asc" ? own : own.toReversed());
    return paged(own.map((note) => ({ id: note.discussion, individual_note: true, notes: [note] })));
  }

  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      // The raw path: a project that is not encoded is another route.
      const [path = "", query] = request.url.slice(request.url.indexOf("/api/v4")).split("?");
      fake.requests.push(`${request.method} ${path}`);
      if (request.headers.get("private-token") !== TOKEN) return answer(401, "401 Unauthorized");
      if (path === "/api/v4/user") return Response.json(BOT);
      const prefix = `/api/v4/projects/${encodeURIComponent(PROJECT)}/`;
      if (!path.startsWith(prefix)) return answer(404, "404 Project Not Found");
      const rest = path.slice(prefix.length);
      if (request.method === "GET") return get(rest, new URLSearchParams(query));
      if (request.method === "PUT") return put(rest, (await request.json()) as object);
      if (request.method !== "POST") return answer(405, "405 Not Allowed");
      return post(rest, (await request.json()) as object);
    },
  });
  fake.url = server.url.origin;
  return fake;
}

import { type FakeComment, type FakeIssue, failure, type RecordedRequest } from "./fake-github.ts";

export interface Api {
  comments: FakeComment[];
  /** Comments beside code; issue is "owner/repo#number". */
  reviewComments: (FakeComment & { in_reply_to_id?: number })[];
  reactions: { on: string; content: string }[];
  /** Of the hook 7 of each repository, newest first. */
  deliveries: FakeDelivery[];
  /** Ids of deliveries that were asked for again. */
  attempts: number[];
  issues: FakeIssue[];
  addComment(issue: string, body: string, login: string, updatedAt?: string): FakeComment;
  /** Adds a comment beside code. */
  addReviewComment(issue: string, body: string, inReplyTo?: number): FakeComment;
  /** Null: no such route. */
  handle(request: RecordedRequest): Response | null;
}

const COMMENT_LIMIT = 65_536;
const DEFAULT_PAGE = 30;
export const SHA = "0123456789abcdef0123456789abcdef01234567";
export const DIFF = "diff --git a/src/main.ts b/src/main.ts\n@@ -1 +1 @@\n-old line\n+new line\n";
export const FILE = "export const answer = 42;\n";

export interface FakeDelivery {
  id: number;
  guid: string;
  delivered_at: string;
  redelivery: boolean;
  status: string;
  status_code: number;
  event: string;
  action: string | null;
}

const REACTIONS = ["+1", "-1", "laugh", "confused", "heart", "hooray", "rocket", "eyes"];

type Groups = Record<string, string>;

export function fakeApi(): Api {
  const comments: FakeComment[] = [];
  const issues: FakeIssue[] = [];
  const reviewComments: Api["reviewComments"] = [];
  const reactions: Api["reactions"] = [];
  const deliveries: FakeDelivery[] = [];
  const attempts: number[] = [];

  function reply({ owner, repo, number, id }: Groups, { body }: RecordedRequest): Response {
    const of = `${owner}/${repo}#${number}`;
    const parent = reviewComments.find((one) => one.id === Number(id) && one.issue === of);
    // GitHub knows no replies to replies.
    if (!parent || parent.in_reply_to_id !== undefined) return failure(404, "Not Found");
    const text = (body as { body?: unknown } | null)?.body;
    if (typeof text !== "string" || text.trim() === "") return failure(422, "Validation Failed");
    const made = addReviewComment(of, text, Number(id));
    return Response.json(made, { status: 201 });
  }

  function addReviewComment(issue: string, body: string, inReplyTo?: number) {
    const id = 9000 + reviewComments.length;
    const now = new Date().toISOString();
    const made = {
      ...{ id, issue, body, created_at: now, updated_at: now, user: { login: "heddle-bot" } },
      html_url: `https://github.test/${issue.replace("#", "/pull/")}#discussion_r${id}`,
      ...(inReplyTo !== undefined && { in_reply_to_id: inReplyTo }),
    };
    reviewComments.push(made);
    return made;
  }

  const react =
    (on: string) =>
    ({ owner, repo, id }: Groups, { body }: RecordedRequest): Response => {
      const content = String((body as { content?: unknown } | null)?.content);
      if (!REACTIONS.includes(content)) return failure(422, "Validation Failed");
      const target = `${owner}/${repo} ${on} ${id}`;
      const isThere = reactions.some((one) => one.on === target && one.content === content);
      if (!isThere) reactions.push({ on: target, content });
      return Response.json({ id: 1, content }, { status: isThere ? 200 : 201 });
    };

  const addComment: Api["addComment"] = (issue, body, login, updatedAt) => {
    const id = 1000 + comments.length;
    const now = updatedAt ?? new Date().toISOString();
    const html_url = `https://github.test/${issue.replace("#", "/issues/")}#issuecomment-${id}`;
    const comment = { id, issue, body, html_url, created_at: now, updated_at: now, user: { login } };
    comments.push(comment);
    return comment;
  };

  function createComment({ owner, repo, number }: Groups, { body }: RecordedRequest): Response {
    const text = (body as { body?: unknown } | null)?.body;
    if (typeof text !== "string" || text.trim() === "") return failure(422, "Validation Failed");
    if (text.length > COMMENT_LIMIT) {
      return failure(422, `Body is too long (maximum is ${COMMENT_LIMIT} characters)`);
    }
    return Response.json(addComment(`${owner}/${repo}#${number}`, text, "heddle-bot"), { status: 201 });
  }

  function changeComment({ id }: Groups, { body }: RecordedRequest): Response {
    const found = comments.find((one) => one.id === Number(id));
    if (!found) return failure(404, "Not Found");
    found.body = String((body as { body?: unknown } | null)?.body);
    return Response.json(found);
  }

  function listComments({ owner, repo, number }: Groups, request: RecordedRequest): Response {
    const since = Date.parse(request.query.since ?? "1970-01-01T00:00:00Z");
    const found = comments.filter(
      ({ issue, updated_at }) => issue === `${owner}/${repo}#${number}` && Date.parse(updated_at) >= since,
    );
    return page(found, request);
  }

  function createIssue({ owner, repo }: Groups, { body }: RecordedRequest): Response {
    const given = body as Partial<FakeIssue> | null;
    if (!given?.title) return failure(422, "Validation Failed");
    const number = 500 + issues.length;
    const { title, body: text = "", labels = [], assignees = [] } = given;
    issues.push({ repo: `${owner}/${repo}`, number, title, body: text, labels, assignees });
    const html_url = `https://github.test/${owner}/${repo}/issues/${number}`;
    return Response.json({ number, html_url }, { status: 201 });
  }

  const routes: [string, RegExp, (groups: Groups, request: RecordedRequest) => Response][] = [
    ["GET", /^\/issues\/(?<number>\d+)\/comments$/, listComments],
    ["POST", /^\/issues\/(?<number>\d+)\/comments$/, createComment],
    ["PATCH", /^\/issues\/comments\/(?<id>\d+)$/, changeComment],
    ["POST", /^\/pulls\/(?<number>\d+)\/comments\/(?<id>\d+)\/replies$/, reply],
    [
      "GET",
      /^\/pulls\/(?<number>\d+)\/comments$/,
      ({ owner, repo, number }, request) =>
        page(reviewComments.filter(({ issue }) => issue === `${owner}/${repo}#${number}`).reverse(), request),
    ],
    ["POST", /^\/issues\/(?<id>\d+)\/reactions$/, react("issue")],
    ["POST", /^\/issues\/comments\/(?<id>\d+)\/reactions$/, react("comment")],
    ["POST", /^\/pulls\/comments\/(?<id>\d+)\/reactions$/, react("review comment")],
    ["GET", /^\/hooks\/7\/deliveries$/, () => Response.json(deliveries)],
    [
      "POST",
      /^\/hooks\/7\/deliveries\/(?<id>\d+)\/attempts$/,
      ({ id }) => {
        if (!deliveries.some((one) => one.id === Number(id))) return failure(404, "Not Found");
        attempts.push(Number(id));
        return Response.json({}, { status: 202 });
      },
    ],
    ["POST", /^\/issues$/, createIssue],
    ["GET", /^\/issues\/(?<number>\d+)$/, (groups) => Response.json(issue(groups))],
    [
      "GET",
      /^\/pulls$/,
      (groups, request) =>
        page(
          range(40).map((n) => pull(groups, n)),
          request,
        ),
    ],
    ["GET", /^\/pulls\/(?<number>\d+)$/, getPull],
    ["GET", /^\/pulls\/\d+\/files$/, (_, request) => page(range(120).map(file), request)],
    [
      "GET",
      /^\/commits$/,
      (groups, request) =>
        page(
          range(150).map((n) => commit(groups, n)),
          request,
        ),
    ],
    ["GET", /^\/commits\/(?<ref>.+)$/, getCommit],
    ["GET", /^\/compare\/(?<base>.+)\.\.\.(?<head>.+)$/, compare],
    ["GET", /^\/branches$/, (_, request) => page(range(120).map(branch), request)],
    ["GET", /^\/contents\/(?<path>.*)$/, getContents],
  ];

  return {
    comments,
    issues,
    reviewComments,
    reactions,
    deliveries,
    attempts,
    addComment,
    addReviewComment,
    handle(request) {
      if (request.method === "GET" && request.path === "/user") return Response.json({ login: "heddle-bot" });
      if (request.method === "GET" && request.path === "/search/issues") return searchIssues(request);
      const repository = /^\/repos\/(?<owner>[^/]+)\/(?<repo>[^/]+)(?<rest>\/.*)$/.exec(request.path)?.groups;
      if (!repository) return null;
      for (const [method, pattern, respond] of routes) {
        const match = method === request.method && pattern.exec(repository.rest ?? "");
        if (match) return respond({ ...repository, ...match.groups }, request);
      }
      return null;
    },
  };
}

const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

function page<T>(all: T[], { query, path }: RecordedRequest): Response {
  const size = Math.min(Number(query.per_page ?? DEFAULT_PAGE), 100);
  const number = Number(query.page ?? 1);
  const more = all.length > number * size;
  const to = (page: number, rel: string) =>
    `<http://127.0.0.1${path}?per_page=${size}&page=${page}>; rel="${rel}"`;
  const link = [to(number + 1, "next"), to(Math.ceil(all.length / size), "last")].join(", ");
  return Response.json(all.slice((number - 1) * size, number * size), { headers: more ? { link } : {} });
}

function issue({ owner, repo, number }: Groups) {
  return {
    number: Number(number),
    title: "A fault",
    state: "open",
    user: { login: "alice" },
    labels: [{ name: "bug" }, "plain"],
    assignees: [{ login: "bob" }],
    created_at: "2026-01-01T00:00:00Z",
    html_url: `https://github.test/${owner}/${repo}/issues/${number}`,
    body: "It fails.",
    comments: 2,
  };
}

function pull({ owner, repo }: Groups, number: number) {
  return {
    number,
    title: `Change ${number}`,
    state: "open",
    merged: false,
    merged_at: null,
    draft: false,
    user: { login: "alice" },
    head: { ref: "feature", sha: SHA },
    base: { ref: "main" },
    labels: [{ name: "enhancement" }],
    additions: 1,
    deletions: 1,
    changed_files: 120,
    created_at: "2026-01-01T00:00:00Z",
    updated_at: "2026-01-02T00:00:00Z",
    html_url: `https://github.test/${owner}/${repo}/pull/${number}`,
    body: "What it changes.",
  };
}

function getPull(groups: Groups, { headers }: RecordedRequest): Response {
  if (!headers.accept?.includes("diff")) return Response.json(pull(groups, Number(groups.number)));
  return new Response(DIFF, { headers: { "content-type": "application/vnd.github.diff; charset=utf-8" } });
}

const file = (n: number) => ({
  filename: `src/file-${n}.ts`,
  status: "modified",
  additions: 1,
  deletions: 1,
  patch: "@@ -1 +1 @@\n-old line\n+new line",
});

function commit({ owner, repo }: Groups, n: number) {
  return {
    sha: SHA,
    html_url: `https://github.test/${owner}/${repo}/commit/${SHA}`,
    // An e-mail address without an account, from time to time.
    author: n % 2 === 1 ? { login: "alice" } : null,
    commit: {
      message: `Commit ${n}\n\nWhy.`,
      author: { name: "Alice Example", date: "2026-01-01T00:00:00Z" },
    },
    parents: [{ sha: SHA }],
  };
}

function getCommit(groups: Groups): Response {
  return Response.json({
    ...commit(groups, 1),
    stats: { additions: 3, deletions: 2 },
    files: range(120).map(file),
  });
}

function compare(groups: Groups, { query }: RecordedRequest): Response {
  return Response.json({
    status: "ahead",
    ahead_by: 45,
    behind_by: 0,
    total_commits: 45,
    html_url: `https://github.test/${groups.owner}/${groups.repo}/compare/${groups.base}...${groups.head}`,
    commits: range(Math.min(45, Number(query.per_page ?? 250))).map((n) => commit(groups, n)),
    files: range(3).map(file),
  });
}

const branch = (n: number) => ({ name: `branch-${n}`, commit: { sha: SHA }, protected: n === 1 });

function getContents({ path }: Groups, { headers }: RecordedRequest): Response {
  if (path === "src") {
    return Response.json([{ name: "main.ts", type: "file", size: FILE.length }]);
  }
  if (path === "large.txt") {
    if (!headers.accept?.includes("raw")) {
      return Response.json({ type: "file", encoding: "none", content: "", size: 2_000_000, sha: SHA });
    }
    return new Response("x".repeat(2_000_000), {
      headers: { "content-type": "application/vnd.github.raw+json; charset=utf-8" },
    });
  }
  const bytes = path === "image.png" ? Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0, 0xff) : Buffer.from(FILE);
  if (path !== "image.png" && path !== "src/main #1.ts") return failure(404, "Not Found");
  // GitHub breaks the lines of its Base64.
  const content = bytes.toBase64().replace(/.{20}/g, "$&\n");
  return Response.json({ type: "file", encoding: "base64", content, size: bytes.length, sha: SHA });
}

function searchIssues({ query }: RecordedRequest): Response {
  const size = Number(query.per_page ?? DEFAULT_PAGE);
  const items = range(25).map((number) => ({
    number,
    title: `Found for ${query.q}`,
    state: "open",
    user: number === 1 ? null : { login: "alice" },
    repository_url: "https://api.github.test/repos/octo/hello",
    html_url: `https://github.test/octo/hello/issues/${number}`,
    updated_at: "2026-01-02T00:00:00Z",
  }));
  return Response.json({ total_count: items.length, items: items.slice(0, size) });
}

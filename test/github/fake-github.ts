// A GitHub REST server on loopback for tests: the routes that integrations/github uses, with GitHub's paging,
// limits and refusals. Every repository, issue and pull request exists; what is posted is kept.

import { type Api, fakeApi } from "./fake-github-api.ts";

export interface RecordedRequest {
  method: string;
  /** Decoded, without the query. */
  path: string;
  query: Record<string, string>;
  headers: Record<string, string>;
  body: unknown;
}

export interface FakeComment {
  id: number;
  /** "owner/repo#number" */
  issue: string;
  body: string;
  html_url: string;
  created_at: string;
  updated_at: string;
  user: { login: string } | null;
}

export interface FakeIssue {
  repo: string;
  number: number;
  title: string;
  body: string;
  labels: string[];
  assignees: string[];
}

/** Answers a request instead of the server, or not at all until the server closes ("hang"). */
export interface Interception {
  method?: string;
  path: RegExp;
  /** A part of the Accept header: a pull request and its diff have one address. */
  accept?: string;
  /** How often; without it, always. */
  times?: number;
  /** True: the request is carried out first, and only its answer is lost. */
  afterwards?: boolean;
  respond: "hang" | ((request: RecordedRequest) => Response);
}

export interface FakeGitHub {
  /** For GITHUB_API_URL. */
  url: string;
  requests: RecordedRequest[];
  /** All comments, oldest first. */
  comments: FakeComment[];
  issues: FakeIssue[];
  commentsOn(issue: string): FakeComment[];
  /** Puts a comment there as somebody else's. */
  addComment(issue: string, body: string, options?: { login?: string; updatedAt?: string }): FakeComment;
  intercept(interception: Interception): void;
  close(): Promise<void>;
}

export interface FakeGitHubOptions {
  /** The only token that is let in; without it, any. */
  token?: string;
  port?: number;
  /** Called for each request: how long its answer is on the way. What was asked for is done at once. */
  delayMs?: () => number;
}

export function createFakeGitHub(options: FakeGitHubOptions = {}): FakeGitHub {
  const requests: RecordedRequest[] = [];
  const interceptions: (Interception & { left: number })[] = [];
  const closing = Promise.withResolvers<Response>();
  const api = fakeApi();

  const server = Bun.serve({
    port: options.port ?? 0,
    hostname: "127.0.0.1",
    idleTimeout: 0,
    async fetch(request) {
      const recorded = await record(request);
      requests.push(recorded);
      const interception = take(interceptions, recorded);
      if (interception?.respond === "hang") return closing.promise;
      if (interception?.afterwards) answer(api, recorded, options.token);
      const response = interception ? interception.respond(recorded) : answer(api, recorded, options.token);
      if (options.delayMs) await Bun.sleep(options.delayMs());
      return response;
    },
  });

  return {
    url: `http://127.0.0.1:${server.port}`,
    requests,
    comments: api.comments,
    issues: api.issues,
    commentsOn: (issue) => api.comments.filter((comment) => comment.issue === issue),
    addComment: (issue, body, { login = "somebody", updatedAt } = {}) =>
      api.addComment(issue, body, login, updatedAt),
    intercept(interception) {
      interceptions.push({ ...interception, left: interception.times ?? Infinity });
    },
    async close() {
      closing.resolve(failure(503, "closing"));
      await server.stop(true);
    },
  };
}

/** A refusal as GitHub words it. */
export function failure(status: number, message: string, headers: Record<string, string> = {}): Response {
  return Response.json({ message, documentation_url: "https://docs.github.com/rest" }, { status, headers });
}

async function record(request: Request): Promise<RecordedRequest> {
  const url = new URL(request.url);
  const text = await request.text();
  return {
    method: request.method,
    path: decodeURIComponent(url.pathname),
    query: Object.fromEntries(url.searchParams),
    headers: Object.fromEntries(request.headers),
    body: text === "" ? null : JSON.parse(text),
  };
}

function take(interceptions: (Interception & { left: number })[], request: RecordedRequest) {
  const found = interceptions.find(
    ({ method, path, accept, left }) =>
      left > 0 &&
      (method === undefined || method === request.method) &&
      (accept === undefined || (request.headers.accept ?? "").includes(accept)) &&
      path.test(request.path),
  );
  if (found) found.left--;
  return found;
}

function answer(api: Api, request: RecordedRequest, token: string | undefined): Response {
  const given = request.headers.authorization?.replace(/^(token|bearer) /i, "");
  if (token !== undefined && given !== token) return failure(401, "Bad credentials");
  return api.handle(request) ?? failure(404, "Not Found");
}

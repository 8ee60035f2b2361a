// A GitHub REST server on loopback for tests: the routes that integrations/github uses, with GitHub's paging, limits
// and refusals. Every repository, issue and pull request exists; posted comments and issues are stored.

import { type Api, fakeApi } from "./fake-github-api.ts";

export interface RecordedRequest {
  method: string;
  /** The decoded path, without the query. */
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

/** Overrides the server's answer to a request; "hang" gives none until the server closes. */
export interface Interception {
  method?: string;
  path: RegExp;
  /** Text that the Accept header must contain, because a pull request and its diff share one address. */
  accept?: string;
  /** How many times; always if left out. */
  times?: number;
  /** True carries out the request first, so that only its answer is lost. */
  afterwards?: boolean;
  respond: "hang" | ((request: RecordedRequest) => Response);
}

export interface FakeGitHub {
  /** The value for GITHUB_API_URL. */
  url: string;
  requests: RecordedRequest[];
  /** All comments, oldest first. */
  comments: FakeComment[];
  issues: FakeIssue[];
  /** What is beside code, what was reacted to, and what a webhook delivered. */
  api: Pick<Api, "reviewComments" | "addReviewComment" | "reactions" | "deliveries" | "attempts">;
  commentsOn(issue: string): FakeComment[];
  /** Adds a comment by another user. */
  addComment(issue: string, body: string, options?: { login?: string; updatedAt?: string }): FakeComment;
  intercept(interception: Interception): void;
  close(): Promise<void>;
}

export interface FakeGitHubOptions {
  /** The only accepted token; any if left out. */
  token?: string;
  port?: number;
  /** Called for each request; returns how long the answer is delayed. The request itself is carried out at once. */
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
    api,
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

/** A refusal in GitHub's format. */
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

// GitHub as an App sees it, on loopback for tests. It refuses what the real one refuses: proofs that are signed with another key, too old or good
// for too long, tokens of other installations or that have ended, and checks that are no App's.

import { verify } from "node:crypto";

export const APP_ID = "4711";

export interface FakeApp {
  url: string;
  /** Where the App is installed: "owner/repo" to the installation. */
  installations: Map<string, number>;
  /** How often a token was asked for, by installation. */
  asked: number[];
  comments: { repo: string; body: string }[];
  checks: Record<string, unknown>[];
  deliveries: Record<string, unknown>[];
  /** Ids of deliveries that were asked for again. */
  attempts: number[];
  /** Delivers again, as GitHub does after it has said that it will. */
  onAttempt?: (id: number) => void;
  /** Whether the next check is made, and its answer lost. */
  losesAnswer: boolean;
  /** How long tokens are good. */
  tokenSeconds: number;
  /** Makes all tokens that there are invalid. */
  revoke(): void;
  stop(): void;
}

const failure = (status: number, message: string): Response =>
  Response.json({ message, documentation_url: "https://docs.github.com/rest" }, { status });

/** `behind`: a GitHub that knows no tokens, which answers what installations ask; without it there is little. */
export function startFakeApp(publicKey: string, { behind }: { behind?: string } = {}): FakeApp {
  const tokens = new Map<string, { installation: number; ends: number }>();
  let made = 0;

  function isProof(authorization: string): boolean {
    const [head = "", claims = "", signature = ""] = authorization.replace(/^Bearer /, "").split(".");
    const proven = verify(
      "RSA-SHA256",
      Buffer.from(`${head}.${claims}`),
      publicKey,
      Buffer.from(signature, "base64url"),
    );
    if (!proven) return false;
    const { iat, exp, iss } = JSON.parse(Buffer.from(claims, "base64url").toString());
    const now = Date.now() / 1000;
    return iss === APP_ID && iat <= now && exp > now && exp - now <= 600;
  }

  function asApp(method: string, path: string): Response {
    if (path === "/app") return Response.json({ id: Number(APP_ID), slug: "heddle", name: "Heddle" });
    if (path === "/app/installations") {
      return Response.json([...fake.installations.values()].map((id) => ({ id })).slice(0, 1));
    }
    if (path === "/app/hook/deliveries") return Response.json(fake.deliveries);
    const again = /^\/app\/hook\/deliveries\/(\d+)\/attempts$/.exec(path);
    if (again && method === "POST") {
      fake.attempts.push(Number(again[1]));
      fake.onAttempt?.(Number(again[1]));
      return Response.json({}, { status: 202 });
    }
    const of = /^\/repos\/(.+)\/installation$/.exec(path);
    const id = of && fake.installations.get(of[1] ?? "");
    if (of) return id === undefined ? failure(404, "Not Found") : Response.json({ id });
    const wanted = Number(/^\/app\/installations\/(\d+)\/access_tokens$/.exec(path)?.[1]);
    if (method !== "POST" || ![...fake.installations.values()].includes(wanted))
      return failure(404, "Not Found");
    fake.asked.push(wanted);
    const [token, ends] = [`ghs_${++made}`, Date.now() + fake.tokenSeconds * 1000];
    tokens.set(token, { installation: wanted, ends });
    return Response.json({ token, expires_at: new Date(ends).toISOString() }, { status: 201 });
  }

  function asInstallation(
    method: string,
    path: string,
    body: Record<string, unknown>,
    query: URLSearchParams,
  ) {
    const [, repo = "", rest = ""] = /^\/repos\/([^/]+\/[^/]+)(\/.+)$/.exec(path) ?? [];
    if (method === "POST" && rest === "/issues/7/comments") {
      fake.comments.push({ repo, body: String(body.body) });
      const id = fake.comments.length;
      return Response.json({ id, html_url: `https://github.test/${repo}/issues/7#${id}` }, { status: 201 });
    }
    if (method === "POST" && rest === "/check-runs") {
      const output = (body.output ?? {}) as Record<string, unknown>;
      const isWhole = ["name", "head_sha", "status", "conclusion"].every(
        (field) => typeof body[field] === "string",
      );
      const isShort = [output.title, output.summary].every(
        (text) => typeof text === "string" && text.length <= 65_535,
      );
      if (!isWhole || !isShort) return failure(422, "Invalid request.");
      const check = { ...body, id: fake.checks.length + 1, html_url: `https://github.test/${repo}/runs/1` };
      fake.checks.push(check);
      if (fake.losesAnswer) {
        fake.losesAnswer = false;
        return failure(502, "Bad Gateway");
      }
      return Response.json(check, { status: 201 });
    }
    if (method === "GET" && /^\/commits\/\w+\/check-runs$/.test(rest)) {
      const own = fake.checks.filter(({ name }) => name === query.get("check_name"));
      return Response.json({ total_count: own.length, check_runs: own });
    }
    return failure(404, "Not Found");
  }

  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      const { pathname, searchParams } = new URL(request.url);
      const authorization = request.headers.get("authorization") ?? "";
      if (pathname.startsWith("/app") || pathname.endsWith("/installation")) {
        if (isProof(authorization)) return asApp(request.method, pathname);
        return failure(401, "A JSON web token could not be decoded");
      }
      const token = tokens.get(authorization.replace(/^token /, ""));
      const [, owner, repo] = /^\/repos\/([^/]+)\/([^/]+)/.exec(pathname) ?? [];
      if (!token || token.ends < Date.now()) return failure(401, "Bad credentials");
      if (fake.installations.get(`${owner}/${repo}`) !== token.installation) return failure(404, "Not Found");
      const text = await request.text();
      // Checks are the App's, which GitHub lets no token of a person write.
      const isAboutChecks = pathname.includes("/check-runs");
      if (behind !== undefined && !isAboutChecks) return passedOn(request, behind, text);
      return asInstallation(request.method, pathname, text ? JSON.parse(text) : {}, searchParams);
    },
  });

  const fake: FakeApp = {
    url: server.url.origin,
    installations: new Map([
      ["acme/loom", 7],
      ["acme/yarn", 7],
      ["other/loom", 8],
    ]),
    ...{
      asked: [],
      comments: [],
      checks: [],
      deliveries: [],
      attempts: [],
      tokenSeconds: 3_600,
      losesAnswer: false,
    },
    revoke: () => tokens.clear(),
    stop: () => void server.stop(true),
  };
  return fake;
}

function passedOn(request: Request, behind: string, body: string): Promise<Response> {
  const { pathname, search } = new URL(request.url);
  const { method, headers } = request;
  const accept = headers.get("accept") ?? "";
  return fetch(`${behind}${pathname}${search}`, {
    ...{ method, headers: { accept, "content-type": "application/json" } },
    ...(body !== "" && { body }),
  });
}

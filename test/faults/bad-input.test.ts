// Sends bad input over real connections to GitHub's webhook route and the API: each gets a clear response, nothing of
// it is stored, and the server keeps answering.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { connect } from "node:net";
import { type DatabasePlace, embeddedDatabase } from "../database.ts";
import { closeAll, startOn } from "./in-process.ts";
import { ADMIN_KEY } from "./process.ts";
import { readStored } from "./stored.ts";
import { pullRequests, send, signature, type Webhook } from "./webhooks.ts";

const MB = 1024 * 1024;
const UNKNOWN_ID = "0198c0de-0000-7000-8000-000000000000";
const WEBHOOK = "/integrations/github/webhook";
const [GOOD] = pullRequests(1, 1) as [Webhook];

const open = embeddedDatabase();
let database: DatabasePlace;
let url: string;

beforeAll(async () => {
  database = await open.place();
  // No worker runs, so anything to run or deliver would show up in the database.
  const nowhere = { modelUrl: "http://127.0.0.1:1/v1", githubUrl: "http://127.0.0.1:1" };
  ({ url } = await startOn(database, nowhere));
}, 30_000);
afterAll(closeAll);

interface Sent {
  body?: string | Uint8Array<ArrayBuffer> | ReadableStream;
  method?: string;
  path?: string;
  /** Replaces headers of a valid webhook; null omits one. */
  headers?: Record<string, string | null>;
}

async function answerTo({ body = GOOD.body, method = "POST", path = WEBHOOK, headers = {} }: Sent) {
  const all: Record<string, string | null> = {
    "content-type": "application/json",
    "x-github-event": GOOD.event,
    "x-github-delivery": crypto.randomUUID(),
    "x-hub-signature-256": body instanceof ReadableStream ? "sha256=00" : signature(body),
    ...headers,
  };
  const response = await fetch(`${url}${path}`, {
    method,
    headers: Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== null),
    ...(method !== "GET" && { body }),
  });
  return { status: response.status, body: await response.json() };
}

const refusal = (code: string) => ({ error: { code, message: expect.stringMatching(/\w/) } });

/** A body in chunks of undeclared total length. */
function chunked(pieces: number, size: number): ReadableStream {
  let left = pieces;
  return new ReadableStream({
    pull(controller) {
      if (left-- > 0) controller.enqueue(new Uint8Array(size).fill(97));
      else controller.close();
    },
  });
}

// Longer than a PostgreSQL index entry may be, even compressed.
const INCOMPRESSIBLE = Buffer.from(crypto.getRandomValues(new Uint8Array(6_000))).toString("hex");
const DEEP = `${'{"a":'.repeat(200_000)}1${"}".repeat(200_000)}`;
const WEBHOOKS: [string, Sent, number, string][] = [
  ["unsigned", { headers: { "x-hub-signature-256": null } }, 403, "invalid_signature"],
  ["an empty signature", { headers: { "x-hub-signature-256": "" } }, 403, "invalid_signature"],
  ["a malformed signature", { headers: { "x-hub-signature-256": "sha256=zz" } }, 403, "invalid_signature"],
  [
    "signed with another secret",
    { headers: { "x-hub-signature-256": signature(GOOD.body, "another") } },
    403,
    "invalid_signature",
  ],
  [
    "another body's signature",
    { headers: { "x-hub-signature-256": signature(`${GOOD.body} `) } },
    403,
    "invalid_signature",
  ],
  [
    "a signature of the old kind only",
    { headers: { "x-hub-signature-256": null, "x-hub-signature": "sha1=0123" } },
    403,
    "invalid_signature",
  ],
  ["an empty body", { body: "" }, 400, "bad_request"],
  ["no JSON", { body: "This is no JSON." }, 400, "bad_request"],
  ["JSON that breaks off", { body: GOOD.body.slice(0, -1) }, 400, "bad_request"],
  ["a JSON array", { body: "[1]" }, 400, "bad_request"],
  ["JSON null", { body: "null" }, 400, "bad_request"],
  ["bytes that are no text", { body: new Uint8Array([0xff, 0xfe, 0x00, 0x80]) }, 400, "bad_request"],
  ["plain text", { headers: { "content-type": "text/plain" } }, 415, "unsupported_media_type"],
  [
    "a form with files",
    { headers: { "content-type": "multipart/form-data; boundary=x" } },
    415,
    "unsupported_media_type",
  ],
  ["an invalid content type", { headers: { "content-type": "json" } }, 415, "unsupported_media_type"],
  ["no event", { headers: { "x-github-event": null } }, 400, "bad_request"],
  ["no delivery id", { headers: { "x-github-delivery": null } }, 400, "bad_request"],
  ["an endless delivery id", { headers: { "x-github-delivery": INCOMPRESSIBLE } }, 400, "bad_request"],
  [
    "a repository with an endless name",
    { body: GOOD.body.replaceAll("acme/repo-0", `acme/${INCOMPRESSIBLE}`) },
    422,
    "validation",
  ],
  ["30 MB", { body: new Uint8Array(30 * MB).fill(97) }, 413, "payload_too_large"],
  ["30 MB in chunks", { body: chunked(30, MB) }, 413, "payload_too_large"],
  ["another method", { method: "GET" }, 404, "not_found"],
  ["another path", { path: "/integrations/github/webhook/x" }, 404, "not_found"],
  ["an unknown integration", { path: "/integrations/nobody/webhook" }, 404, "not_found"],
];

describe("a webhook", () => {
  test.each(WEBHOOKS)("%s", async (_name, sent, status, code) => {
    expect(await answerTo(sent)).toMatchObject({ status, body: refusal(code) });
  });

  test("nested deeper than any parser allows", async () => {
    expect(await answerTo({ body: DEEP })).toEqual({
      status: 400,
      body: { error: { code: "bad_request", message: "The JSON is nested deeper than 64 levels." } },
    });
  });
});

const HEAD = `POST ${WEBHOOK} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nX-GitHub-Event: pull_request\r\nX-GitHub-Delivery: raw\r\nX-Hub-Signature-256: ${signature(GOOD.body)}\r\n`;

/** Sends raw bytes, closes its side, and returns everything received. */
function raw(text: string, { reset = false } = {}): Promise<string> {
  return new Promise((resolve) => {
    let answer = "";
    const socket = connect(Number(new URL(url).port), "127.0.0.1", () => {
      socket.write(text, () => (reset ? socket.resetAndDestroy() : socket.end()));
    });
    socket.on("data", (data) => {
      answer += data;
    });
    socket.on("error", () => undefined);
    socket.on("close", () => resolve(answer));
  });
}

describe("an incomplete body", () => {
  const half = GOOD.body.slice(0, 200);
  test.each([
    ["between two chunks", `${HEAD}Transfer-Encoding: chunked\r\n\r\nc8\r\n${half}\r\n`],
    ["within a chunk", `${HEAD}Transfer-Encoding: chunked\r\n\r\nffff\r\n${half}`],
    ["before the length that was announced", `${HEAD}Content-Length: ${GOOD.body.length}\r\n\r\n${half}`],
    ["in a chunk without a size", `${HEAD}Transfer-Encoding: chunked\r\n\r\nnope\r\n${half}\r\n0\r\n\r\n`],
    ["within the headers", HEAD.slice(0, 60)],
  ])("%s", async (_name, text) => {
    for (const reset of [false, true]) {
      const answer = await raw(text, { reset });
      // A client that has disconnected may get no response, but no client is told that the webhook was accepted.
      expect(answer).toMatch(/^(HTTP\/1\.1 4\d\d |$)/);
      expect((await fetch(`${url}/health`)).status).toBe(200);
    }
  });
});

describe("the API", () => {
  const admin = { authorization: `Bearer ${ADMIN_KEY}` };

  async function api(method: string, path: string, headers: Record<string, string>, body?: string) {
    const response = await fetch(`${url}/api/v1${path}`, {
      method,
      headers: { "content-type": "application/json", ...headers },
      ...(body !== undefined && { body }),
    });
    return { status: response.status, body: (await response.json()) as { key?: string } };
  }

  test.each([
    ["no key", {}],
    ["a wrong key", { authorization: `Bearer hdl_${"0".repeat(64)}` }],
    ["nearly the key", { authorization: `Bearer ${ADMIN_KEY}x` }],
    ["another scheme", { authorization: `Basic ${btoa(`admin:${ADMIN_KEY}`)}` }],
  ])("%s", async (_name, headers) => {
    const body = JSON.stringify({ client_id: "x:1" });
    expect(await api("POST", "/sessions", headers, body)).toMatchObject({
      status: 401,
      body: refusal("unauthorized"),
    });
  });

  test("a key without the scope", async () => {
    const body = JSON.stringify({ name: "reader", scopes: ["sessions:read", "tasks:*"] });
    const { key } = (await api("POST", "/api-keys", admin, body)).body;
    const reader = { authorization: `Bearer ${key}` };
    const forbidden = { status: 403, body: refusal("forbidden") };
    expect(await api("POST", "/sessions", reader, JSON.stringify({ client_id: "x:1" }))).toMatchObject(
      forbidden,
    );
    expect(await api("POST", "/api-keys", reader, body)).toMatchObject(forbidden);
    expect(await api("GET", "/deliveries", reader)).toMatchObject(forbidden);
    expect(await api("GET", "/tasks", reader)).toMatchObject({ status: 200 });
  });

  const message = JSON.stringify({ content: "Hello", run_agent: true });
  test.each([
    ["GET", "/tasks/1", undefined, 422, "validation"],
    ["GET", `/tasks/${UNKNOWN_ID}x`, undefined, 422, "validation"],
    ["GET", "/tasks/..%2f..%2fetc", undefined, 422, "validation"],
    ["GET", `/tasks/${UNKNOWN_ID}`, undefined, 404, "not_found"],
    ["POST", "/tasks/' or 1=1/cancel", undefined, 422, "validation"],
    ["GET", "/deliveries?cursor=x", undefined, 422, "validation"],
    ["GET", "/tasks?limit=-1", undefined, 422, "validation"],
    ["POST", "/sessions/x/messages", message, 422, "validation"],
    ["POST", `/sessions/${UNKNOWN_ID}/messages`, message, 404, "not_found"],
    ["POST", "/sessions", "", 400, "bad_request"],
    ["POST", "/sessions", "{", 400, "bad_request"],
    ["POST", "/sessions", "[]", 422, "validation"],
    ["POST", "/sessions", '{"client_id":7}', 422, "validation"],
    ["POST", "/sessions", '{"client_id":"x:1","more":1}', 422, "validation"],
    ["POST", "/sessions", `{"client_id":"x:${"1".repeat(5_000)}"}`, 422, "validation"],
    ["POST", "/sessions", '{"client_id":"x:1","bot_id":"nobody"}', 400, "unknown_bot"],
  ])("%s %s %p", async (method, path, body, status, code) => {
    expect(await api(method, path, admin, body)).toMatchObject({ status, body: refusal(code) });
  });
});

test("nothing of this is stored, and a valid webhook is still accepted", async () => {
  expect((await send(url, GOOD)).status).toBe(200);
  await closeAll();
  const stored = await readStored(database);
  expect(stored.messages).toMatchObject([{ role: "user", dedupe_key: expect.stringContaining(GOOD.id) }]);
  expect(stored.tasks).toHaveLength(1);
  const [accepted, ...more] = stored.inbox.filter(({ outcomes }) => outcomes.length > 0);
  expect(more).toEqual([]);
  expect(accepted).toMatchObject({
    verdict: "accepted",
    outcomes: [{ message_id: stored.messages[0]?.id }],
  });
}, 60_000);

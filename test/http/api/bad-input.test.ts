// Every kind of invalid request has one clear answer.

import { beforeAll, describe, expect, test } from "bun:test";
import { embeddedDatabase } from "../../database.ts";
import { createHttpFixture, type HttpFixture, UNKNOWN_ID } from "../fixture.ts";

const open = embeddedDatabase();
const json = { "content-type": "application/json" };
let http: HttpFixture;
let session: string;

beforeAll(async () => {
  http = await createHttpFixture(await open());
  session = (await http.send("POST", "/api/v1/sessions", { body: { client_id: "x:1" } })).body.session_id;
});

describe("keys", () => {
  test.each([
    [undefined, "none"],
    ["", "an empty header"],
    ["Bearer", "no key"],
    ["Bearer  ", "a blank key"],
    ["Basic YWRtaW46YWRtaW4=", "another scheme"],
    [`Bearer hdl_${"0".repeat(64)}`, "an unknown key"],
    ["Bearer hdl_short", "a short key"],
    [`Bearer ${"x".repeat(5000)}`, "a long key"],
  ])("%p (%s) is 401", async (authorization) => {
    const answer = await http.send("GET", "/api/v1/tasks", {
      key: null,
      ...(authorization !== undefined && { headers: { authorization } }),
    });
    expect(answer.status).toBe(401);
    expect(answer.body.error.code).toBe("unauthorized");
    expect(answer.headers.get("www-authenticate")).toBe("Bearer");
  });

  test("a key in the query is not accepted", async () => {
    const path = `/api/v1/tasks?api_key=${"a-static-key-of-the-environment"}`;
    expect((await http.send("GET", path, { key: null })).status).toBe(401);
  });

  test("without a key, an answer reveals nothing about body or route", async () => {
    const answer = await http.send("POST", "/api/v1/nothing", { key: null, body: "{", headers: json });
    expect(answer.status).toBe(401);
  });

  test.each([
    ["GET", "/api/v1/documents/search?q=x", "documents:read"],
    ["POST", "/api/v1/documents", "documents:write"],
    ["GET", `/api/v1/documents/${UNKNOWN_ID}`, "documents:read"],
    ["DELETE", `/api/v1/documents/${UNKNOWN_ID}`, "documents:write"],
    ["POST", "/api/v1/sessions", "sessions:write"],
    ["POST", `/api/v1/sessions/${UNKNOWN_ID}/messages`, "sessions:write"],
    ["GET", `/api/v1/sessions/${UNKNOWN_ID}/messages`, "sessions:read"],
    ["GET", "/api/v1/tasks", "tasks:read"],
    ["GET", `/api/v1/tasks/${UNKNOWN_ID}`, "tasks:read"],
    ["POST", `/api/v1/tasks/${UNKNOWN_ID}/cancel`, "tasks:write"],
    ["GET", "/api/v1/deliveries", "deliveries:read"],
    ["GET", `/api/v1/deliveries/${UNKNOWN_ID}`, "deliveries:read"],
    ["POST", `/api/v1/deliveries/${UNKNOWN_ID}/redeliver`, "deliveries:write"],
    ["GET", "/api/v1/bots", "bots:read"],
    ["POST", "/api/v1/bots", "bots:write"],
    ["GET", "/api/v1/bots/default", "bots:read"],
    ["PATCH", "/api/v1/bots/default", "bots:write"],
    ["DELETE", "/api/v1/bots/other", "bots:write"],
    ["GET", "/api/v1/api-keys", "api_keys:read"],
    ["POST", "/api/v1/api-keys", "api_keys:write"],
    ["DELETE", `/api/v1/api-keys/${UNKNOWN_ID}`, "api_keys:write"],
    ["GET", "/api/v1/integrations", "integrations:read"],
  ])("%s %s needs %s", async (method, path, scope) => {
    const [resource, action] = scope.split(":");
    const others = ["documents", "sessions", "tasks", "deliveries", "bots", "api_keys", "integrations"]
      .filter((name) => name !== resource)
      .map((name) => `${name}:*`);
    const nearly = action === "write" ? [`${resource}:read`] : [];
    const body = method === "POST" || method === "PATCH" ? {} : undefined;
    const refused = await http.send(method, path, { key: await http.keyWith(...others, ...nearly), body });
    expect(refused.status).toBe(403);
    expect(refused.body.error.message).toContain(scope);
    // With the scope, the request reaches the route's own answer.
    const admitted = await http.send(method, path, { key: await http.keyWith(scope), body });
    expect([200, 204, 404, 422]).toContain(admitted.status);
  });
});

describe("input", () => {
  const messages = () => `/api/v1/sessions/${session}/messages`;
  const long = "x".repeat(1_000_001);

  test.each<[string, string, number, string | undefined, unknown?]>([
    ["GET", "/api/v1/tasks/not-a-uuid", 422, "id"],
    ["GET", "/api/v1/documents/42", 422, "id"],
    ["GET", "/api/v1/sessions/0198c0de-0000-7000-8000-00000000000/messages", 422, "id"],
    ["GET", `/api/v1/tasks/${UNKNOWN_ID}`, 404, undefined],
    ["GET", "/api/v1/tasks?limit=0", 422, "limit"],
    ["GET", "/api/v1/tasks?limit=501", 422, "limit"],
    ["GET", "/api/v1/tasks?limit=2.5", 422, "limit"],
    ["GET", "/api/v1/tasks?limit=ten", 422, "limit"],
    ["GET", "/api/v1/tasks?limit=%201", 422, "limit"],
    ["GET", "/api/v1/tasks?limit=0x10", 422, "limit"],
    ["GET", "/api/v1/tasks?limit=1e1", 422, "limit"],
    ["GET", "/api/v1/tasks?cursor=yesterday", 422, "cursor"],
    ["GET", "/api/v1/tasks?status=done", 422, "status"],
    ["GET", "/api/v1/tasks?colour=red", 422, "colour"],
    ["GET", "/api/v1/deliveries?task_id=x", 422, "task_id"],
    ["GET", "/api/v1/documents/search", 422, "q"],
    ["GET", "/api/v1/documents/search?q=%20", 422, "q"],
    ["GET", "/api/v1/documents/search?q=a&limit=101", 422, "limit"],
    ["GET", "/api/v1/documents/search?q=a&session_id=x", 422, "session_id"],
    ["POST", "/api/v1/documents", 422, "content", {}],
    ["POST", "/api/v1/documents", 422, "content", { content: " \n" }],
    ["POST", "/api/v1/documents", 422, "content", { content: long }],
    ["POST", "/api/v1/documents", 422, "session_id", { content: "x", session_id: "x" }],
    ["POST", "/api/v1/documents", 404, "session_id", { content: "x", session_id: UNKNOWN_ID }],
    ["POST", "/api/v1/documents", 422, "metadata", { content: "x", metadata: [] }],
    ["POST", "/api/v1/sessions", 422, "client_id", {}],
    ["POST", "/api/v1/sessions", 422, "client_id", { client_id: "" }],
    ["POST", "/api/v1/sessions", 422, "clientid", { client_id: "x", clientid: "y" }],
    ["POST", "/api/v1/sessions", 422, undefined, []],
    ["POST", "/api/v1/sessions", 422, undefined, null],
    ["POST", "/api/v1/sessions", 422, "dispatch_config.type", { client_id: "x", dispatch_config: {} }],
    [
      "POST",
      "/api/v1/sessions",
      422,
      "dispatch_config.type",
      { client_id: "x", dispatch_config: { type: "fax" } },
    ],
    ["POST", `/api/v1/sessions/${UNKNOWN_ID}/messages`, 404, undefined, { content: "x" }],
    ["POST", ":messages", 422, "content", { content: 7 }],
    ["POST", ":messages", 422, "content", { content: " " }],
    ["POST", ":messages", 422, "run_agent", { content: "x", run_agent: "yes" }],
    ["POST", ":messages", 422, "run_agnet", { content: "x", run_agnet: true }],
    [
      "POST",
      ":messages",
      422,
      "execution_config.tools.1",
      { content: "x", execution_config: { tools: ["a", 1] } },
    ],
    [
      "POST",
      ":messages",
      422,
      "execution_config.output_schema.properties.a.pattern",
      { content: "x", execution_config: { output_schema: { properties: { a: { pattern: "^a" } } } } },
    ],
    ["POST", ":messages", 422, "execution_config.tool", { content: "x", execution_config: { tool: [] } }],
    ["POST", ":messages", 422, "idempotency_key", { content: "x", idempotency_key: "k".repeat(256) }],
    ["POST", "/api/v1/bots", 422, "id", { id: "No Spaces", name: "x" }],
    ["POST", "/api/v1/bots", 422, "source", { id: "b", name: "x", source: "file" }],
    ["PATCH", "/api/v1/bots/default", 422, undefined, {}],
    ["PATCH", "/api/v1/bots/default", 422, "max_iterations", { max_iterations: 0 }],
    ["POST", "/api/v1/api-keys", 422, "scopes", { name: "x" }],
    ["POST", "/api/v1/api-keys", 422, "scopes.0", { name: "x", scopes: ["everything"] }],
    ["POST", "/api/v1/api-keys", 422, "preset", { name: "x", preset: "root" }],
    ["POST", "/api/v1/api-keys", 422, "expires_at", { name: "x", scopes: ["admin"], expires_at: "soon" }],
    ["GET", "/api/v1/unknown", 404, undefined],
    ["PUT", "/api/v1/tasks", 405, undefined],
    ["GET", "/unknown", 404, undefined],
    // A named fifth parameter would be the callback of a test that waits for it, where a row has no body.
  ])("%s %s is %i %p", async (method, path, status, field, ...[body]) => {
    const answer = await http.send(method, path.replace(":messages", messages()), { body });
    expect(answer.status).toBe(status);
    expect(answer.body).toEqual({
      error: {
        code: { 404: "not_found", 405: "method_not_allowed" }[status] ?? "validation",
        message: expect.stringMatching(/^.{5,300}$/),
        ...(field !== undefined && { field }),
      },
    });
  });

  test.each<[string, number, string, Record<string, string>]>([
    ["{", 400, "bad_request", json],
    ["", 400, "bad_request", json],
    ['{"client_id": "a"}', 415, "unsupported_media_type", {}],
    ['{"client_id": "a"}', 415, "unsupported_media_type", { "content-type": "text/plain" }],
    ["client_id=a", 415, "unsupported_media_type", { "content-type": "application/x-www-form-urlencoded" }],
    ['{"client_id": "a"}', 201, "", { "content-type": "application/json; charset=utf-8" }],
    ['{"client_id": "a"}', 201, "", { "content-type": "application/vnd.heddle+json" }],
    ['{"client_id": "\\ud800\\u0000"}', 422, "validation", json],
  ])("the body %p is %i", async (body, status, code, headers) => {
    const answer = await http.send("POST", "/api/v1/sessions", { body, headers });
    expect(answer.status).toBe(status);
    if (code) expect(answer.body.error.code).toBe(code);
  });

  test("bytes that are not UTF-8 are 400", async () => {
    const response = await http.fetch(
      new Request("http://localhost/api/v1/sessions", {
        method: "POST",
        headers: { ...json, authorization: "Bearer a-static-key-of-the-environment" },
        body: new Uint8Array([0x22, 0xff, 0x22]),
      }),
    );
    expect(response.status).toBe(400);
  });

  test("a body of more than 10 MB is 413, announced or not", async () => {
    const chunk = new Uint8Array(1024 * 1024).fill(32);
    const headers = { ...json, authorization: "Bearer a-static-key-of-the-environment" };
    let sent = 0;
    const endless = new ReadableStream({
      pull(controller) {
        sent += 1;
        controller.enqueue(chunk);
      },
    });
    const url = "http://localhost/api/v1/sessions";
    const streamed = await http.fetch(new Request(url, { method: "POST", headers, body: endless }));
    expect(streamed.status).toBe(413);
    expect(sent).toBeLessThan(20);
    const announced = await http.fetch(
      new Request(url, {
        method: "POST",
        headers: { ...headers, "content-length": String(11 * 1024 * 1024) },
        body: "{}",
      }),
    );
    expect(announced.status).toBe(413);
    expect(await announced.json()).toMatchObject({ error: { code: "payload_too_large" } });
  });
});

describe("failures", () => {
  test("an unexpected error is 500 with a reference and without the cause", async () => {
    const broken = await createHttpFixture(await open());
    await broken.db.execute("DROP TABLE documents CASCADE");
    const answer = await broken.send("GET", `/api/v1/documents/${UNKNOWN_ID}`);
    expect(answer.status).toBe(500);
    expect(answer.body.error.code).toBe("internal");
    expect(JSON.stringify(answer.body)).not.toMatch(/select|relation|documents/i);
    const reference = answer.headers.get("x-request-id") ?? "-";
    expect(answer.body.error.message).toContain(reference);
    expect(answer.body.error.request_id).toBe(reference);
    const line = broken.lines.find((text) => text.includes(reference));
    expect(line).toContain("documents");
  });

  test("every answer has a request id of its own", async () => {
    const ids = new Set<string | null>();
    for (const path of ["/health", "/api/v1/tasks", "/unknown", "/swagger", "/integrations/none/x"]) {
      ids.add((await http.send("GET", path)).headers.get("x-request-id"));
    }
    expect(ids.has(null)).toBe(false);
    expect(ids.size).toBe(5);
  });
});

// The gateway between the outside and an integration's code.

import { beforeAll, expect, test } from "bun:test";
import { Elysia, NotFoundError, t } from "elysia";
import { inboxEvents } from "../../../src/db/schema.ts";
import { HeddleError } from "../../../src/errors.ts";
import { createAuth } from "../../../src/http/auth.ts";
import { createGateway, GATEWAY_LIMITS } from "../../../src/http/gateway/integrations-gateway.ts";
import { createRouter } from "../../../src/integrations/routing/router.ts";
import { eachDatabase, embeddedDatabase, type TestDatabase } from "../../database.ts";
import { createHttpFixture, STATIC_KEY, type TestIntegration } from "../fixture.ts";

const open = embeddedDatabase();
let shared: TestDatabase;

beforeAll(async () => {
  shared = await open();
});

function integration(router: unknown, ...publicPaths: string[]): TestIntegration {
  const made = createRouter(router);
  if (!made) throw new Error("no router");
  return { handle: made.handle, publicPaths };
}

const ARRIVAL = {
  target: { path: "/integrations/hook/x", hasTrailingSlash: false, search: "" },
  sender: "",
  requestId: "id-1",
};

const echo = new Elysia().all("/*", async ({ request }) =>
  Response.json({
    method: request.method,
    url: request.url,
    authorization: request.headers.get("authorization"),
    body: await request.text(),
  }),
);

test("an integration gets its own paths, the query and the exact bytes", async () => {
  const { send } = await createHttpFixture(shared, {
    integrations: { hook: integration(echo, "/webhook") },
  });
  const answer = await send("POST", "/integrations/hook/webhook?a=1&b=%2F", {
    key: null,
    body: ' {"x": "ü"}\n',
    headers: { "content-type": "application/json", authorization: "Bearer of-the-sender" },
  });
  expect(answer.status).toBe(200);
  expect(answer.body).toEqual({
    method: "POST",
    url: "http://heddle.internal/webhook?a=1&b=%2F",
    authorization: "Bearer of-the-sender",
    body: ' {"x": "ü"}\n',
  });
  expect(answer.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
});

test("an admin path needs a key with the scope admin", async () => {
  const { send, keyWith } = await createHttpFixture(shared, {
    integrations: { hook: { ...integration(echo, "/webhook"), adminPaths: ["/endpoints"] } },
  });
  const path = "/integrations/hook/endpoints";
  const status = async (method: string, key: string | null) => (await send(method, path, { key })).status;
  const writer = await keyWith("integrations:*");
  expect([await status("GET", null), await status("GET", writer), await status("POST", writer)]).toEqual([
    401, 403, 403,
  ]);
  expect([await status("GET", STATIC_KEY), await status("POST", await keyWith("admin"))]).toEqual([200, 200]);
});

test("an integration's pages need no key and can only be read", async () => {
  const page = async () => new Response("<p>page", { headers: { "content-type": "text/html" } });
  const { send } = await createHttpFixture(shared, {
    integrations: {
      hook: {
        ...integration(echo),
        pages: { "/ui": page, "/ui/": page, "/ui/gone.js": async () => undefined },
      },
    },
  });
  const get = (path: string, method = "GET") => send(method, `/integrations/hook${path}`, { key: null });
  expect(await get("/ui/")).toMatchObject({ status: 200, body: "<p>page" });
  expect(await get("/ui/", "HEAD")).toMatchObject({ status: 200, body: "" });
  const asked = await get("/ui/", "OPTIONS");
  expect([asked.status, asked.body, asked.headers.get("allow")]).toEqual([204, "", "GET, HEAD, OPTIONS"]);
  const moved = await get("/ui?tab=1");
  expect([moved.status, moved.headers.get("location")]).toEqual([308, "/integrations/hook/ui/?tab=1"]);
  expect((await get("/ui/gone.js")).body.error.code).toBe("not_found");
  expect((await get("/ui/", "POST")).status).toBe(401);
  expect((await get("/other")).status).toBe(401);
});

test("a private path needs a key with the scope, which the integration does not see", async () => {
  const { send, keyWith } = await createHttpFixture(shared, {
    integrations: { hook: integration(echo, "/webhook") },
  });
  const reader = await keyWith("integrations:read");
  const path = "/integrations/hook/settings";
  expect((await send("GET", path, { key: null })).status).toBe(401);
  expect((await send("GET", path, { key: await keyWith("tasks:*") })).status).toBe(403);
  const read = await send("GET", path, { key: reader });
  expect(read.body).toMatchObject({ method: "GET", authorization: null });
  expect((await send("POST", path, { key: reader, body: "x" })).status).toBe(403);
  expect((await send("POST", path, { key: STATIC_KEY, body: "x" })).body).toMatchObject({ body: "x" });
  // There is no way around it, because the path is normalized before it is checked.
  expect((await send("GET", "/integrations/hook/webhook/../settings", { key: null })).status).toBe(401);
  expect((await send("GET", "/integrations/hook/webhook/%2e%2e/settings", { key: null })).status).toBe(401);
  expect((await send("GET", "/integrations/hook//webhook", { key: null })).status).toBe(404);
});

test("what needs a key stays in no shared cache, unless the integration says so", async () => {
  const frozen = await fetch("data:text/csv,a");
  const answers: Record<string, () => Response> = {
    "/export.csv": () => new Response("a", { headers: { "content-type": "text/csv" } }),
    "/fetched.csv": () => frozen,
    "/logo.png": () => new Response("a", { headers: { "cache-control": "private, max-age=60" } }),
    "/webhook": () => new Response("a"),
  };
  const router = new Elysia().all(
    "/*",
    ({ path }) => answers[path]?.() ?? new Response(null, { status: 404 }),
  );
  const { send } = await createHttpFixture(shared, {
    integrations: { hook: integration(router, "/webhook") },
  });
  const found = [];
  for (const path of Object.keys(answers)) {
    const method = path === "/webhook" ? "POST" : "GET";
    const { headers } = await send(method, `/integrations/hook${path}`, { key: STATIC_KEY });
    found.push(headers.get("cache-control"));
  }
  expect(found).toEqual(["no-store", "no-store", "private, max-age=60", null]);
});

test("an unknown integration is 404, one that does not load is 503, without details", async () => {
  const { send, lines } = await createHttpFixture(shared, { integrations: { broken: {} } });
  for (const path of [
    "/integrations/none/webhook",
    "/integrations/NONE/x",
    "/integrations/",
    "/integrations/..%2Fapi",
  ]) {
    const answer = await send("GET", path, { key: null });
    expect([answer.status, answer.body.error.code]).toEqual([404, "not_found"]);
  }
  const broken = await send("POST", "/integrations/broken/webhook", { key: null, body: "{}" });
  expect(broken.status).toBe(503);
  expect(broken.headers.get("retry-after")).toBe("1");
  expect(broken.body.error).toEqual({
    code: "unavailable",
    message: 'The integration "broken" does not load at the moment.',
  });
  // Anybody can repeat this, so it is not logged again; the quarantine was logged once.
  expect(lines.filter((line) => line.includes("could not be served"))).toEqual([]);
  const listed = await send("GET", "/api/v1/integrations");
  expect(listed.body.integrations).toMatchObject([
    { id: "broken", status: "quarantined", is_live: false, error: { file: "router.ts", line: 3 } },
  ]);
});

test("an integration's error becomes a fitting answer", async () => {
  const router = new Elysia()
    .get("/refused", () => {
      throw new HeddleError("invalid_signature", "The signature does not match the body.");
    })
    .get("/not-found", () => {
      // A client library's error carries another server's status.
      throw Object.assign(new Error("repo acme/secret-project: Not Found"), { status: 404 });
    })
    .get("/chosen", ({ status }) => status(418, "short and stout"))
    .get(
      "/own",
      () => {
        throw new Error("kept");
      },
      { error: () => new Response("mine", { status: 409 }) },
    )
    .get("/long/*", () => {
      throw new Error("Too long");
    })
    .post("/typed", ({ body }) => body, { body: t.Object({ n: t.Integer() }) });
  const { send, lines } = await createHttpFixture(shared, {
    integrations: { hook: integration(router) },
  });

  const refused = await send("GET", "/integrations/hook/refused");
  expect([refused.status, refused.body.error.code]).toEqual([403, "invalid_signature"]);

  const failed = await send("GET", "/integrations/hook/not-found");
  expect(failed.status).toBe(500);
  expect(JSON.stringify(failed.body)).not.toContain("secret-project");
  const reference = failed.headers.get("x-request-id") ?? "-";
  expect(failed.body.error.message).toContain(reference);
  const line = JSON.parse(lines.find((text) => text.includes(reference)) ?? "{}");
  expect(line.properties).toMatchObject({ integration_id: "hook", path: "/integrations/hook/not-found" });
  expect(JSON.stringify(line)).toContain("secret-project");
  // The sender decides how long a path is.
  expect((await send("GET", `/integrations/hook/long/${"y".repeat(4_000)}`)).status).toBe(500);
  const long = JSON.parse(lines.find((text) => text.includes("/long/")) ?? "{}");
  expect(long.properties.path).toHaveLength(301);

  expect((await send("GET", "/integrations/hook/chosen")).status).toBe(418);
  const own = await send("GET", "/integrations/hook/own");
  expect([own.status, own.body]).toEqual([409, "mine"]);
  expect((await send("GET", "/integrations/hook/nowhere")).status).toBe(404);
  const typed = await send("POST", "/integrations/hook/typed", { body: { n: "x" } });
  expect([typed.status, typed.body.error.field]).toEqual([422, "n"]);
});

test("JSON nested too deeply is refused, whatever its content type, and never reaches a schema", async () => {
  const body = t.Object({ a: t.Optional(t.Any()) });
  const router = new Elysia()
    .post("/typed", ({ body }) => Response.json(Object.keys(body)), { body })
    .post("/forced", ({ body }) => Response.json(Object.keys(body)), { body, parse: "json" })
    .post("/own", async ({ request }) => Response.json(typeof (await request.json())), { parse: "none" });
  const { send } = await createHttpFixture(shared, { integrations: { hook: integration(router) } });
  const deep = "[".repeat(500_000);
  for (const [path, type] of [
    ["/typed", "application/json"],
    ["/forced", "application/octet-stream"],
    ["/own", "text/plain"],
  ]) {
    const answer = await send("POST", `/integrations/hook${path}`, {
      body: deep,
      headers: { "content-type": String(type) },
    });
    expect([path, answer.status, answer.body.error]).toEqual([
      path,
      400,
      { code: "bad_request", message: "The JSON is nested deeper than 64 levels." },
    ]);
    const fine = await send("POST", `/integrations/hook${path}`, {
      body: `{"a":${"[".repeat(60)}${"]".repeat(60)}}`,
      headers: { "content-type": String(type) },
    });
    expect([path, fine.status]).toEqual([path, 200]);
  }
  const document = await send("POST", "/api/v1/documents", {
    body: `{"content":"x","metadata":{"a":${deep}`,
    headers: { "content-type": "application/json" },
  });
  expect([document.status, document.body.error.message]).toEqual([
    400,
    "The JSON is nested deeper than 64 levels.",
  ]);
});

test("a text or a number is neither a Record nor an object, and unknown fields are dropped", async () => {
  const body = t.Object({
    title: t.String(),
    metadata: t.Optional(t.Record(t.String(), t.Unknown())),
    inner: t.Optional(t.Object({ n: t.Optional(t.Number()) })),
  });
  const router = new Elysia().post("/typed", ({ body }) => Response.json(body), { body });
  const { send } = await createHttpFixture(shared, { integrations: { hook: integration(router) } });
  const post = async (more: object) => {
    const answer = await send("POST", "/integrations/hook/typed", { body: { title: "a", ...more } });
    return [answer.status, answer.body.error?.field ?? answer.body];
  };
  expect(await post({ metadata: "x".repeat(500_000) })).toEqual([422, "metadata"]);
  expect(await post({ metadata: 5 })).toEqual([422, "metadata"]);
  expect(await post({ inner: 5 })).toEqual([422, "inner"]);
  expect(await post({ metadata: { a: 1 }, inner: { n: 1, more: 2 }, more: 3 })).toEqual([
    200,
    { title: "a", metadata: { a: 1 }, inner: { n: 1 } },
  ]);
});

test("a refused parameter is named, also one that is read as a number", async () => {
  const query = t.Object({ limit: t.Optional(t.Integer({ minimum: 1 })), since: t.Optional(t.Number()) });
  const router = new Elysia()
    .get("/rooms", () => "never", { query })
    .get("/rooms/:room", () => "never", { params: t.Object({ room: t.Integer({ maximum: 9 }) }), query });
  const { send } = await createHttpFixture(shared, { integrations: { hook: integration(router) } });
  const refused = async (path: string) => (await send("GET", `/integrations/hook${path}`)).body.error;
  const limit = "must be an integer of at least 1.";
  expect(await refused("/rooms?limit=0")).toMatchObject({ field: "limit", message: `limit ${limit}` });
  expect(await refused("/rooms?since=3&limit=-1")).toMatchObject({ field: "limit" });
  expect(await refused("/rooms?since=soon")).toMatchObject({ field: "since" });
  expect(await refused("/rooms/10?limit=7")).toMatchObject({ field: "room" });
  expect(await refused("/rooms?since=0&limit=0")).toEqual({
    code: "validation",
    message: `A parameter ${limit}`,
  });
});

test("a parameter that a schema takes once is refused when it is repeated; without a schema the last value counts", async () => {
  const said = ({ query }: { query: object }) => query;
  const one = t.Object({ a: t.Optional(t.String()) });
  const router = new Elysia()
    .model({ one })
    .get("/free", said)
    .all("/one", said, { query: one })
    .get("/model", said, { query: "one" })
    .get("/list", said, { query: t.Object({ a: t.Array(t.Integer()), b: t.Optional(t.Any()) }) })
    .get("/either", said, { query: t.Object({ a: t.Union([t.String(), t.Array(t.String())]) }) })
    .get("/record", said, { query: t.Record(t.String(), t.String()) })
    .guard({ query: one }, (guarded) => guarded.get("/guarded", said))
    .get("/mine", said, { query: one, error: ({ error }) => `mine: ${(error as Error).message}` });
  const { send } = await createHttpFixture(shared, { integrations: { hook: integration(router) } });
  const answer = async (path: string, method = "GET") => {
    const { status, body } = await send(method, `/integrations/hook${path}`);
    return status === 200 ? body : `${status} ${body.error.field}: ${body.error.message}`;
  };
  const refused = (field: string) => `422 ${field}: ${field} must be given only once in the query.`;
  for (const path of ["/one", "/model", "/guarded", "/record"]) {
    expect([path, await answer(`${path}?a=1&a=1`)]).toEqual([path, refused("a")]);
    expect([path, await answer(`${path}?a=1`)]).toEqual([path, { a: "1" }]);
  }
  expect(await answer("/one?a=1&%61=2", "POST")).toBe(refused("a"));
  expect((await send("HEAD", "/integrations/hook/one?a=1&a=2")).status).toBe(422);
  expect(await answer("/one?a=1&utm=1&utm=2")).toEqual({ a: "1" });
  expect(await answer("/list?a=1&a=2")).toEqual({ a: [1, 2] });
  expect(await answer("/list?a=1&b=1&b=2")).toBe(refused("b"));
  expect(await answer("/either?a=1&a=2")).toEqual({ a: ["1", "2"] });
  expect(await answer("/free?a=1&a=2")).toEqual({ a: "2" });
  const mine = await send("GET", "/integrations/hook/mine?a=1&a=2");
  expect(mine.body).toBe("mine: a must be given only once in the query.");
});

test("a list in a query that cannot be read is the sender's mistake", async () => {
  const router = new Elysia()
    .get("/numbers", () => "never", { query: t.Object({ a: t.Array(t.Numeric()) }) })
    .get("/dates", () => "never", { query: t.Object({ a: t.Array(t.Date()), b: t.Optional(t.String()) }) })
    .get("/objects", () => "never", { query: t.Object({ a: t.Array(t.Object({ b: t.Number() })) }) })
    .get("/own", () => JSON.parse("["));
  const { send } = await createHttpFixture(shared, { integrations: { hook: integration(router) } });
  const answer = async (path: string) => {
    const { status, body } = await send("GET", `/integrations/hook${path}`);
    return `${status} ${body.error.field}`;
  };
  for (const value of ["", "x", "1,,2", "1,x", "[x", "[1", "{"]) {
    for (const path of ["/numbers", "/dates", "/objects"]) {
      expect([path, value, await answer(`${path}?a=${value}`)]).toEqual([
        path,
        value,
        expect.stringMatching(/^422 a(\.0)?$/),
      ]);
    }
  }
  expect((await send("GET", "/integrations/hook/objects?a=[1")).body.error.message).toBe(
    "a must be valid JSON.",
  );
  // What the integration's code throws is its own fault.
  expect(await answer("/own")).toBe("500 undefined");
});

test("an integration's own onError answers for every method that its route takes", async () => {
  const router = new Elysia()
    .onError(() => new Response("mine", { status: 418 }))
    .all("/all", () => {
      throw new Error("never");
    })
    .get("/get", () => {
      throw new Error("never");
    });
  const { send } = await createHttpFixture(shared, { integrations: { hook: integration(router) } });
  const status = async (method: string, path: string) =>
    (await send(method, `/integrations/hook${path}`)).status;
  expect([
    await status("POST", "/all"),
    await status("GET", "/all"),
    await status("HEAD", "/get"),
    await status("GET", "/get"),
  ]).toEqual([418, 418, 418, 418]);
});

test("an own onError that returns nothing leaves the answer to the server", async () => {
  const seen: unknown[] = [];
  const router = new Elysia()
    .onError(({ code, set }) => {
      seen.push(code);
      set.status = 418;
    })
    .onError(async ({ code }) => (code === "NOT_FOUND" ? new Response("mine", { status: 404 }) : undefined))
    .get("/broken", () => {
      throw new Error("secret of the code");
    })
    .get("/refused", () => {
      throw new HeddleError("conflict", "It is closed.", { field: "state" });
    })
    .get("/list", () => "never", { query: t.Object({ size: t.Integer() }) })
    .get("/teapot", ({ status }) => {
      throw status(403, "Not yours.");
    })
    .get("/gone", () => {
      throw new NotFoundError();
    });
  const { send } = await createHttpFixture(shared, { integrations: { hook: integration(router) } });
  const get = (path: string) => send("GET", `/integrations/hook${path}`);
  const broken = await get("/broken");
  expect([broken.status, broken.body]).toMatchObject([500, { error: { code: "internal" } }]);
  expect(JSON.stringify(broken.body)).not.toContain("secret of the code");
  const refused = await get("/refused");
  expect([refused.status, refused.body]).toMatchObject([
    409,
    { error: { code: "conflict", field: "state" } },
  ]);
  const list = await get("/list?size=many");
  expect([list.status, list.body]).toMatchObject([422, { error: { code: "validation", field: "size" } }]);
  expect((await get("/teapot")).status).toBe(403);
  expect([(await get("/gone")).status, seen]).toEqual([
    404,
    ["UNKNOWN", "conflict", "VALIDATION", 403, "NOT_FOUND"],
  ]);
});

test("a schema's refusal does not contain the value, indented or not", async () => {
  let message = "";
  const router = new Elysia()
    .onError(({ error, code }) => {
      if (code === "VALIDATION") message = (error as Error).message;
    })
    .post("/typed", () => "never", { body: t.Object({ list: t.Array(t.String()) }) });
  const { send } = await createHttpFixture(shared, { integrations: { hook: integration(router) } });
  // Printed, each would be a line indented by 120 blanks.
  const value = `${"[".repeat(60)}${"1,".repeat(200_000)}1${"]".repeat(60)}`;
  await send("POST", "/integrations/hook/typed", {
    body: `{"list":${value}}`,
    headers: { "content-type": "application/json" },
  });
  expect(JSON.parse(message)).toMatchObject({ type: "validation", on: "body", property: "/list/0" });
  expect(message.length).toBeLessThan(1_000);
});

test("one sender's flood is refused before the handler, and no other sender is affected", async () => {
  let handled = 0;
  const { app } = await createHttpFixture(shared, {
    webhookRateLimit: 1,
    integrations: {
      hook: {
        publicPaths: ["/webhook"],
        handle: async () => {
          handled += 1;
          return new Response("ok");
        },
      },
    },
  });
  const post = (address: string) =>
    app.fetch(new Request("http://localhost/integrations/hook/webhook", { method: "POST" }), { address });
  const answers = await Promise.all(Array.from({ length: 50 }, () => post("203.0.113.7")));
  const refused = answers.filter(({ status }) => status === 429);
  // A burst of two, and one more for each second that the test may take.
  expect(refused.length).toBeGreaterThan(40);
  expect(handled).toBe(50 - refused.length);
  expect(refused[0]?.headers.get("retry-after")).toBe("1");
  expect(await refused[0]?.json()).toMatchObject({ error: { code: "rate_limited" } });
  expect((await post("203.0.113.8")).status).toBe(200);
});

test("a hanging handler is 504, and its late answer is dropped", async () => {
  const { log, access } = await createHttpFixture(shared);
  const gateway = createGateway({
    auth: createAuth({ ...access, failed: { count: () => {} }, freshMs: 0 }),
    record: () => {},
    log,
    limits: { ...GATEWAY_LIMITS, handlerMs: 5 },
    integrations: {
      whenLoaded: async () => undefined,
      routerOf: () => ({ handle: () => new Promise<Response>(() => undefined) }),
      isPublic: () => true,
      isAdminOnly: () => false,
      routeScopeOf: () => undefined,
      maxBodyBytesOf: () => undefined,
      webUiOf: () => undefined,
      statusOf: () => "live",
    },
  });
  const answer = await gateway(new Request("http://localhost/integrations/hook/x"), ARRIVAL);
  expect(answer.status).toBe(504);
  expect(await answer.json()).toMatchObject({ error: { code: "timeout" } });
});

test("a request waits while its integration is loading", async () => {
  const { log, access } = await createHttpFixture(shared);
  const loaded = Promise.withResolvers<void>();
  let isLive = false;
  const gateway = createGateway({
    auth: createAuth({ ...access, failed: { count: () => {} }, freshMs: 0 }),
    record: () => {},
    log,
    integrations: {
      whenLoaded: () => loaded.promise,
      routerOf: () => (isLive ? { handle: async () => new Response("up") } : undefined),
      isPublic: () => true,
      isAdminOnly: () => false,
      routeScopeOf: () => undefined,
      maxBodyBytesOf: () => undefined,
      webUiOf: () => undefined,
      statusOf: () => (isLive ? "live" : undefined),
    },
  });
  const answer = gateway(new Request("http://localhost/integrations/hook/x"), ARRIVAL);
  isLive = true;
  loaded.resolve();
  expect(await (await answer).text()).toBe("up");
});

eachDatabase("inbox", (openEach) => {
  test("a webhook is stored with its message, without the headers that authenticate its sender", async () => {
    const db = await openEach();
    const integrations: Record<string, TestIntegration> = {};
    const http = await createHttpFixture(db, { integrations });
    const { session_id } = await http.sessions
      .getOrCreate({ clientId: "hook:1", botId: "default" })
      .then(({ session_id }) => ({ session_id }));
    const router = new Elysia().post("/webhook", async ({ request }) =>
      http.sessions.inject(
        {
          sessionId: session_id,
          content: await request.text(),
          source: "hook",
          runAgent: true,
          idempotencyKey: request.headers.get("x-delivery") ?? "",
        },
        "hook",
      ),
    );
    integrations.hook = integration(router, "/webhook");
    const headers = {
      "x-delivery": "d-1",
      "x-hub-signature-256": "sha256=f00d",
      "webhook-signature": "v1,f00d",
      "x-gitlab-token": "f00d",
      cookie: "session=f00d",
      authorization: "Bearer f00d",
      "x-github-event": "push",
    };
    const post = () =>
      http.send("POST", "/integrations/hook/webhook?token=f00d", { key: null, body: "hi\0", headers });
    const first = await post();
    const again = await post();
    expect(first.body).toMatchObject({ duplicate: false });
    expect(again.body).toEqual({ ...first.body, duplicate: true });

    await http.inbox.list({});
    const rows = await db.query.select().from(inboxEvents).orderBy(inboxEvents.id);
    expect(rows.map(({ verdict }) => verdict)).toEqual(["accepted", "duplicate"]);
    expect(rows[0]).toMatchObject({
      integration_id: "hook",
      method: "POST",
      path: "/webhook",
      body: "hi\u{fffd}",
      idempotency_key: "d-1",
      outcomes: [first.body],
      body_bytes: 3,
    });
    expect(rows[0]?.headers).toMatchObject({ "x-github-event": "push", "x-hub-signature-256": "[redacted]" });
    expect(JSON.stringify(rows)).not.toContain("f00d");
  });
});

test("a WebSocket route is refused with Heddle's own error", async () => {
  const router = new Elysia()
    .ws("/webhook/live", { message: () => undefined })
    .get("/webhook/page", () => "here");
  const { send } = await createHttpFixture(shared, {
    integrations: { hook: integration(router, "/webhook") },
  });
  const headersOf: Record<string, string>[] = [{}, { upgrade: "websocket", connection: "upgrade" }];
  for (const headers of headersOf) {
    const answer = await send("GET", "/integrations/hook/webhook/live", { headers });
    expect(answer).toMatchObject({ status: 404, body: { error: { code: "not_found" } } });
    expect(JSON.stringify(answer.body)).toContain("WebSocket routes of integrations are not served");
  }
  expect((await send("GET", "/integrations/hook/webhook/page")).status).toBe(200);
});

import { beforeAll, expect, test } from "bun:test";
import SwaggerParser from "@apidevtools/swagger-parser";
import { createConfig, lintFromString } from "@redocly/openapi-core";
import Ajv2020 from "ajv/dist/2020";
import formats from "ajv-formats";
import { Elysia, t } from "elysia";
import { ROUTES_BY_SCOPE } from "../../../src/web/api/scopes.gen.ts";
import { embeddedDatabase, type TestDatabase } from "../../database.ts";
import { createHttpFixture, type HttpFixture } from "../fixture.ts";

interface Operation {
  operationId: string;
  tags: string[];
  summary: string;
  description: string;
  responses: Record<string, { content?: Record<string, { schema: Schema }>; description: string }>;
  requestBody?: { content: Record<string, { schema: Schema; example?: unknown }> };
  parameters?: { name: string; in: string; required: boolean; schema: Schema }[];
  security?: unknown[];
}

type Schema = Record<string, unknown>;

interface Document {
  openapi: string;
  servers: unknown;
  tags: { name: string }[];
  paths: Record<string, Record<string, Operation>>;
  security: unknown;
  components: { securitySchemes: unknown; schemas: Record<string, Schema> };
}

const open = embeddedDatabase();
let db: TestDatabase;
let http: HttpFixture;
let written: Document;
/** Replaces references by what they refer to. */
let spec: Document;

const inline = (document: Document): Promise<Document> =>
  SwaggerParser.dereference(structuredClone(document) as never) as Promise<never>;

beforeAll(async () => {
  db = await open();
  http = await createHttpFixture(db);
  written = (await http.send("GET", "/swagger/all/json", { key: null })).body;
  spec = await inline(written);
});

const operations = () =>
  Object.entries(spec.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ name: `${method} ${path}`, path, operation })),
  );

/** Returns every schema within a value, at any depth. */
function* schemasIn(value: unknown): Generator<Schema> {
  if (typeof value !== "object" || value === null) return;
  if (!Array.isArray(value)) yield value as Schema;
  for (const inner of Object.values(value)) yield* schemasIn(inner);
}

/** Returns the findings of Redocly's linter with the specification's and the recommended rules. */
async function problemsOf(document: Document): Promise<string[]> {
  const config = await createConfig({ extends: ["spec", "recommended"] });
  const problems = await lintFromString({ source: JSON.stringify(document), config });
  return problems.map(({ ruleId, message, location }) => `${ruleId}: ${message} ${location[0]?.pointer}`);
}

test("the document is valid OpenAPI 3.1 for other tools, and small", async () => {
  expect(written.openapi).toBe("3.1.0");
  const problems = await problemsOf(written);
  // /health and /ready have no answer for a caller's mistake.
  expect(
    problems.filter((problem) => !/^operation-4xx-response: .*#\/paths\/~1(health|ready)\//.test(problem)),
  ).toEqual([]);
  await SwaggerParser.validate(structuredClone(written) as never);
  expect(written.servers).toEqual([{ url: "/", description: "This server." }]);
});

test("the two parts are valid for other tools, small, and together the whole", async () => {
  const parts = await Promise.all(
    ["/swagger/json", "/swagger/admin/json"].map(
      async (path) => (await http.send("GET", path, { key: null })).body as Document,
    ),
  );
  for (const part of parts) {
    await SwaggerParser.validate(structuredClone(part) as never);
    // Among others, that each component is used.
    const problems = await problemsOf(part);
    expect(problems.filter((problem) => !/\/paths\/~1(health|ready)\//.test(problem))).toEqual([]);
    // The built-in integrations add some 35 kB to the first part: see test/compiled.test.ts.
    expect(JSON.stringify(part).length).toBeLessThan(part === parts[0] ? 210_000 : 250_000);
    const tags = part.tags.map(({ name }) => name).sort();
    const used = Object.values(part.paths).flatMap((methods) =>
      Object.values(methods).flatMap((one) => one.tags),
    );
    expect([...new Set(used)].sort()).toEqual(tags);
  }
  const routesOf = ({ paths }: Document) =>
    Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`),
    );
  expect(parts.flatMap(routesOf).sort()).toEqual(routesOf(written).sort());
  expect(routesOf(parts[0] as Document)).toContain("post /api/v1/events");
  expect(routesOf(parts[1] as Document)).toContain("put /api/v1/admin/integrations/{id}/settings");
});

test("the document and the page's script are sent compressed to whom accepts that", async () => {
  const ask = (path: string, encoding: string) =>
    http.fetch(new Request(`http://localhost${path}`, { headers: { "accept-encoding": encoding } }));
  for (const path of ["/swagger/json", "/swagger/scalar.js"]) {
    const [small, whole, refused] = await Promise.all(
      ["gzip, deflate, br", "identity", "gzip;q=0"].map(async (encoding) => {
        const answer = await ask(path, encoding);
        return { headers: answer.headers, bytes: new Uint8Array(await answer.arrayBuffer()) };
      }),
    );
    if (!small || !whole || !refused) throw new Error("no answer");
    expect([small, whole, refused].map(({ headers }) => headers.get("content-encoding"))).toEqual([
      "gzip",
      null,
      null,
    ]);
    expect(small.headers.get("vary")).toBe("accept-encoding");
    expect(Bun.gunzipSync(small.bytes)).toEqual(whole.bytes);
    expect(refused.bytes).toEqual(whole.bytes);
    if (path === "/swagger/json") expect(small.bytes.byteLength).toBeLessThan(100_000);
  }
});

test("BASE_URL is the first of the servers", async () => {
  const { send } = await createHttpFixture(db, { publicUrl: "https://heddle.example" });
  const { servers } = (await send("GET", "/swagger/all/json", { key: null })).body;
  expect(servers.map(({ url }: { url: string }) => url)).toEqual(["https://heddle.example", "/"]);
});

test("schemas use OpenAPI's keywords", () => {
  for (const schema of schemasIn(written)) {
    const text = JSON.stringify(schema).slice(0, 300);
    if (Array.isArray(schema.anyOf)) {
      const isWord = (one: unknown) => typeof one === "object" && one !== null && "const" in one;
      expect(schema.anyOf.filter(isWord), text).toEqual([]);
      const types = schema.anyOf.map(({ type }: Schema) => type);
      expect(types.includes("string") && types.includes("integer"), text).toBe(false);
    }
    for (const key of ["nullable", "patternProperties", "x-name", "x-response"]) {
      expect(typeof schema.properties === "object" || !(key in schema), `${key} ${text}`).toBe(true);
    }
    expect(schema.example, text).not.toBe("");
  }
  const task = spec.paths["/api/v1/tasks"]?.get;
  const parameter = (name: string) => task?.parameters?.find((one) => one.name === name);
  expect(parameter("limit")).toMatchObject({
    required: false,
    schema: { type: "integer", minimum: 1, maximum: 500, default: 50 },
  });
  expect(parameter("status")?.schema).toMatchObject({
    type: "string",
    enum: ["pending", "running", "waiting", "complete", "failed", "cancelled", "merged"],
  });
  expect(written.components.schemas.Delivery).toMatchObject({
    type: "object",
    properties: {
      attempts: { type: "integer" },
      last_error: { type: ["string", "null"] },
      dispatch_config: { type: "object", additionalProperties: {} },
    },
  });
});

test("every field of every body and answer is described", () => {
  const undescribed: string[] = [];
  let count = 0;
  const look = (schema: unknown, at: string): void => {
    if (typeof schema !== "object" || schema === null) return;
    const { properties = {}, items, anyOf = [], allOf = [], additionalProperties } = schema as Schema;
    for (const [name, field] of Object.entries(properties as Record<string, Schema>)) {
      count++;
      if (typeof field.description !== "string" || field.description.length < 4)
        undescribed.push(`${at}.${name}`);
      look(field, `${at}.${name}`);
    }
    look(items, `${at}[]`);
    for (const variant of [...(anyOf as unknown[]), ...(allOf as unknown[])]) look(variant, at);
    look(additionalProperties, `${at}{}`);
  };
  for (const [name, schema] of Object.entries(spec.components.schemas)) look(schema, name);
  for (const { name, operation } of operations()) {
    for (const { content = {} } of Object.values(operation.responses)) {
      for (const { schema } of Object.values(content)) look(schema, name);
    }
    for (const { schema } of Object.values(operation.requestBody?.content ?? {})) look(schema, name);
    for (const parameter of (operation.parameters ?? []) as (Schema & { name: string })[]) {
      if (typeof parameter.description !== "string") undescribed.push(`${name} ?${parameter.name}`);
    }
  }
  expect(count).toBeGreaterThan(400);
  expect(undescribed).toEqual([]);
});

test("a test client sends no unrequested filter, and has a value for each required parameter", () => {
  let count = 0;
  for (const { name, operation } of operations()) {
    for (const { in: where, required, schema, ...parameter } of operation.parameters ?? []) {
      if (where !== "query") continue;
      const at = `${name} ${parameter.name}`;
      if (required) expect([at, schema.examples]).toEqual([at, [expect.any(String)]]);
      if (required || !Array.isArray(schema.enum) || schema.default !== undefined) continue;
      count++;
      const examples = { default: { value: schema.enum[0], "x-disabled": true } };
      expect([at, parameter]).toEqual([at, expect.objectContaining({ examples })]);
    }
  }
  expect(count).toBe(16);
});

test("operation ids are valid identifiers, and answers have only their actual types", () => {
  const names = operations().map(({ operation }) => operation.operationId);
  expect(names.filter((name) => !/^[a-z][A-Za-z0-9]*$/.test(name))).toEqual([]);
  expect(new Set(names).size).toBe(names.length);
  const types = operations().flatMap(({ name, operation }) =>
    Object.entries(operation.responses).flatMap(([, { content = {} }]) =>
      Object.keys(content)
        .filter((type) => type !== "application/json")
        .map((type) => `${name} ${type}`),
    ),
  );
  expect(types.sort()).toEqual([
    "get /api/v1/about/licenses text/plain",
    "get /api/v1/admin/integrations/{id}/process/logs/stream text/event-stream",
    "get /api/v1/admin/integrations/{id}/readme text/markdown",
    "get /api/v1/attachments/{id} application/octet-stream",
    "get /api/v1/events text/event-stream",
    "get /api/v1/logs/stream text/event-stream",
    "get /api/v1/sessions/{id}/messages/{message_id}/files/{number} application/octet-stream",
    "get /api/v1/tasks/{id}/stream text/event-stream",
    "post /api/v1/chat/stream text/event-stream",
  ]);
});

const ajv = formats.default(new Ajv2020({ strict: false, allErrors: true }));

test("every body has a valid example without empty texts", () => {
  let count = 0;
  for (const { name, operation } of operations()) {
    const json = operation.requestBody?.content["application/json"];
    if (!json) continue;
    count++;
    const isValid = ajv.compile(json.schema);
    expect(
      isValid(json.example),
      `${name}: ${JSON.stringify(json.example)} ${ajv.errorsText(isValid.errors)}`,
    ).toBe(true);
    expect(JSON.stringify(json.example), name).not.toContain('""');
  }
  expect(count).toBeGreaterThan(15);
});

test("the examples in the documentation are accepted", async () => {
  const place = (await http.send("POST", "/api/v1/channels", { body: { client_id: "docs:example" } })).body;
  const session = (await http.send("POST", "/api/v1/sessions", { body: { client_id: "docs:example" } })).body;
  const other = (await http.send("POST", "/api/v1/channels", { body: { client_id: "docs:other" } })).body;
  const send = async (path: string, id: string, method = "POST") => {
    const operation = spec.paths[path]?.[method.toLowerCase()];
    const body = operation?.requestBody?.content["application/json"]?.example;
    const answer = await http.send(method, path.replace("{id}", id), { body });
    expect([path, answer.status, answer.body]).toEqual([path, expect.any(Number), expect.anything()]);
    expect([200, 201], `${path} ${JSON.stringify(answer.body)}`).toContain(answer.status);
  };
  for (const path of ["documents", "sessions", "channels", "events", "bots", "api-keys"]) {
    await send(`/api/v1/${path}`, "");
  }
  await send("/api/v1/sessions/{id}/messages", session.session_id);
  await send("/api/v1/channels/{id}/messages", place.id);
  await send("/api/v1/channels/{id}", other.id, "PATCH");
  await send("/api/v1/bots/{id}", "helper", "PATCH");
});

/** Two parameters at the same place of a path share a name in the router, but have their own names in the document. */
const documented = (path: string): string =>
  path
    .replace(/:entry(?=\/(de)?activate)/, "{integration_id}")
    .replace(":entry", "{binding_id}")
    .replace(/:(\w+)/g, "{$1}");

test("every route is documented: summary, tag, parameters, bodies, answers and errors", () => {
  // A path that ends in "*" is another spelling of the "/:id" beside it.
  const routes = http.app.elysia.routes.filter(
    ({ path }) => path !== "/" && !path.startsWith("/swagger") && !path.endsWith("/*"),
  );
  expect(routes.length).toBeGreaterThan(20);
  for (const { method, path } of routes) {
    const name = `${method} ${path}`;
    const operation = spec.paths[documented(path)]?.[method.toLowerCase()];
    expect(operation, name).toBeDefined();
    if (!operation) continue;
    expect(operation.summary, name).toMatch(/\w/);
    expect(operation.tags, name).toHaveLength(1);
    const named = operation.parameters?.filter((parameter) => parameter.in === "path").map((p) => p.name);
    expect(named ?? [], name).toEqual(
      [...documented(path).matchAll(/\{(\w+)\}/g)].map(([, parameter]) => String(parameter)),
    );
    const statuses = Object.keys(operation.responses);
    expect(
      statuses.some((status) => status.startsWith("2")),
      name,
    ).toBe(true);
    if (!path.startsWith("/api/")) continue;
    expect(statuses, name).toContain("401");
    expect(statuses, name).toContain("403");
    if (operation.requestBody) {
      const isJson = path !== "/api/v1/transcribe";
      expect(Object.keys(operation.requestBody.content), name).toEqual(
        isJson ? ["application/json"] : ["application/octet-stream", "audio/*"],
      );
      for (const status of ["400", "413", "415", ...(isJson ? ["422"] : [])])
        expect(statuses, name).toContain(status);
    }
  }
});

test("the API asks for a bearer key, and health does not", () => {
  expect(spec.security).toEqual([{ bearer: [] }]);
  expect(spec.components).toMatchObject({ securitySchemes: { bearer: { type: "http", scheme: "bearer" } } });
  expect(spec.paths["/health"]?.get?.security).toEqual([]);
});

test("routes of live integrations are in the document, with the key that they need", async () => {
  const router = new Elysia()
    .post("/webhook", () => "ok", { detail: { summary: "What the shop sends", tags: ["mine"] } })
    .get("/rooms/:room-id", () => ({ open: true, count: 1, when: new Date(0) }), {
      params: t.Object({ "room-id": t.Integer() }),
      query: t.Object({ since: t.Optional(t.String()), limit: t.Integer({ default: 3 }) }),
      response: { 200: t.Object({ open: t.Boolean(), count: t.Integer(), when: t.Date() }) },
    })
    .post("/orders", () => "ok", { body: t.Object({ goods: t.String({ minLength: 1 }) }) })
    .patch("/orders", () => "ok", {
      body: t.Object({ goods: t.String() }),
      detail: { example: { goods: "apples" } } as object,
    })
    .all("/any/*", () => "ok")
    .put("/odd", () => "ok", {
      body: { "~standard": { version: 1, vendor: "x", validate: () => ({}) } } as never,
    })
    .get("/hidden", () => "no", { detail: { hide: true } })
    .ws("/socket", {});
  const handle = async () => new Response();
  const { send } = await createHttpFixture(db, {
    integrations: {
      "corner-shop": { handle, router, publicPaths: ["/webhook"], adminPaths: ["/odd"] },
      broken: {},
    },
  });
  const document: Document = (await send("GET", "/swagger/all/json", { key: null })).body;
  expect(
    await problemsOf(document).then((all) => all.filter((one) => !one.startsWith("operation-4xx"))),
  ).toEqual([]);
  const added = Object.entries(document.paths).filter(([path]) => path.startsWith("/integrations/"));
  expect(added.map(([path, methods]) => [path, Object.keys(methods).sort()])).toEqual([
    ["/integrations/corner-shop/webhook", ["post"]],
    ["/integrations/corner-shop/rooms/{room-id}", ["get"]],
    ["/integrations/corner-shop/orders", ["patch", "post"]],
    ["/integrations/corner-shop/any/{path}", ["delete", "get", "patch", "post", "put"]],
    ["/integrations/corner-shop/odd", ["put"]],
  ]);
  for (const [, methods] of added) {
    for (const { tags } of Object.values(methods)) expect(tags).toEqual(["Integration: corner-shop"]);
  }
  expect(document.tags.at(-1)?.name).toBe("Integration: corner-shop");
  const orders = document.paths["/integrations/corner-shop/orders"];
  const exampleIn = (operation: Operation | undefined) =>
    Object.values(operation?.requestBody?.content ?? {}).map(({ example }) => example);
  expect([exampleIn(orders?.post), exampleIn(orders?.patch)]).toEqual([
    [{ goods: "goods" }],
    [{ goods: "apples" }],
  ]);
  const [webhook, room, , any, odd] = added.map(([, methods]) => Object.values(methods)[0] as Operation);
  expect(webhook).toMatchObject({
    summary: "What the shop sends",
    security: [],
    operationId: "postIntegrationsCornerShopWebhook",
  });
  expect(room?.description).toContain("`integrations:read`");
  expect(any?.security).toEqual([{ bearer: [] }]);
  expect(odd?.description).toContain("`admin`");
  expect(room?.parameters).toEqual([
    { name: "room-id", in: "path", required: true, schema: { type: "integer" } },
    { name: "since", in: "query", required: false, schema: { type: "string" } },
    { name: "limit", in: "query", required: false, schema: { type: "integer", default: 3 } },
  ]);
  expect(room?.responses["200"]?.content?.["application/json"]?.schema.properties).toMatchObject({
    open: { type: "boolean" },
    count: { type: "integer" },
  });
});

test("routes as no route of Heddle's own is written leave the document valid", async () => {
  const odd = t.Object({ "filter[x]": t.Optional(t.String()), größe: t.Optional(t.Number()) });
  const router = new Elysia()
    .get("/", () => "ok")
    .get("/rooms/", () => "ok", { query: odd })
    .get("/rooms/:id", () => "ok", { query: odd })
    // Each method has its own routes, so that the names may differ.
    .put("/rooms/:name", () => "ok", { params: t.Object({ name: t.String({ title: "The name" }) }) })
    .get("/files/:path/*", () => "ok")
    .get("/größe/:größe", () => "ok")
    .get("/a{b}", () => "ok")
    .post("/odd", () => "ok", { body: t.Object({ a: t.Unsafe({ type: "object", required: true }) }) });
  const { send } = await createHttpFixture(db, {
    integrations: { odd: { handle: async () => new Response(), router } },
  });
  const document: Document = (await send("GET", "/swagger/all/json", { key: null })).body;
  const problems = await problemsOf(document);
  expect(problems.filter((one) => !one.startsWith("operation-4xx"))).toEqual([]);
  await SwaggerParser.validate(structuredClone(document) as never);
  const { paths } = await inline(document);
  const added = Object.entries(paths).filter(([path]) => path.startsWith("/integrations/odd"));
  const named = ({ parameters = [] }: Operation) =>
    parameters.filter((one) => one.in === "path").map(({ name }) => name);
  expect(
    added.map(([path, methods]) => [
      path.slice("/integrations/odd".length),
      Object.fromEntries(Object.entries(methods).map(([method, operation]) => [method, named(operation)])),
    ]),
  ).toEqual([
    ["", { get: [] }],
    ["/rooms", { get: [] }],
    ["/rooms/{id}", { put: ["id"], get: ["id"] }],
    ["/files/{path}/{path2}", { get: ["path", "path2"] }],
    ["/größe/{gr__e}", { get: ["gr__e"] }],
    ["/a%7Bb%7D", { get: [] }],
    ["/odd", { post: [] }],
  ]);
});

test("the document is correct even after routes have been requested", async () => {
  const { send } = await createHttpFixture(db);
  await send("GET", "/ready", { key: null });
  await send("GET", "/api/v1/tasks");
  expect((await send("GET", "/swagger/all/json", { key: null })).status).toBe(200);
});

test("/swagger/ redirects to /swagger", async () => {
  const moved = await http.fetch(new Request("http://localhost/swagger/"));
  expect([moved.status, moved.headers.get("location")]).toEqual([308, "/swagger"]);
});

test("the page needs nothing from other servers and may not request it", async () => {
  const page = await http.send("GET", "/swagger", { key: null });
  const html: string = page.body;
  expect(page.headers.get("content-type")).toContain("text/html");
  // A namespace's name is not an address that is fetched.
  expect(html.replace("http://www.w3.org/2000/svg", "")).not.toMatch(/https?:\/\//);
  expect([...html.matchAll(/<script[^>]* src="([^"]*)"/g)].map(([, source]) => source)).toEqual([
    "/swagger/key-store.js",
    "/swagger/scalar.js",
  ]);
  const configuration = JSON.parse(/data-configuration='([^']*)'/.exec(html)?.[1] ?? "");
  expect(configuration).toMatchObject({
    sources: [{ url: "/swagger/json" }, { url: "/swagger/admin/json" }],
    withDefaultFonts: false,
    proxyUrl: "",
    telemetry: false,
    // The key is kept across a reload.
    persistAuth: true,
  });
  expect(configuration.spec).toBeUndefined();
  expect(html).toMatch(/<link rel="icon" href="data:/);

  const policy = page.headers.get("content-security-policy") ?? "";
  expect(policy).toContain("default-src 'none'");
  expect(policy).not.toMatch(/https?:|\*/);
  // The one script element in the page itself only carries the configuration.
  const inline = [...html.matchAll(/<script\b(?![^>]* src=)[^>]*>([\s\S]*?)<\/script>/g)];
  expect(inline.map(([, text]) => text)).toEqual([""]);
  expect(policy).toContain("script-src 'self';");

  const script = await http.send("GET", "/swagger/scalar.js", { key: null });
  expect(script.headers.get("content-type")).toContain("text/javascript");
  expect(script.body).toBe("/* scalar */");
});

test("each operation says which scope it needs, and the admin UI knows it", () => {
  const known = new Map(
    Object.entries(ROUTES_BY_SCOPE).flatMap(([scope, routes]) => routes.map((route) => [route, scope])),
  );
  const said = operations().flatMap(({ name, operation: { description, security } }) => {
    const scope = /Needs the scope `([^`]+)`/.exec(description)?.[1];
    const [method = "", path] = name.split(" ");
    return scope !== undefined && security !== undefined
      ? [[`${method.toUpperCase()} ${path}`, scope, [{ bearer: [scope] }], security]]
      : [];
  });
  expect(said.length).toBeGreaterThan(200);
  expect(said.filter(([route, scope]) => known.get(String(route)) !== scope)).toEqual([]);
  expect(said.filter(([, , wanted, security]) => !Bun.deepEquals(wanted, security))).toEqual([]);
});

// The rules of docs/api.md, tested on every route in the OpenAPI document.

import { beforeAll, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import SwaggerParser from "@apidevtools/swagger-parser";
import { Glob } from "bun";
import { embeddedDatabase } from "../../database.ts";
import { createHttpFixture, type HttpFixture, UNKNOWN_ID } from "../fixture.ts";

interface Schema {
  type?: string | string[];
  format?: string;
  default?: unknown;
  minimum?: number;
  maximum?: number;
  enum?: unknown[];
  properties?: Record<string, Schema>;
  items?: Schema;
  anyOf?: Schema[];
  allOf?: Schema[];
}

interface Parameter {
  name: string;
  in: string;
  schema: Schema;
}

interface Operation {
  responses: Record<string, { content?: Record<string, { schema: Schema }> }>;
  requestBody?: { content: Record<string, { schema: Schema; example?: object }> };
  parameters?: Parameter[];
}

interface Route {
  name: string;
  method: string;
  path: string;
  operation: Operation;
  answer: Schema | undefined;
  parameters: (where: string) => Parameter[];
}

let http: HttpFixture;
let routes: Route[];
const open = embeddedDatabase();

beforeAll(async () => {
  http = await createHttpFixture(await open());
  const { body } = await http.send("GET", "/swagger/all/json", { key: null });
  const { paths } = (await SwaggerParser.dereference(body)) as unknown as {
    paths: Record<string, Record<string, Operation>>;
  };
  routes = Object.entries(paths)
    .filter(([path]) => path.startsWith("/api/"))
    .flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => {
        const success = Object.entries(operation.responses).find(([status]) => status.startsWith("2"))?.[1];
        return {
          name: `${method.toUpperCase()} ${path}`,
          method: method.toUpperCase(),
          path,
          operation,
          answer: success?.content?.["application/json"]?.schema,
          parameters: (where: string) => (operation.parameters ?? []).filter((one) => one.in === where),
        };
      }),
    );
  expect(routes.length).toBeGreaterThan(80);
});

/** Returns the path with well-formed ids for its parameters. */
const filled = ({ path, parameters }: Route, id = UNKNOWN_ID): string =>
  path.replace(/\{([\w-]+)\}/g, (_, name) => {
    const schema = parameters("path").find((one) => one.name === name)?.schema;
    return schema?.format === "uuid" ? id : "nothing";
  });

const ask = (route: Route, query = "", path = filled(route)) => {
  const json = route.operation.requestBody?.content["application/json"];
  return http.send(route.method, `${path}${query && `?${query}`}`, { ...(json && { body: json.example }) });
};

/** A search is sorted by rank, and messages go back in time; both are plain arrays, as in the guide. */
const ARRAYS = ["GET /api/v1/documents/search", "GET /api/v1/sessions/{id}/messages"];

/** Lists that grow with use, not with setup. */
const GROWING = [
  "evals",
  "approvals",
  "api_keys",
  "channels",
  "coding_sessions",
  "deliveries",
  "documents",
  "events",
  "mcp_questions",
  "memories",
  "occurrences",
  "schedules",
  "sessions",
  "sign_ins",
  "people",
  "tasks",
];
/** Lists that have always allowed up to 1,000. */
const LONGER = ["entries", "lines"];

const lists = () =>
  routes.flatMap((route) => {
    const { method, answer } = route;
    const arrays = Object.entries(answer?.properties ?? {}).filter(
      ([key, { type }]) => type === "array" && key !== "api_permissions",
    );
    const isList = Object.keys(answer?.properties ?? {}).length <= 2 && arrays.length === 1;
    return method === "GET" && isList ? [{ route, key: String(arrays[0]?.[0]) }] : [];
  });

test("every list answers {items, next_cursor} and accepts cursor and limit", () => {
  expect(routes.filter(({ answer }) => answer?.type === "array").map(({ name }) => name)).toEqual(ARRAYS);
  expect(lists().length).toBeGreaterThan(15);
  for (const { route, key } of lists()) {
    expect([route.name, Object.keys(route.answer?.properties ?? {})]).toEqual([
      route.name,
      [key, "next_cursor"],
    ]);
    const [limit, cursor] = ["limit", "cursor"].map((name) =>
      route.parameters("query").find((one) => one.name === name),
    );
    expect(cursor, route.name).toBeDefined();
    expect([route.name, limit?.schema]).toEqual([
      route.name,
      expect.objectContaining({
        type: "integer",
        minimum: 1,
        default: GROWING.includes(key) ? 50 : 500,
        maximum: LONGER.includes(key) ? 1000 : 500,
      }),
    ]);
  }
});

test("a list filters by `integration`; the former name `integration_id` is still accepted", () => {
  const filtered = routes.filter(({ parameters }) =>
    parameters("query").some(({ name }) => /^integration/.test(name)),
  );
  expect(filtered.length).toBeGreaterThan(4);
  for (const { name, parameters } of filtered) {
    const names = parameters("query").map((one) => one.name);
    expect([name, names.filter((one) => one.startsWith("integration"))]).toEqual([
      name,
      ["integration", "integration_id"],
    ]);
  }
});

test("an unknown, repeated or empty query parameter is 422 and named", async () => {
  for (const route of routes) {
    const asked: [query: string, field: string][] = [
      ["nonsense=1", "nonsense"],
      ...route
        .parameters("query")
        .filter(({ name }) => !["prefix", "q"].includes(name))
        .flatMap(({ name }): [string, string][] => [
          [`${name}=`, name],
          [`${name}=1&${name}=1`, name],
        ]),
    ];
    const required = route.parameters("query").some(({ name }) => name === "q") ? "q=x&" : "";
    for (const [query, field] of asked) {
      // An unknown id in the path would be answered first.
      if (route.path.includes("{")) continue;
      const { status, body } = await ask(route, required + query);
      expect([route.name, query, status, body.error?.field]).toEqual([route.name, query, 422, field]);
    }
  }
});

test("a time is a date and a time; a date alone is refused", async () => {
  for (const route of routes) {
    for (const { name, schema } of route.parameters("query")) {
      if (schema.format !== "date-time") continue;
      expect((await ask(route, `${name}=2026-11-27T10:00:00Z`)).status).toBe(200);
      expect((await ask(route, `${name}=2026-11-27T10:00:00.5%2B02:00`)).status).toBe(200);
      // The database writes years outside of these in another form.
      expect((await ask(route, `${name}=1000-01-01T00:00:00%2B14:00`)).status).not.toBe(500);
      expect((await ask(route, `${name}=9999-12-31T23:59:59Z`)).status).not.toBe(500);
      const beyond = ["0000-01-01T00:00:00Z", "0001-01-01T00:00:00%2B14:00", "9999-12-31T23:59:59-23:59"];
      for (const wrong of ["2026-11-27", "2026-11-27T10:00:00", "now", ...beyond]) {
        const { status, body } = await ask(route, `${name}=${wrong}`);
        expect([route.name, status, body.error]).toEqual([
          route.name,
          422,
          {
            code: "validation",
            message: `${name} must be a date and time such as "2026-11-27T10:00:00Z".`,
            field: name,
          },
        ]);
      }
    }
    const { properties = {} } = route.operation.requestBody?.content["application/json"]?.schema ?? {};
    const times = Object.entries({ ...properties, ...route.answer?.properties });
    for (const [field, schema] of times) {
      if (field.endsWith("_at"))
        expect([route.name, field, schema.format]).toEqual([route.name, field, "date-time"]);
    }
  }
});

test("an unknown id in the path is 404 with a uniform message; a malformed one is 422 and named", async () => {
  for (const route of routes.filter(({ path }) => path.includes("{"))) {
    const { status, body } = await ask(route);
    expect([route.name, status, body.error]).toEqual([
      route.name,
      404,
      {
        code: "not_found",
        message: expect.stringMatching(/^There is no [a-zA-Z -]+ "(nothing|[0-9a-f-]{36})"\.$/),
      },
    ]);
    for (const { name, schema } of route.parameters("path")) {
      if (schema.format !== "uuid") continue;
      const path = filled(route).replace(UNKNOWN_ID, "not-an-id");
      // Only the first parameter of a path is replaced.
      if (filled(route).indexOf(UNKNOWN_ID) !== route.path.indexOf(`{${name}}`)) continue;
      const wrong = await ask(route, "", path);
      expect([route.name, wrong.status, wrong.body.error.field]).toEqual([route.name, 422, name]);
    }
  }
});

test("a path answers methods that it does not take with 405, and says which it takes", async () => {
  const fits = (pattern: string, path: string) => {
    const [wanted, given] = [pattern.split("/"), path.split("/")];
    return (
      wanted.length === given.length && wanted.every((part, at) => part.startsWith("{") || part === given[at])
    );
  };
  for (const path of new Set(routes.map((route) => filled(route)))) {
    // "/documents/search" is also a document with this id.
    const taken = routes.filter((route) => fits(route.path, path)).map(({ method }) => method.toUpperCase());
    const other =
      ["DELETE", "PATCH", "PUT", "POST", "GET"].find((method) => !taken.includes(method)) ?? "OPTIONS";
    const answer = await http.send(other, path);
    const allowed = answer.headers.get("allow")?.split(", ");
    expect([path, other, answer.status, allowed]).toEqual([path, other, 405, expect.arrayContaining(taken)]);
    expect(allowed).not.toContain(other);
  }
  const { status, headers } = await http.send("GET", "/api/v1/nothing");
  expect([status, headers.get("allow")]).toEqual([404, null]);
});

test("a body accepts no unknown field, and only JSON", async () => {
  for (const route of routes) {
    const json = route.operation.requestBody?.content["application/json"];
    if (!json) continue;
    const unknown = await http.send(route.method, filled(route), { body: { ...json.example, nonsense: 1 } });
    expect([route.name, unknown.status, unknown.body.error.field]).toEqual([route.name, 422, "nonsense"]);
    const text = await http.send(route.method, filled(route), {
      body: "x",
      headers: { "content-type": "text/plain" },
    });
    expect([route.name, text.status]).toEqual([route.name, 415]);
  }
});

/** As in the guide, the answer names what was removed. */
const ANSWERED_DELETE = "DELETE /api/v1/admin/integrations/{id}/settings/{key}";

test("a method has the same statuses everywhere", () => {
  const allowed: Record<string, string[]> = {
    GET: ["200"],
    PATCH: ["200"],
    PUT: ["200", "204"],
    POST: ["200", "201"],
    DELETE: ["204"],
  };
  for (const { name, method, path, operation } of routes) {
    const statuses = Object.keys(operation.responses);
    const success = statuses.filter((status) => status.startsWith("2"));
    const expected = name === ANSWERED_DELETE ? ["200"] : allowed[method];
    expect([name, success.filter((status) => !expected?.includes(status))]).toEqual([name, []]);
    for (const status of ["401", "403", "422", ...(path.includes("{") ? ["404"] : [])]) {
      expect([name, statuses.includes(status), status]).toEqual([name, true, status]);
    }
  }
});

test("whatever says when it was changed can be changed as it was read only", () => {
  const versioned = routes.filter(
    ({ method, answer }) =>
      (method === "PATCH" || method === "PUT") &&
      [answer, ...(answer?.allOf ?? [])].some((one) => one?.properties?.updated_at !== undefined),
  );
  expect(versioned.length).toBeGreaterThan(9);
  for (const { name, operation, parameters } of versioned) {
    expect([name, parameters("header").map((one) => one.name)]).toEqual([name, ["if-match"]]);
    expect([name, "412" in operation.responses]).toEqual([name, true]);
  }
});

test("no two schemas of the API have one name", () => {
  const names = [...new Glob("**/*.ts").scanSync(join(import.meta.dirname, "../../../src"))].flatMap(
    (file) => {
      const text = readFileSync(join(import.meta.dirname, "../../../src", file), "utf8");
      return [...text.matchAll(/\bnamed\(\s*"(\w+)"/g)].map(([, name]) => String(name));
    },
  );
  expect(names.length).toBeGreaterThan(30);
  expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([]);
});

test("if the server's address is unknown, a webhook has no URL", async () => {
  const { send } = await createHttpFixture(await open(), {
    baseUrl: undefined,
    integrations: { shop: { setup: { webhook: { path: "/integrations/shop/webhook" } } } },
  });
  const [shop] = (await send("GET", "/api/v1/integrations")).body.integrations;
  expect(shop.webhook_url).toBeNull();
});

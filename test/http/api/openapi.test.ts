import { beforeAll, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { embeddedDatabase } from "../../database.ts";
import { createHttpFixture, type HttpFixture } from "../fixture.ts";

interface Operation {
  tags?: string[];
  summary?: string;
  responses: Record<string, { content?: Record<string, unknown>; description?: string }>;
  requestBody?: { content: Record<string, unknown> };
  parameters?: { name: string; in: string }[];
  security?: unknown[];
}

const open = embeddedDatabase();
let http: HttpFixture;
let spec: { paths: Record<string, Record<string, Operation>>; security: unknown; components: unknown };

beforeAll(async () => {
  http = await createHttpFixture(await open());
  spec = (await http.send("GET", "/swagger/json", { key: null })).body;
});

test("every route is documented: summary, tag, parameters, bodies, answers and errors", () => {
  // A path that ends in "*" is another spelling of the "/:id" beside it.
  const routes = http.app.elysia.routes.filter(
    ({ path }) => path !== "/" && !path.startsWith("/swagger") && !path.endsWith("/*"),
  );
  expect(routes.length).toBeGreaterThan(20);
  for (const { method, path } of routes) {
    const name = `${method} ${path}`;
    const operation = spec.paths[path.replace(/:(\w+)/g, "{$1}")]?.[method.toLowerCase()];
    expect(operation, name).toBeDefined();
    if (!operation) continue;
    expect(operation.summary, name).toMatch(/\w/);
    expect(operation.tags, name).toHaveLength(1);
    const named = operation.parameters?.filter((parameter) => parameter.in === "path").map((p) => p.name);
    expect(named ?? [], name).toEqual(
      [...path.matchAll(/:(\w+)/g)].map(([, parameter]) => String(parameter)),
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

test("the page needs nothing from elsewhere, and may not ask for it", async () => {
  const page = await http.send("GET", "/swagger", { key: null });
  const html: string = page.body;
  expect(page.headers.get("content-type")).toContain("text/html");
  expect(html).not.toMatch(/https?:\/\//);
  expect([...html.matchAll(/<script[^>]* src="([^"]*)"/g)].map(([, source]) => source)).toEqual([
    "/swagger/scalar.js",
  ]);
  const configuration = JSON.parse(/data-configuration='([^']*)'/.exec(html)?.[1] ?? "");
  expect(configuration).toMatchObject({
    url: "/swagger/json",
    withDefaultFonts: false,
    proxyUrl: "",
    telemetry: false,
  });

  const policy = page.headers.get("content-security-policy") ?? "";
  expect(policy).toContain("default-src 'none'");
  expect(policy).not.toMatch(/https?:|\*/);
  // The one script in the page itself is let through by its hash.
  const inline = [...html.matchAll(/<script\b(?![^>]* src=)[^>]*>([\s\S]*?)<\/script>/g)].map(
    ([, text]) => text ?? "",
  );
  expect(inline).toHaveLength(1);
  const hash = createHash("sha256")
    .update(inline[0] ?? "")
    .digest("base64");
  expect(policy).toContain(`'sha256-${hash}'`);

  const script = await http.send("GET", "/swagger/scalar.js", { key: null });
  expect(script.headers.get("content-type")).toContain("text/javascript");
  expect(script.body).toBe("/* scalar */");
});

// No request without a key gets through: every private route of the API and of integrations is requested over a real
// listener in every way listed in attacks.ts.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { startServer } from "../../src/compose/server.ts";
import { loadConfig } from "../../src/config/config.ts";
import { embeddedDatabase } from "../database.ts";
import { ask, attacks, type Shape, sendRaw, shapeOf, statusOf } from "./attacks.ts";
import { ADMIN_KEY } from "./process.ts";

// Runs before the database is removed.
afterAll(() => server.close());
const open = embeddedDatabase();
const ID = "0198c0de-0000-7000-8000-000000000000";
const CANARY = "only-for-those-with-a-key";
const REFUSED = [400, 401, 403, 404, 405, 429, 431, 501, 505];
/** Public responses: another spelling may match another route, which is public. */
const PUBLIC = /\r\n\r\n(public|\{"status":"ok","version":"[^"]*"\})?$/;
const ATTACKS = attacks(ADMIN_KEY);

/** An integration with routes that are almost public. */
const ROUTER = `
import { Elysia } from "heddle/sdk";
const canary = () => ${JSON.stringify(CANARY)};
export const router = new Elysia()
  .post("/webhook", () => "public")
  .all("/webhookadmin", canary)
  .all("/webhooks/secrets", canary)
  .get("/webhook-log", canary)
  .post("/hook/:id", () => "public")
  .get("/hook/:id", canary)
  .delete("/hook/:id", canary)
  .post("/hook/all", canary)
  .post("/:name", () => "public")
  .delete("/:name", canary)
  .get("/stats", canary)
  .post("/purge", canary)
  .all("/danger/*", canary)
  .all("/status/more", canary)
  .get("/status", () => "public");
`;
const SETUP = `export const SETUP = {
  webhook: { path: "/:name" },
  public_paths: ["POST /hook/:id", "GET /status"],
  admin_paths: ["/danger"],
};`;

let server: Awaited<ReturnType<typeof startServer>>;
let port: number;
/** Method and path of every route that requires a key. */
const routes: [method: string, path: string][] = [];
const withoutKey: typeof routes = [];

beforeAll(async () => {
  const { home } = await open.place();
  const mine = join(home, "mine", "nearly");
  mkdirSync(mine, { recursive: true });
  writeFileSync(join(mine, "router.ts"), ROUTER);
  writeFileSync(join(mine, "setup.ts"), SETUP);
  const environment = { API_KEY: ADMIN_KEY, LOG_LEVEL: "error", INTEGRATION_DIRS: join(home, "mine") };
  server = await startServer(loadConfig({ home, port: "0" }, environment));
  await server.integrations.whenReady;
  port = Number(new URL(String(server.url)).port);
  const document = (await (await fetch(`${server.url}/swagger/all/json`)).json()) as {
    paths: Record<string, Record<string, { security?: unknown[] }>>;
  };
  for (const [path, operations] of Object.entries(document.paths)) {
    const real = path.replace(/\{\w+\}/g, (part) =>
      part === "{integration_id}" || /integrations/.test(path) ? "github" : ID,
    );
    if (!path.startsWith("/api/")) continue;
    for (const [name, { security }] of Object.entries(operations)) {
      (security?.length === 0 ? withoutKey : routes).push([name.toUpperCase(), real]);
    }
  }
  for (const { id } of server.integrations.list()) {
    for (const { method, path } of server.integrations.routerOf(id)?.routes ?? []) {
      const asked = { method: method === "ALL" ? "GET" : method, path: path.replace(/:\w+|\*/g, "x") };
      if (!server.integrations.isPublic(id, asked))
        routes.push([asked.method, `/integrations/${id}${asked.path}`]);
    }
  }
}, 60_000);
/** Undefined if the response is a refusal that reveals nothing, or that of a public route. */
function leak(shape: Shape, answer: string): string | undefined {
  const isRefused = answer === "" || REFUSED.includes(statusOf(answer)) || PUBLIC.test(answer);
  const tells = [CANARY, "bunfallback", "node_modules", '"cwd"', ".ts:"].find((text) =>
    answer.includes(text),
  );
  return isRefused && tells === undefined ? undefined : `${JSON.stringify(shape)} → ${answer.slice(0, 200)}`;
}

async function leaks(shapes: Shape[]): Promise<string[]> {
  const found: string[] = [];
  const waiting = shapes.values();
  const worker = async () => {
    for (const shape of waiting) {
      const told = leak(shape, await ask(port, shape));
      if (told) found.push(told);
    }
  };
  await Promise.all(Array.from({ length: 32 }, worker));
  return found;
}

test("only signing in needs no key", () => {
  expect(withoutKey).toEqual([["POST", "/api/v1/sign-ins"]]);
});

test("there are routes to test", () => {
  expect(routes.length).toBeGreaterThan(90);
  const paths = routes.map(([, path]) => path);
  for (const path of [
    "webhook/endpoints",
    "example/ingest",
    "nearly/webhookadmin",
    "nearly/stats",
    "nearly/danger/x",
  ]) {
    expect(paths).toContain(`/integrations/${path}`);
  }
});

test.each(Object.keys(ATTACKS))("%s", async (name) => {
  const shapes = routes.map(([method, path]) =>
    (ATTACKS[name] as (shape: Shape) => Shape)(shapeOf(method, path)),
  );
  expect(await leaks(shapes)).toEqual([]);
});

test("any two attacks combined", async () => {
  const names = fc.constantFrom(...Object.keys(ATTACKS));
  const shapes = fc.sample(
    fc.tuple(fc.constantFrom(...routes), names, names).map(([[method, path], one, other]) => {
      const first = (ATTACKS[one] as (shape: Shape) => Shape)(shapeOf(method, path));
      return (ATTACKS[other] as (shape: Shape) => Shape)(first);
    }),
    1_500,
  );
  expect(await leaks(shapes)).toEqual([]);
});

test("with the key the routes respond, for any valid host", async () => {
  const withKey = { headers: [`Authorization: Bearer ${ADMIN_KEY}`] };
  for (const host of ["x", "app", "nas:80", "a:1", "localhost", "[::1]:8000"]) {
    const status = async (method: string, path: string) =>
      statusOf(await ask(port, { ...shapeOf(method, path), hosts: [host], ...withKey }));
    expect([host, await status("GET", "/api/v1/bots")]).toEqual([host, 200]);
    expect([host, await status("GET", "/%61pi/v1/bots/")]).toEqual([host, 200]);
    expect([host, await status("GET", "/integrations/webhook/endpoints?limit=5")]).toEqual([host, 200]);
    expect([host, await status("DELETE", "/integrations/nearly/danger/x")]).toEqual([host, 200]);
    expect([host, await status("GET", "/health")]).toEqual([host, 200]);
  }
});

test("public routes are public for any valid host", async () => {
  for (const host of ["x", "app:80", "heddle.example"]) {
    const status = async (method: string, path: string) =>
      statusOf(await ask(port, { ...shapeOf(method, `/integrations/nearly${path}`), hosts: [host] }));
    expect([host, await status("POST", "/webhook")]).toEqual([host, 200]);
    expect([host, await status("POST", "/webhook/")]).toEqual([host, 200]);
    expect([host, await status("POST", "/hook/1")]).toEqual([host, 200]);
    expect([host, await status("POST", "/anything")]).toEqual([host, 200]);
    expect([host, await status("GET", "/status")]).toEqual([host, 200]);
  }
});

test("an invalid Host header is rejected in JSON, whatever the path", async () => {
  for (const host of ["::1", "%", "x:99999", "", "a b"]) {
    for (const path of ["/health", "/integrations/github/webhook", "/api/v1/bots", "/swagger"]) {
      const answer = await ask(port, { ...shapeOf("GET", path), hosts: [host] });
      expect([host, path, statusOf(answer)]).toEqual([host, path, 400]);
      expect(answer).toContain('"code":"bad_request"');
    }
  }
});

const GET = "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n";
const POST =
  "POST /integrations/github/webhook HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
const LENGTH = "Content-Length: 2\r\n\r\n{}";

test.each([
  ["CL.TE", `${POST}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${GET}`],
  ["TE.CL", `${POST}Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n5c\r\n${GET}\r\n0\r\n\r\n`],
  ["two lengths", `${POST}Content-Length: 2\r\nContent-Length: 60\r\n\r\n{}${GET}`],
  ["a list of lengths", `${POST}Content-Length: 2, 2\r\n\r\n{}${GET}`],
  ["+2", `${POST}Content-Length: +2\r\n\r\n{}${GET}`],
  ["0x2", `${POST}Content-Length: 0x2\r\n\r\n{}${GET}`],
  ["-1", `${POST}Content-Length: -1\r\n\r\n{}${GET}`],
  ["xchunked", `${POST}Transfer-Encoding: xchunked\r\n${LENGTH}${GET}`],
  ["a blank before the colon", `${POST}Transfer-Encoding : chunked\r\n${LENGTH}${GET}`],
  [
    "two encodings",
    `${POST}Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n${GET}`,
  ],
  ["a chunk of 0x0", `${POST}Transfer-Encoding: chunked\r\n\r\n0x0\r\n\r\n${GET}`],
  ["line ends without CR", `${POST.replaceAll("\r\n", "\n")}${LENGTH.replaceAll("\r\n", "\n")}${GET}`],
  ["NUL in a header", `${POST}X: a\0b\r\n${LENGTH}${GET}`],
  ["headers of 20 kB", `${POST}X: ${"a".repeat(20_000)}\r\n${LENGTH}${GET}`],
])("two readers of %s agree on one request, or none", async (_name, text) => {
  const answer = await sendRaw(port, text);
  expect(answer).not.toContain("HTTP/1.1 200");
});

import { expect, test } from "bun:test";
import { Elysia } from "elysia";
import { isAdminPath, isPublicRoute } from "../../../src/integrations/routing/public-paths.ts";
import { createRouteFinder, type Route } from "../../../src/integrations/routing/route-finder.ts";
import type { SetupManifest } from "../../../src/sdk/manifest.ts";

const publicOf = (setup: SetupManifest | undefined, asked: string[], routes: string[] = []) => {
  const requestOf = (text: string): Route => {
    const [method = "", path = ""] = text.split(" ");
    return { method, path };
  };
  const answering = createRouteFinder(routes.map(requestOf));
  return asked.filter((one) =>
    isPublicRoute("mine", requestOf(one), { setup, answering: answering(requestOf(one)) }),
  );
};

const setup = {
  webhook: { path: "/integrations/mine/incoming" },
  public_paths: ["/status", "/endpoints/list", "GET /challenge", "POST /rooms/:room/join"],
  admin_paths: ["/endpoints", "/integrations/mine/danger/"],
};

test("admin paths cover everything below them, regardless of case, and are never public", () => {
  const admin = [
    "/endpoints",
    "/endpoints/",
    "/endpoints/a/b",
    "/endpoints/list",
    "/Endpoints",
    "/danger",
    "/danger/x",
  ];
  expect(admin.filter((path) => !isAdminPath("mine", path, setup))).toEqual([]);
  expect(
    publicOf(
      setup,
      admin.map((path) => `POST ${path}`),
    ),
  ).toEqual([]);
  const others = ["/", "/endpoint", "/endpointsx", "/status", "/say/endpoints"];
  expect(others.filter((path) => isAdminPath("mine", path, setup))).toEqual([]);
  expect(isAdminPath("mine", "/endpoints", undefined)).toBe(false);
});

test("/webhook and everything below it is public, but nothing that only starts like it", () => {
  const open = ["POST /webhook", "GET /webhook", "PUT /webhook/a/b"];
  const closed = [
    "POST /webhookadmin",
    "GET /webhooks/secrets",
    "GET /webhook-log",
    "GET /WEBHOOK",
    "GET /a/webhook",
  ];
  expect(publicOf(undefined, [...open, ...closed])).toEqual(open);
});

test("a declared route is public for its method, a path alone for all methods, the webhook for POST", () => {
  const open = [
    "POST /incoming",
    "DELETE /status",
    "GET /status/",
    "GET /challenge",
    "HEAD /challenge",
    "POST /rooms/1/join",
  ];
  const closed = [
    "GET /incoming",
    "POST /incoming/more",
    "POST /challenge",
    "GET /rooms/1/join",
    "POST /rooms/1",
    "GET /",
  ];
  expect(publicOf(setup, [...open, ...closed])).toEqual(open);
});

test("a segment with a colon makes no route public that spells that segment out", () => {
  const routes = ["POST /:name", "POST /purge", "GET /stats", "ALL /all", "POST /:name/log", "POST /*"];
  const named = { webhook: { path: "/:name" }, public_paths: ["GET /:name"] };
  const open = ["POST /deploys", "POST /stats", "GET /purge"];
  const closed = [
    "POST /purge",
    "GET /stats",
    "HEAD /stats",
    "POST /all",
    "GET /all",
    "POST /deploys/log",
    "POST /",
  ];
  expect(publicOf(named, [...open, ...closed], routes)).toEqual(open);
});

test("a pattern makes no private route public, however that one is written", () => {
  const routes = [
    "GET /settings/:section?",
    "GET /user-:id",
    "GET /files/*",
    "GET /dumps*",
    "GET /:any",
    "GET /:any/:b/:c",
    "GET /caf\u00e9",
    "WS /live",
    "GET /:any/live",
  ];
  const named = { public_paths: ["GET /:name", "GET /:a/:b", "GET /:a/:b/:c"] };
  const open = ["GET /anything", "HEAD /anything", "GET /a/b/c", "GET /nobody/answers"];
  const closed = [
    "GET /settings",
    "GET /settings/keys",
    "GET /user-7",
    "HEAD /user-7",
    "GET /files/a",
    "GET /files/a/b",
    "GET /dumps",
    "GET /dumps-of-all/x",
    "GET /caf%C3%A9",
    "GET /live",
    "GET /a/live",
  ];
  expect(publicOf(named, [...open, ...closed], routes)).toEqual(open);
});

test("/webhook makes no private route public that has a variable in its place", () => {
  const rooms = ["POST /:room/:action", "POST /:room", "GET /*"];
  const asked = [
    "POST /webhook",
    "POST /webhook/delete",
    "GET /webhook/x",
    "HEAD /webhook",
    "POST /webhook/a/b",
  ];
  // No route answers the last one.
  expect(publicOf(undefined, asked, rooms)).toEqual(["POST /webhook/a/b"]);
  const own = [...rooms, "POST /webhook", "ALL /webhook/:kind", "GET /webhook/*"];
  expect(publicOf(undefined, asked, own)).toEqual([
    "POST /webhook",
    // A route for exactly this method takes precedence: POST /webhook/delete is POST /:room/:action.
    "GET /webhook/x",
    "POST /webhook/a/b",
  ]);
  // An explicit declaration is intended.
  expect(publicOf({ webhook: { path: "/webhook" } }, ["POST /webhook"], rooms)).toEqual(["POST /webhook"]);
});

test("the checked route is the one that Elysia chooses", async () => {
  const paths = ["/:a", "/:a/:b", "/*", "/x", "/x/:b", "/x/*", "/x/y", "/pre-:a", "/x/:b?", "/z*"];
  const router = new Elysia();
  const routes: Route[] = [];
  for (const [at, path] of paths.entries())
    for (const method of ["GET", "POST", "ALL"]) {
      if ((at + method.length) % 3 === 0) continue;
      routes.push({ method, path });
      router.route(method, path, ({ set }) => {
        set.headers["x-route"] = `${method} ${path}`;
        return "";
      });
    }
  const find = createRouteFinder(routes);
  const asked = [
    "/",
    "/x",
    "/x/",
    "/y",
    "/x/y",
    "/x/z",
    "/y/x",
    "/x/y/z",
    "/pre-1",
    "/pre-1/x",
    "/z",
    "/zz/top",
  ];
  for (const method of ["GET", "POST", "HEAD", "DELETE"])
    for (const path of asked) {
      const answer = await router.handle(new Request(`http://heddle.internal${path}`, { method }));
      const [taken] = find({ method, path });
      expect([method, path, taken ? `${taken.method} ${taken.path}` : null]).toEqual([
        method,
        path,
        answer.headers.get("x-route"),
      ]);
    }
});

test("a hundred thousand slashes or segments are checked, which would take minutes in quadratic time", () => {
  const slashes = "/".repeat(200_000);
  expect(isAdminPath("mine", slashes, setup)).toBe(false);
  expect(publicOf(setup, [`POST /a${slashes}a`, `POST ${"/a".repeat(100_000)}`])).toEqual([]);
});

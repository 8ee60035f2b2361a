import { expect, test } from "bun:test";
import { isAdminPath, isPublicRoute, type Route } from "../../src/integrations/public-paths.ts";
import type { SetupManifest } from "../../src/sdk/types.ts";

const publicOf = (setup: SetupManifest | undefined, asked: string[], routes: string[] = []) => {
  const requestOf = (text: string): Route => {
    const [method = "", path = ""] = text.split(" ");
    return { method, path };
  };
  return asked.filter((one) =>
    isPublicRoute("mine", requestOf(one), { setup, routes: routes.map(requestOf) }),
  );
};

const setup = {
  webhook: { path: "/integrations/mine/incoming" },
  public_paths: ["/status", "/endpoints/list", "GET /challenge", "POST /rooms/:room/join"],
  admin_paths: ["/endpoints", "/integrations/mine/danger/"],
};

test("admin paths cover what is below them, in capitals or not, and are never public", () => {
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

test("/webhook and what is below it is public, and nothing that only begins like it", () => {
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

test("a declared route is public for its method, a path alone for all, the webhook for POST", () => {
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

test("a part with a colon opens no route that spells that part out", () => {
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

test("a hundred thousand slashes or parts are judged, which would take minutes if it were quadratic", () => {
  const slashes = "/".repeat(200_000);
  expect(isAdminPath("mine", slashes, setup)).toBe(false);
  expect(publicOf(setup, [`POST /a${slashes}a`, `POST ${"/a".repeat(100_000)}`])).toEqual([]);
});

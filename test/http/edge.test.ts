// Headers for browsers, wrong keys, proxies, and requests during the start.

import { beforeAll, expect, test } from "bun:test";
import { createFailedKeys } from "../../src/http/failed-keys.ts";
import { createSenderOf } from "../../src/http/sender.ts";
import { createLog } from "../../src/log.ts";
import { embeddedDatabase, type TestDatabase } from "../database.ts";
import { createHttpFixture, STATIC_KEY } from "./fixture.ts";

const open = embeddedDatabase();
let shared: TestDatabase;
beforeAll(async () => {
  shared = await open();
});

const typed =
  (type: string, more: Record<string, string> = {}) =>
  async () =>
    new Response("<script>1</script>", { headers: { "content-type": type, ...more } });

test("answers forbid content sniffing, and API answers forbid caching", async () => {
  const { send } = await createHttpFixture(shared, {
    integrations: { hook: { handle: typed("text/plain") } },
  });
  for (const path of [
    "/health",
    "/swagger",
    "/swagger/",
    "/swagger/json",
    "/nowhere",
    "/integrations/hook/x",
    "/a//b",
  ]) {
    const { headers } = await send("GET", path);
    expect([path, headers.get("x-content-type-options")]).toEqual([path, "nosniff"]);
    expect([path, headers.get("x-request-id")?.length]).toEqual([path, 36]);
  }
  for (const path of ["/swagger", "/swagger/"]) {
    expect((await send("GET", path)).headers.get("content-security-policy")).toContain(
      "frame-ancestors 'none'",
    );
  }
  const made = await send("POST", "/api/v1/api-keys", { body: { name: "k", scopes: ["tasks:read"] } });
  expect([made.status, made.headers.get("cache-control")]).toEqual([201, "no-store"]);
  expect((await send("GET", "/api/v1/bots", { key: null })).headers.get("cache-control")).toBe("no-store");
});

test("an integration's page gets its own origin, whatever its headers say", async () => {
  for (const type of [
    "text/html; charset=utf-8",
    "image/svg+xml",
    "application/xhtml+xml",
    "TEXT/HTML",
    "text/xml",
  ]) {
    const handle = typed(type, { "content-security-policy": "default-src 'self'" });
    const { send } = await createHttpFixture(shared, {
      integrations: { hook: { handle, publicPaths: ["/open"], pages: { "/ui/": typed(type) } } },
    });
    for (const path of ["/open", "/closed"]) {
      const policy = (await send("GET", `/integrations/hook${path}`)).headers.get("content-security-policy");
      expect([type, policy]).toEqual([type, expect.stringContaining("sandbox allow-scripts")]);
      expect(policy).toContain("default-src 'self'");
      expect(policy).not.toContain("allow-same-origin");
    }
  }
});

test("a Heddle key does not reach an integration, but a sender's own Authorization does", async () => {
  const { send, keyWith } = await createHttpFixture(shared, {
    integrations: {
      hook: {
        publicPaths: ["/webhook"],
        handle: async (request) => Response.json({ got: request.headers.get("authorization") }),
      },
    },
  });
  const got = async (authorization: string) =>
    (await send("POST", "/integrations/hook/webhook", { headers: { authorization } })).body.got;
  for (const key of [STATIC_KEY, await keyWith("admin"), `hdl_${"0".repeat(64)}`]) {
    expect(await got(`Bearer ${key}`)).toBeNull();
    expect(await got(`bearer  ${key}`)).toBeNull();
  }
  for (const own of ["Bearer of-the-sender", "Basic YTpi", "hdl_x"]) expect(await got(own)).toBe(own);
});

test("wrong keys are 429 after a while, valid ones never, and the log has one line", async () => {
  const { send, lines } = await createHttpFixture(shared, {
    integrations: { hook: { handle: typed("text/plain") } },
  });
  const statuses: number[] = [];
  for (let i = 0; i < 100; i++) {
    const path = i % 2 === 0 ? "/api/v1/bots" : "/integrations/hook/x";
    statuses.push((await send("GET", path, { key: `hdl_${i.toString(16).padStart(64, "0")}` })).status);
  }
  expect(new Set(statuses)).toEqual(new Set([401, 429]));
  expect(statuses.slice(0, 60)).toEqual(Array(60).fill(401));
  expect((await send("GET", "/api/v1/bots", { key: "wrong" })).headers.get("retry-after")).toMatch(/^\d+$/);
  expect((await send("GET", "/api/v1/bots")).status).toBe(200);
  // A request without a key does not count as a guess.
  expect((await send("GET", "/api/v1/bots", { key: null })).status).toBe(401);
  expect(lines.filter((line) => line.includes("unknown, revoked or expired"))).toHaveLength(1);
});

test("thousands of senders do not fill the log", async () => {
  const lines: string[] = [];
  const log = await createLog({
    level: "debug",
    format: "json",
    redact: (text) => text,
    write: (line) => lines.push(line),
  });
  const failed = createFailedKeys({ log, now: () => 0 });
  for (let i = 0; i < 5_000; i++) failed.count(`10.0.${i >> 8}.${i & 255}`);
  expect(lines.length).toBeLessThanOrEqual(20);
});

test("X-Forwarded-For names the sender only if a trusted proxy set it", () => {
  const senderOf = createSenderOf(["10.0.0.0/8", "::1"]);
  const from = (address: string, forwarded?: string) =>
    senderOf(address, new Headers(forwarded === undefined ? {} : { "x-forwarded-for": forwarded }));
  expect(from("203.0.113.7", "198.51.100.1")).toBe("203.0.113.7");
  expect(from("10.1.2.3", "198.51.100.1")).toBe("198.51.100.1");
  expect(from("::ffff:10.1.2.3", "198.51.100.1")).toBe("198.51.100.1");
  // The sender may have forged the left entry.
  expect(from("10.1.2.3", "127.0.0.1, 198.51.100.1, 10.9.9.9")).toBe("198.51.100.1");
  expect(from("::1", "2001:db8:1:2::9")).toBe(from("2001:db8:1:2::1"));
  // Some proxies name the port as well.
  expect(from("10.1.2.3", "198.51.100.1:4711, 10.9.9.9:80")).toBe("198.51.100.1");
  expect(from("::1", "[2001:db8:1:2::9]:4711")).toBe(from("2001:db8:1:2::1"));
  expect(from("10.1.2.3")).toBe("10.1.2.3");
  expect(from("10.1.2.3", "nonsense")).toBe("10.1.2.3");
  expect(createSenderOf([])("10.1.2.3", new Headers({ "x-forwarded-for": "198.51.100.1" }))).toBe("10.1.2.3");
});

import { afterAll, describe, expect, test } from "bun:test";
import { createGuardedPost } from "../src/guarded-post.ts";

const seen: { host: string | null; body: string; header: string | null }[] = [];
const server = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  async fetch(request) {
    if (new URL(request.url).pathname === "/redirect")
      return Response.redirect("http://169.254.169.254/", 302);
    seen.push({
      host: request.headers.get("host"),
      body: await request.text(),
      header: request.headers.get("webhook-id"),
    });
    return new Response("ok", { status: 202 });
  },
});
afterAll(() => server.stop(true));

const request = () => ({
  body: '{"a":"ü"}',
  headers: { "webhook-id": "1" },
  signal: AbortSignal.timeout(5000),
});
const refusing = createGuardedPost({ allowPrivateHosts: [] });
const allowing = (...hosts: string[]) => createGuardedPost({ allowPrivateHosts: hosts });

describe("guarded post", () => {
  const inside = [
    "http://127.0.0.1:1/",
    "http://localhost:1/",
    "http://10.0.0.1/",
    "http://192.168.1.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://[::1]/",
    "http://[fd00::1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://0.0.0.0/",
    "http://2130706433/",
    "http://0x7f.1/",
  ];
  test.each(inside)("%s is not reached", async (url) => {
    expect(refusing(url, request())).rejects.toThrow("ALLOW_PRIVATE_HOSTS");
  });

  test.each([["127.0.0.1"], ["127.0.0.0/8"], ["localhost"]])("%s may be allowed", async (entry) => {
    const host = entry === "localhost" ? "localhost" : "127.0.0.1";
    const post = allowing(entry);
    expect(await post(`http://${host}:${server.port}/in`, request())).toEqual({ status: 202 });
    expect(seen.at(-1)).toEqual({ host: `${host}:${server.port}`, body: '{"a":"ü"}', header: "1" });
  });

  test("redirects are not followed", async () => {
    expect(await allowing("127.0.0.1")(`http://127.0.0.1:${server.port}/redirect`, request())).toEqual({
      status: 302,
    });
  });
});

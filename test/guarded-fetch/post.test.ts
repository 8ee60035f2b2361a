import { afterAll, describe, expect, test } from "bun:test";
import { createGuardedFetch } from "../../src/guarded-fetch/fetch.ts";
import { createGuardedPost } from "../../src/guarded-fetch/post.ts";

const seen: { host: string | null; body: string; header: string | null }[] = [];
const server = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  async fetch(request) {
    const { pathname } = new URL(request.url);
    if (pathname === "/redirect") return Response.redirect("http://169.254.169.254/", 302);
    if (pathname === "/endless") return new Response(new ReadableStream({ pull: (c) => c.enqueue("more ") }));
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
const allowing = (...allowPrivateHosts: string[]) =>
  createGuardedPost(createGuardedFetch({ allowPrivateHosts }));

describe("guarded post", () => {
  test("a private address is not reached", async () => {
    await expect(allowing()(`http://127.0.0.1:${server.port}/in`, request())).rejects.toThrow(
      "ALLOW_PRIVATE_HOSTS",
    );
  });

  test.each([["127.0.0.1"], ["127.0.0.0/8"], ["localhost"]])("%s may be allowed", async (entry) => {
    const host = entry === "localhost" ? "localhost" : "127.0.0.1";
    const post = allowing(entry);
    expect(await post(`http://${host}:${server.port}/in`, request())).toEqual({ status: 202 });
    expect(seen.at(-1)).toEqual({ host: `${host}:${server.port}`, body: '{"a":"ü"}', header: "1" });
  });

  test("redirects are not followed, and an endless response is not read", async () => {
    const post = allowing("127.0.0.1");
    const base = `http://127.0.0.1:${server.port}`;
    expect(await post(`${base}/redirect`, request())).toEqual({
      status: 302,
      redirectsTo: "http://169.254.169.254",
    });
    expect(await post(`${base}/endless`, request())).toEqual({ status: 200 });
  });
});

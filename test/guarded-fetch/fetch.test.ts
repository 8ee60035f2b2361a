import { afterAll, describe, expect, test } from "bun:test";
import type { AddressGuardOptions } from "../../src/guarded-fetch/address.ts";
import { createGuardedFetch } from "../../src/guarded-fetch/fetch.ts";
import { isPermanent } from "../../src/sdk/errors.ts";

interface Seen {
  method: string;
  path: string;
  host: string | null;
  headers: Record<string, string>;
  body: string;
}

const seen: Seen[] = [];
const BOMB = Bun.gzipSync(Buffer.alloc(64 * 1024 * 1024));
const server = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  async fetch(request) {
    const { pathname, searchParams } = new URL(request.url);
    seen.push({
      method: request.method,
      path: pathname,
      host: request.headers.get("host"),
      headers: Object.fromEntries(request.headers),
      body: await request.text(),
    });
    switch (pathname) {
      case "/redirect":
        return new Response("moved", {
          status: Number(searchParams.get("status") ?? 302),
          headers: { location: searchParams.get("to") ?? "/end" },
        });
      case "/gzip":
        return new Response(Bun.gzipSync("squeezed"), { headers: { "content-encoding": "gzip" } });
      case "/bomb":
        return new Response(BOMB, { headers: { "content-encoding": "gzip" } });
      case "/cookies":
        return new Response(null, {
          status: 204,
          headers: [
            ["set-cookie", "a=1"],
            ["set-cookie", "b=2"],
          ],
        });
      case "/stalls":
        return new Response(
          new ReadableStream({
            start: (controller) => controller.enqueue("begun"),
          }),
        );
      default:
        return new Response("the end", { headers: { "x-kept": "1" } });
    }
  },
});
afterAll(() => server.stop(true));

const loopback = { address: "127.0.0.1", family: 4 };
const base = `http://inside.example:${server.port}`;
/** Every name resolves to this server, which is allowed by name. */
const make = (options: Partial<AddressGuardOptions> = {}) =>
  createGuardedFetch({
    allowPrivateHosts: ["inside.example"],
    resolve: async () => [loopback],
    ...options,
  });
const failureOf = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

describe("addresses", () => {
  const inside = [
    "http://127.0.0.1:1/",
    "http://localhost:1/",
    "http://10.0.0.1/",
    "http://192.168.1.1/",
    "http://168.63.129.16/",
    "http://192.80.8.124/",
    "http://161.26.0.10/",
    "http://166.9.1.1/",
    "http://100.100.100.200/",
    "http://192.0.0.192/",
    "http://[fd00:ec2::254]/",
    "http://[3ffe::1]/",
    "http://169.254.169.254/latest/meta-data/",
    "http://[::1]/",
    "http://[fd00::1]/",
    "http://[fe80::1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::127.0.0.1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://0.0.0.0/",
    "http://2130706433/",
    "http://0x7f.1/",
  ];
  test.each(inside)("%s is refused for good", async (url) => {
    const error = await failureOf(createGuardedFetch({ allowPrivateHosts: [] })(url));
    expect(isPermanent(error)).toBe(true);
    expect(String(error)).toContain("ALLOW_PRIVATE_HOSTS");
  });

  test("a name with one private address is refused, in any order", async () => {
    const resolve = async () => [{ address: "93.184.215.14", family: 4 }, loopback];
    const error = await failureOf(make({ resolve })(`http://mixed.example:${server.port}/`));
    expect(isPermanent(error)).toBe(true);
  });

  test("a name is resolved once, so later changes have no effect", async () => {
    const answers = [[loopback], [{ address: "169.254.169.254", family: 4 }]];
    let asked = 0;
    const fetch = make({ resolve: async () => answers[asked++] ?? [] });
    expect(await (await fetch(`${base}/end`)).text()).toBe("the end");
    expect(asked).toBe(1);
    expect(seen.at(-1)?.host).toBe(`inside.example:${server.port}`);
  });

  test("a name that becomes private between two requests is refused on the second", async () => {
    const answers = [[loopback], [{ address: "10.0.0.1", family: 4 }]];
    const fetch = createGuardedFetch({
      allowPrivateHosts: ["127.0.0.1"],
      resolve: async () => answers.shift() ?? [],
    });
    const url = `http://rebinding.example:${server.port}/end`;
    expect((await fetch(url)).status).toBe(200);
    expect(isPermanent(await failureOf(fetch(url)))).toBe(true);
  });

  test("the next address is tried if one does not answer", async () => {
    const fetch = make({ resolve: async () => [{ address: "::1", family: 6 }, loopback] });
    expect(await (await fetch(`${base}/end`)).text()).toBe("the end");
  });

  test("an allowed origin covers only that host and port, and is checked on each request", async () => {
    const origins = new Set([`http://127.0.0.1:${server.port}`]);
    const fetch = createGuardedFetch({ allowPrivateHosts: [], allowedOrigins: () => origins });
    expect((await fetch(`http://127.0.0.1:${server.port}/end`)).status).toBe(200);
    const elsewhere = await failureOf(fetch("http://127.0.0.1:1/"));
    expect(String(elsewhere)).toContain("setting of the integration");
    origins.clear();
    expect(isPermanent(await failureOf(fetch(`http://127.0.0.1:${server.port}/end`)))).toBe(true);
  });

  test("only http and https are accepted", async () => {
    expect(await failureOf(make()("file:///etc/passwd"))).toBeInstanceOf(TypeError);
    expect(await failureOf(make()(`${base}/redirect?to=file:///etc/passwd`))).toBeInstanceOf(TypeError);
  });
});

describe("redirects", () => {
  test("are followed, and checked like the first address", async () => {
    const response = await make()(`${base}/redirect?to=/end`);
    expect([response.status, response.url, response.redirected]).toEqual([200, `${base}/end`, true]);
    for (const to of ["http://169.254.169.254/", "http://127.0.0.1:1/", "http://[::1]/"]) {
      const error = await failureOf(make()(`${base}/redirect?to=${encodeURIComponent(to)}`));
      expect([to, isPermanent(error)]).toEqual([to, true]);
    }
  });

  test("are limited in number", async () => {
    const error = await failureOf(
      make()(`${base}/redirect?to=${encodeURIComponent("/redirect?to=/redirect")}`),
    );
    expect(error).toBeUndefined();
    const round = await failureOf(make()(`${base}/redirect?to=`));
    expect(round).toBeInstanceOf(TypeError);
  });

  test("may be rejected or returned to the caller", async () => {
    expect(await failureOf(make()(`${base}/redirect`, { redirect: "error" }))).toBeInstanceOf(TypeError);
    const response = await make()(`${base}/redirect`, { redirect: "manual" });
    expect([response.status, response.headers.get("location")]).toEqual([302, "/end"]);
  });

  test.each([
    [302, "POST", "GET", ""],
    [303, "PUT", "GET", ""],
    [307, "POST", "POST", "text"],
    [308, "PUT", "PUT", "text"],
    [301, "PUT", "PUT", "text"],
  ])("%i of a %s is a %s", async (status, method, then, body) => {
    await make()(`${base}/redirect?status=${status}`, { method, body: "text" });
    expect(seen.at(-1)).toMatchObject({ method: then, path: "/end", body });
  });

  test("do not carry credentials to another origin", async () => {
    const headers = { authorization: "Bearer x", cookie: "a=1", "x-api-key": "k", "x-plain": "p" };
    const plain = { accept: "text/html", "content-type": "text/plain" };
    const away = `http://127.0.0.1:${server.port}/end`;
    const fetch = make({ allowPrivateHosts: ["inside.example", "127.0.0.1"] });
    await fetch(`${base}/redirect?to=${encodeURIComponent(away)}`, { headers: { ...headers, ...plain } });
    expect(seen.at(-1)?.headers).toMatchObject(plain);
    for (const name of Object.keys(headers)) {
      expect(seen.at(-1)?.headers[name]).toBeUndefined();
    }
    await fetch(`${base}/redirect?to=/end`, { headers });
    expect(seen.at(-1)?.headers).toMatchObject(headers);
  });
});

describe("like the platform's fetch", () => {
  test("sends every kind of body", async () => {
    const fetch = make();
    const form = new FormData();
    form.set("file", new Blob(["abc"]), "a.txt");
    await fetch(`${base}/end`, { method: "POST", body: form });
    expect(seen.at(-1)?.headers["content-type"]).toStartWith("multipart/form-data; boundary=");
    expect(seen.at(-1)?.body).toContain("abc");
    await fetch(`${base}/end`, { method: "POST", body: new URLSearchParams({ a: "b c" }) });
    expect(seen.at(-1)?.body).toBe("a=b+c");
    await fetch(new Request(`${base}/end`, { method: "PUT", body: "from a request" }));
    expect(seen.at(-1)).toMatchObject({ method: "PUT", body: "from a request" });
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode("in "));
        controller.enqueue(new TextEncoder().encode("parts"));
        controller.close();
      },
    });
    await fetch(`${base}/end`, { method: "POST", body });
    expect(seen.at(-1)?.body).toBe("in parts");
    expect(seen.at(-1)?.headers["transfer-encoding"]).toBe("chunked");
  });

  test("handles headers, statuses and decoding", async () => {
    const fetch = make();
    expect(await (await fetch(`${base}/gzip`)).text()).toBe("squeezed");
    await expect((await fetch(`${base}/bomb`)).text()).rejects.toThrow("decompresses to more than 100 times");
    expect((await fetch(`${base}/cookies`)).headers.getSetCookie()).toEqual(["a=1", "b=2"]);
    const head = await fetch(`${base}/end`, { method: "HEAD" });
    expect([head.status, head.headers.get("x-kept"), await head.text()]).toEqual([200, "1", ""]);
    await fetch(`${base}/end`, { headers: { host: "elsewhere.example", "x-own": "1" } });
    expect(seen.at(-1)).toMatchObject({ host: `inside.example:${server.port}`, headers: { "x-own": "1" } });
    await fetch(`http://me:p%40ss@inside.example:${server.port}/end`);
    expect(seen.at(-1)?.headers.authorization).toBe(`Basic ${btoa("me:p@ss")}`);
  });

  test("the caller's signal and the timeout abort it, even while reading the body", async () => {
    const fetch = make();
    const reason = new Error("enough");
    expect(await failureOf(fetch(`${base}/end`, { signal: AbortSignal.abort(reason) }))).toBe(reason);
    const controller = new AbortController();
    const response = await fetch(`${base}/stalls`, { signal: controller.signal });
    const reading = response.text();
    controller.abort(reason);
    expect(await failureOf(reading)).toBe(reason);
    const late = await fetch(`${base}/stalls`, { timeoutSeconds: 0.2 });
    expect(await failureOf(late.text())).toMatchObject({ name: "TimeoutError" });
    const never = make({ resolve: () => new Promise(() => undefined) });
    expect(await failureOf(never(`${base}/end`, { timeoutSeconds: 0.05 }))).toMatchObject({
      name: "TimeoutError",
    });
  });

  test("rejects if there is no server", async () => {
    const gone = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response() });
    const url = `http://inside.example:${gone.port}/`;
    await gone.stop(true);
    expect(await failureOf(make()(url))).toMatchObject({ code: "ECONNREFUSED" });
  });
});

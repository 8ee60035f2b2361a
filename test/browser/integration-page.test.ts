// What the page of an integration can do in a browser that is signed in: nothing with the sign-in, though it has the
// server's address.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type Browser, chromium } from "playwright-core";
import { OPERATOR } from "../../src/access/caller.ts";
import { embeddedDatabase } from "../database.ts";
import { createHttpFixture, type HttpFixture } from "../http/fixture.ts";
import { CHROMIUM } from "./chromium.ts";

/** Tries to read and to make keys, by script, by form and by frame, and shows what came of it. */
const ATTACK = `<!doctype html><title>attack</title><a href="/start" target="_blank">Elsewhere</a><iframe id="inner" src="/api/v1/api-keys"></iframe>
<form id="form" method="post" action="/api/v1/sign-in-links" target="popup" enctype="text/plain"></form><script>
  const ask = (path, init) => fetch(path, { credentials: "include", ...init }).then(
    (answer) => answer.text().then((text) => answer.status + " " + text), (error) => "failed: " + error.name);
  const attempt = (work) => { try { return String(work()); } catch (error) { return "failed: " + error.name; } };
  (async () => {
    const results = {
      origin: self.origin,
      cookie: attempt(() => document.cookie),
      storage: attempt(() => localStorage.length),
      parent: attempt(() => parent.document.title),
      read: await ask("/api/v1/api-keys"),
      readSimply: await ask("/api/v1/sign-in", { mode: "no-cors" }),
      write: await ask("/api/v1/api-keys", { method: "POST", mode: "no-cors",
        headers: { "content-type": "text/plain" }, body: '{"name":"stolen","scopes":["admin"]}' }),
      own: await ask("/integrations/evil/closed"),
      frame: attempt(() => document.getElementById("inner").contentDocument.body.textContent),
    };
    document.getElementById("form").submit();
    parent.postMessage(results, "*");
  })();
</script>`;

describe.skipIf(CHROMIUM === null)("a page of an integration", () => {
  const open = embeddedDatabase();
  let http: HttpFixture;
  let server: ReturnType<typeof Bun.serve>;
  let browser: Browser;
  const asked: string[] = [];

  beforeAll(async () => {
    const page = async () =>
      new Response(ATTACK, {
        headers: { "content-type": "text/html", "set-cookie": "heddle-1=x; Path=/" },
      });
    http = await createHttpFixture(await open(), {
      integrations: { evil: { handle: page, publicPaths: ["/open"] } },
    });
    server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: async (request) => {
        const url = new URL(request.url);
        if (url.pathname === "/start") {
          return new Response("<!doctype html><title>the server's own page</title>", {
            headers: { "content-type": "text/html" },
          });
        }
        const cookie = request.headers.has("cookie") ? "cookie" : "none";
        const answer = await http.app.fetch(request, { address: "127.0.0.1" });
        asked.push(`${request.method} ${url.pathname} ${cookie} ${answer.status}`);
        return answer;
      },
    });
    browser = await chromium.launch({
      executablePath: String(CHROMIUM),
      args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
    });
  });

  afterAll(async () => {
    await browser?.close();
    await server?.stop(true);
  });

  /** The form that a page sends, which is refused, may still be on its way when the next page opens. */
  /** Without the icon, for which the browser asks itself, now and then. */
  const withoutLate = () =>
    asked.filter(
      (line) => line !== "POST /api/v1/sign-in-links none 401" && !line.startsWith("GET /favicon.ico "),
    );

  test("cannot use the sign-in of the browser, framed or opened by itself", async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    const base = `http://localhost:${server.port}`;
    await page.goto(`${base}/start`);
    const { token } = await http.signInLinks.create(OPERATOR);
    const send = (path: string, method = "GET", body?: object) =>
      page.evaluate(
        `fetch(${JSON.stringify(path)}, { method: "${method}", headers: { "content-type": "application/json" },
          body: ${body ? `JSON.stringify(${JSON.stringify(body)})` : "undefined"} }).then(({ status }) => status)`,
      );
    expect(await send("/api/v1/sign-ins", "POST", { link: token })).toBe(201);
    expect(await send("/api/v1/api-keys")).toBe(200);
    const keys = (await http.apiKeys.list({ limit: 100 })).length;

    for (const path of ["/integrations/evil/open", "/integrations/evil/closed"]) {
      asked.length = 0;
      const results = (await page.evaluate(`new Promise((resolve) => {
        addEventListener("message", ({ data, origin }) => resolve({ ...data, sentBy: origin }), { once: true });
        const frame = document.createElement("iframe");
        frame.src = ${JSON.stringify(path)};
        document.body.replaceChildren(frame);
      })`)) as Record<string, string>;
      // The page itself is shown, also where it needs the sign-in; what it asks for itself comes without.
      const [first, ...rest] = withoutLate();
      expect(first).toBe(`GET ${path} cookie 200`);
      expect(results).toMatchObject({ origin: "null", sentBy: "null", cookie: "failed: SecurityError" });
      expect([results.storage, results.parent]).toEqual(["failed: SecurityError", "failed: SecurityError"]);
      expect(results.frame).not.toContain("api_keys");
      expect([results.read, results.own]).toEqual(["failed: TypeError", "failed: TypeError"]);
      const others = rest.filter((line) => !line.startsWith("GET /integrations/evil/open"));
      expect(others.length).toBeGreaterThan(3);
      for (const line of others) expect(line).toMatch(/ (?:none 401|none 403|cookie 403)$/);
    }

    asked.length = 0;
    await page.goto(`${base}/integrations/evil/closed`);
    expect(await page.evaluate("self.origin")).toBe("null");
    expect((await http.apiKeys.list({ limit: 100 })).length).toBe(keys);
    expect((await context.cookies()).map(({ name }) => name)).toEqual([`heddle-${server.port}`]);
    // A page of another port of this machine is a neighbour, whose requests have the cookie.
    const neighbour = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: () => new Response("<p>", { headers: { "content-type": "text/html" } }),
    });
    await page.goto(`http://localhost:${neighbour.port}/`);
    asked.length = 0;
    await page.evaluate(`Promise.all([
      fetch("${base}/api/v1/api-keys", { credentials: "include", mode: "no-cors" }),
      fetch("${base}/api/v1/api-keys", { credentials: "include", mode: "no-cors", method: "POST", body: "{}" }),
    ])`);
    expect(withoutLate().sort()).toEqual([
      "GET /api/v1/api-keys cookie 403",
      "POST /api/v1/api-keys cookie 403",
    ]);
    // What needs nobody's leave to be sent: a stream, and a form that looks like JSON.
    asked.length = 0;
    await page.evaluate(`new Promise((resolve) => {
      new EventSource("${base}/api/v1/events", { withCredentials: true }).onerror = resolve;
    })`);
    await page.setContent(`<form method="post" enctype="text/plain" action="${base}/api/v1/api-keys">
      <input name='{"name":"stolen","scopes":["admin"],"x":"' value='"}'></form>`);
    await page.evaluate("document.forms[0].submit()");
    await page.getByText("must not act for the browser").waitFor();
    expect(withoutLate().sort()).toEqual([
      "GET /api/v1/events cookie 403",
      "POST /api/v1/api-keys cookie 403",
    ]);
    expect((await http.apiKeys.list({ limit: 100 })).length).toBe(keys);
    await neighbour.stop(true);
    // Whatever it links to opens as what it is, or nobody could sign in there.
    await page.goto(`${base}/integrations/evil/open`);
    const [elsewhere] = await Promise.all([
      context.waitForEvent("page"),
      page.getByRole("link", { name: "Elsewhere" }).click(),
    ]);
    await elsewhere.waitForURL(`${base}/start`);
    expect(await elsewhere.evaluate("[self.origin, opener]")).toEqual([base, null]);
    await context.close();
  }, 30_000);
});

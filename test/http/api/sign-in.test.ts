// Signing in with a browser, and what a signed-in browser may do.

import { beforeAll, expect, test } from "bun:test";
import { OPERATOR } from "../../../src/access/caller.ts";
import { eachDatabase, type TestDatabase } from "../../database.ts";
import { until } from "../../until.ts";
import { createHttpFixture, type HttpFixture, SIGN_IN, STATIC_KEY } from "../fixture.ts";

const PUBLIC = "https://heddle.example";
/** What a browser sends with a request of a page of this server. */
const OWN_PAGE = { host: "heddle.example", origin: PUBLIC, "sec-fetch-site": "same-origin" };
const LOCAL_PAGE = {
  host: "localhost:8000",
  origin: "http://localhost:8000",
  "sec-fetch-site": "same-origin",
};

eachDatabase("signing in", (open) => {
  let db: TestDatabase;
  let http: HttpFixture;
  let time = Date.parse("2026-11-28T10:00:00Z");

  beforeAll(async () => {
    db = await open();
    http = await createHttpFixture(db, {
      now: () => time,
      integrations: { page: { handle: async (request) => Response.json([...request.headers]) } },
    });
  });

  const signIn = (body: object, headers: Record<string, string> = OWN_PAGE) =>
    http.send("POST", "/api/v1/sign-ins", { key: null, body, headers });
  const link = async (scopes?: string[]) => (await http.signInLinks.create(OPERATOR, scopes)).token;
  const cookieOf = ({ headers }: { headers: Headers }) =>
    String(headers.get("set-cookie")).split(";")[0] ?? "";
  const signedIn = async (scopes?: string[]) => cookieOf(await signIn({ link: await link(scopes) }));
  /** Asks as a page of the server does, in a browser with this cookie. */
  const ask = (
    cookie: string,
    method: string,
    path: string,
    body?: unknown,
    more: Record<string, string> = {},
  ) => http.send(method, path, { key: null, headers: { ...OWN_PAGE, ...more, cookie }, body });

  test("a link signs one browser in, once, with a cookie that scripts and other hosts cannot have", async () => {
    const token = await link(["bots:read"]);
    const made = await signIn({ link: token }, { ...OWN_PAGE, "user-agent": "Browser 1" });
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({ method: "link", name: "operator", scopes: ["bots:read"], rows: "all" });
    expect(made.headers.get("set-cookie")).toMatch(
      /^__Host-heddle=[A-Za-z0-9_-]{43}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=2592000; Secure$/,
    );
    const cookie = cookieOf(made);
    expect((await ask(cookie, "GET", "/api/v1/bots")).status).toBe(200);
    expect((await ask(cookie, "GET", "/api/v1/tasks")).body.error).toEqual({
      code: "forbidden",
      message: "The sign-in does not have the scope tasks:read.",
    });
    const again = await signIn({ link: token });
    expect([again.status, again.body.error.message]).toEqual([
      401,
      expect.stringContaining("heddle login-link"),
    ]);
    expect(JSON.stringify((await db.execute("select * from sign_ins")).rows)).not.toContain(
      cookie.split("=")[1],
    );
    expect(JSON.stringify((await db.execute("select * from sign_in_links")).rows)).not.toContain(token);
    expect(http.lines.join()).not.toContain(token);
  });

  test("of many browsers with one link, one is signed in", async () => {
    const token = await link();
    const answers = await Promise.all(Array.from({ length: 8 }, () => signIn({ link: token })));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array(7).fill(401)]);
  });

  test("a link is valid for its minutes, and no page of another site can use it up", async () => {
    const token = await link();
    const evil = { host: "heddle.example", origin: "https://evil.example", "sec-fetch-site": "cross-site" };
    expect((await signIn({ link: token }, evil)).status).toBe(403);
    expect((await signIn({ link: token }, { ...evil, "sec-fetch-site": "same-origin" })).status).toBe(403);
    expect((await signIn({ link: token }, { host: "heddle.example" })).status).toBe(403);
    expect((await signIn({ link: token })).status).toBe(201);
    const late = await link();
    time += 15 * 60_000;
    expect((await signIn({ link: late })).status).toBe(401);
  });

  test("plain http is for this machine, or for a BASE_URL that says so", async () => {
    const made = await signIn({ api_key: STATIC_KEY }, LOCAL_PAGE);
    expect(made.headers.get("set-cookie")).toMatch(
      /^heddle-8000=[A-Za-z0-9_-]{43}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=2592000$/,
    );
    const headers = { ...LOCAL_PAGE, cookie: cookieOf(made) };
    expect((await http.send("GET", "/api/v1/sign-in", { key: null, headers })).body).toMatchObject({
      name: "API_KEY",
      scopes: ["admin"],
    });
    const lan = { ...LOCAL_PAGE, host: "heddle.lan:8000", origin: "http://heddle.lan:8000" };
    const refused = await signIn({ api_key: STATIC_KEY }, lan);
    expect([refused.status, refused.body.error.message]).toEqual([
      403,
      expect.stringContaining("BASE_URL=http://heddle.lan:8000"),
    ]);
    const trusting = await createHttpFixture(db, { publicUrl: "http://heddle.lan:8000" });
    const body = { api_key: STATIC_KEY };
    const accepted = await trusting.send("POST", "/api/v1/sign-ins", { key: null, body, headers: lan });
    expect([accepted.status, cookieOf(accepted)]).toEqual([201, expect.stringMatching(/^heddle-8000=/)]);
    // A proxy that does not pass the Host on.
    const proxied = await createHttpFixture(db, { publicUrl: PUBLIC });
    const behind = { ...OWN_PAGE, host: "127.0.0.1:8000" };
    expect(
      (await proxied.send("POST", "/api/v1/sign-ins", { key: null, body, headers: behind })).status,
    ).toBe(201);
    expect((await signIn(body, behind)).body.error.message).toContain("set BASE_URL");
  });

  test("an API key signs in with its scopes and rows, and takes its browsers with it when it is revoked", async () => {
    const made = await http.apiKeys.create({ name: "laptop", scopes: ["bots:read"], rows: "own" }, OPERATOR);
    const cookie = cookieOf(await signIn({ api_key: made.key }));
    const { body } = await ask(cookie, "GET", "/api/v1/sign-in");
    expect(body).toMatchObject({ name: "laptop", api_key_id: made.id, scopes: ["bots:read"], rows: "own" });
    await http.apiKeys.revoke(made.id, OPERATOR);
    // The browsers learn of it by the notification that reaches every server.
    await until(async () => (await ask(cookie, "GET", "/api/v1/sign-in")).status === 401);
    expect((await signIn({ api_key: made.key })).status).toBe(401);
    const ephemeral = http.apiKeys.issueEphemeral({ name: "process", scopes: ["admin"] });
    expect((await signIn({ api_key: ephemeral.key })).status).toBe(403);
  });

  test.each([
    ["a page of another site", { origin: "https://evil.example", "sec-fetch-site": "cross-site" }],
    ["an old browser's page of another site", { origin: "https://evil.example", "sec-fetch-site": "" }],
    [
      "a page of a neighbouring host",
      { origin: "https://www.heddle.example", "sec-fetch-site": "same-site" },
    ],
    ["a sandboxed page of an integration", { origin: "null", "sec-fetch-site": "cross-site" }],
    ["a sandboxed page in an old browser", { origin: "null", "sec-fetch-site": "" }],
    ["a page on plain http", { origin: "http://heddle.example", "sec-fetch-site": "cross-site" }],
    ["a request without Origin", { origin: "", "sec-fetch-site": "" }],
    ["a form in the address bar's name", { origin: "", "sec-fetch-site": "none" }],
  ])("%s cannot act with the cookie", async (_, { origin, "sec-fetch-site": site }) => {
    const cookie = await signedIn();
    const headers = {
      host: "heddle.example",
      cookie,
      ...(origin !== "" && { origin }),
      ...(site !== "" && { "sec-fetch-site": site }),
    };
    const body = { name: "stolen", scopes: ["admin"] };
    expect((await http.send("POST", "/api/v1/api-keys", { key: null, headers, body })).status).toBe(403);
    if (origin === "") return;
    expect((await http.send("GET", "/api/v1/api-keys", { key: null, headers })).status).toBe(403);
    expect((await http.send("GET", "/integrations/page/x", { key: null, headers })).status).toBe(403);
  });

  test("a name that someone else points at the server is not the address that was signed in at", async () => {
    const cookie = await signedIn();
    const headers = { ...OWN_PAGE, host: "evil.example", origin: "https://evil.example", cookie };
    expect((await http.send("GET", "/api/v1/bots", { key: null, headers })).status).toBe(401);
    expect((await http.send("POST", "/api/v1/bots", { key: null, headers, body: {} })).status).toBe(401);
  });

  test("reading needs no Origin, as when a link is opened; a key needs neither", async () => {
    const cookie = await signedIn();
    for (const site of [undefined, "none", "same-origin"]) {
      const headers = { host: "heddle.example", cookie, ...(site && { "sec-fetch-site": site }) };
      expect((await http.send("GET", "/api/v1/bots", { key: null, headers })).status).toBe(200);
    }
    const headers = { host: "other.example", "sec-fetch-site": "cross-site", cookie };
    expect((await http.send("GET", "/api/v1/bots", { headers })).status).toBe(200);
  });

  test("a cookie counts only under the name that its address has, and only if no other one is valid as well", async () => {
    const secure = await signedIn();
    const value = secure.split("=")[1];
    expect((await ask(`heddle-443=${value}`, "GET", "/api/v1/bots")).status).toBe(401);
    expect((await ask(`${secure}; ${await signedIn()}`, "GET", "/api/v1/bots")).status).toBe(401);
    expect((await ask(`__Host-heddle=${"x".repeat(43)}; ${secure}`, "GET", "/api/v1/bots")).status).toBe(200);
    for (const wrong of ["", "x", "x".repeat(5_000)]) {
      expect((await ask(`__Host-heddle=${wrong}`, "GET", "/api/v1/bots")).status).toBe(401);
    }
  });

  test("signing in again replaces the browser's sign-in; a cookie that was there before is worth nothing", async () => {
    const planted = `__Host-heddle=${"p".repeat(43)}`;
    const first = cookieOf(await signIn({ link: await link() }, { ...OWN_PAGE, cookie: planted }));
    expect(first).not.toContain("ppp");
    const second = cookieOf(await signIn({ link: await link() }, { ...OWN_PAGE, cookie: first }));
    expect((await ask(first, "GET", "/api/v1/bots")).status).toBe(401);
    expect((await ask(second, "GET", "/api/v1/bots")).status).toBe(200);
  });

  test("keys, links and approvals need a recent sign-in", async () => {
    const cookie = await signedIn();
    const grave: [string, string, unknown][] = [
      ["POST", "/api/v1/api-keys", { name: "k", scopes: ["bots:read"] }],
      ["DELETE", "/api/v1/api-keys/0198c0de-0000-7000-8000-000000000000", undefined],
      ["POST", "/api/v1/sign-in-links", {}],
      ["POST", "/api/v1/admin/integrations/page/api-key", undefined],
      ["DELETE", "/api/v1/admin/integrations/page/api-key", undefined],
      ["POST", "/api/v1/admin/integrations/page/approve", { hash: "x" }],
      ["POST", "/api/v1/admin/integrations/page/install-deps", undefined],
    ];
    expect((await ask(cookie, "POST", "/api/v1/api-keys", grave[0]?.[2])).status).toBe(201);
    const { fresh_until } = (await ask(cookie, "GET", "/api/v1/sign-in")).body;
    expect(Date.parse(fresh_until)).toBe(time + SIGN_IN.freshMs);
    time += SIGN_IN.freshMs + 1;
    for (const [method, path, body] of grave) {
      const answer = await ask(cookie, method, path, body);
      expect([path, answer.status, answer.body.error?.code]).toEqual([path, 403, "sign_in_again"]);
    }
    const renewed = cookieOf(await signIn({ api_key: STATIC_KEY }, { ...OWN_PAGE, cookie }));
    expect((await ask(renewed, "POST", "/api/v1/api-keys", grave[0]?.[2])).status).toBe(201);
  });

  test("a sign-in ends when it is idle or old, and not while it is used", async () => {
    const cookie = await signedIn();
    const day = 86_400_000;
    for (let days = 0; days < 29; days += 6) {
      expect((await ask(cookie, "GET", "/api/v1/bots")).status).toBe(200);
      time += 6 * day;
    }
    expect((await ask(cookie, "GET", "/api/v1/bots")).status).toBe(401);
    const idle = await signedIn();
    time += SIGN_IN.idleMs;
    expect((await ask(idle, "GET", "/api/v1/bots")).status).toBe(401);
  });

  test("sign-ins are listed with their browser, and end at once when they are revoked or signed out", async () => {
    const made = await signIn({ link: await link() }, { ...OWN_PAGE, "user-agent": "Browser 7" });
    const [cookie, other] = [cookieOf(made), await signedIn(["bots:read", "api_keys:*"])];
    const { sign_ins } = (await ask(cookie, "GET", "/api/v1/sign-ins")).body;
    expect(sign_ins.slice(0, 2)).toMatchObject([
      { current: false, scopes: ["bots:read", "api_keys:*"] },
      { current: true, user_agent: "Browser 7", address: "127.0.0.1", origin: PUBLIC, id: made.body.id },
    ]);
    expect((await ask(other, "DELETE", `/api/v1/sign-ins/${made.body.id}`)).status).toBe(403);
    expect((await ask(cookie, "DELETE", `/api/v1/sign-ins/${sign_ins[0].id}`)).status).toBe(204);
    expect((await ask(other, "GET", "/api/v1/bots")).status).toBe(401);
    const out = await ask(cookie, "DELETE", "/api/v1/sign-in");
    expect([out.status, out.headers.get("set-cookie")]).toEqual([
      204,
      "__Host-heddle=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0; Secure",
    ]);
    expect((await ask(cookie, "GET", "/api/v1/bots")).status).toBe(401);
    expect((await http.send("DELETE", "/api/v1/sign-in")).status).toBe(409);
  });

  test("a link cannot do more than its maker, and a browser's link no more than the browser", async () => {
    const cookie = await signedIn(["api_keys:*", "bots:read"]);
    expect((await ask(cookie, "POST", "/api/v1/sign-in-links", { scopes: ["tasks:read"] })).status).toBe(403);
    const made = await ask(cookie, "POST", "/api/v1/sign-in-links", {});
    expect(made.body).toMatchObject({ scopes: ["api_keys:*", "bots:read"] });
    const token = new URL(made.body.url).hash.slice(1);
    expect(made.body.url).toBe(`http://localhost:8000/sign-in#${token}`);
    expect((await signIn({ link: token })).body.scopes).toEqual(["api_keys:*", "bots:read"]);
  });

  test("wrong links and keys are counted with the wrong keys of the address", async () => {
    const limited = await createHttpFixture(db);
    const wrong = { link: `once_${"x".repeat(43)}` };
    const statuses = new Set<number>();
    for (let tries = 0; tries < 70; tries++) {
      const sent = { key: null, body: wrong, headers: OWN_PAGE };
      statuses.add((await limited.send("POST", "/api/v1/sign-ins", sent)).status);
    }
    expect([...statuses]).toEqual([401, 429]);
    const large = { key: null, body: { link: "x".repeat(5_000) }, headers: OWN_PAGE };
    expect((await limited.send("POST", "/api/v1/sign-ins", large)).status).toBe(413);
    for (const body of [{}, { link: "x", api_key: "y" }]) expect((await signIn(body)).status).toBe(422);
  });

  /** Headers with which one answer changes what the browser does with the server's whole address. */
  const OF_THE_ORIGIN = ["clear-site-data", "strict-transport-security", "alt-svc", "nel", "report-to"];

  test("the cookie never reaches an integration, which cannot set it either", async () => {
    const handle = async (request: Request) => {
      const headers = new Headers({ "content-type": "application/json" });
      for (const name of OF_THE_ORIGIN) headers.set(name, "x");
      for (const cookie of ["__Host-heddle=x; Path=/", "=__host-HEDDLE=x", "heddle-8000=x", "own=1"]) {
        headers.append("set-cookie", cookie);
      }
      return new Response(JSON.stringify([...request.headers]), { headers });
    };
    const { send, signInLinks } = await createHttpFixture(db, {
      integrations: { page: { handle, publicPaths: ["/open"] } },
    });
    const { token } = await signInLinks.create(OPERATOR);
    const cookie = cookieOf(
      await send("POST", "/api/v1/sign-ins", { key: null, body: { link: token }, headers: OWN_PAGE }),
    );
    for (const path of ["/open", "/closed"]) {
      const headers = { ...OWN_PAGE, cookie: `own=1; ${cookie}; heddle-8000=y` };
      const answer = await send("GET", `/integrations/page${path}`, { key: null, headers });
      expect(answer.status).toBe(200);
      expect(new Headers(answer.body).get("cookie")).toBe("own=1");
      expect(answer.headers.getSetCookie()).toEqual(["own=1"]);
      expect(OF_THE_ORIGIN.filter((name) => answer.headers.has(name))).toEqual([]);
    }
  });

  test("a stream ends when its sign-in is revoked, on another server as well", async () => {
    const elsewhere = await createHttpFixture(db, { now: () => time });
    const made = await signIn({ link: await link() });
    const headers = { host: "heddle.example", cookie: cookieOf(made) };
    const answer = await elsewhere.fetch(new Request(`${PUBLIC}/api/v1/events`, { headers }));
    expect(answer.status).toBe(200);
    const ended = answer.text();
    let isOver = false;
    void ended.then(() => {
      isOver = true;
    });
    expect(await http.signIns.revoke(made.body.id, OPERATOR)).toBe(true);
    // Sooner than by asking again now and then: the other server's memory holds it for longer.
    await until(() => isOver, Boolean, { withinSeconds: 4 });
  });
});

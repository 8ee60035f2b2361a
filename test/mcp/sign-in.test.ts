// A person signs Heddle in at an MCP server, at an authorization server that refuses what real ones refuse.

import { expect, test } from "bun:test";
import { clientDocument } from "../../src/mcp/oauth/client-document.ts";
import { embeddedDatabase, oneDatabase } from "../database.ts";
import {
  type AuthorizationServer,
  guardedMcp,
  startAuthorizationServer,
} from "../fakes/authorization-server.ts";
import { until } from "../until.ts";
import { type TestMcp, testMcp } from "./fixture.ts";

const BASE = "http://localhost:8000";
const ANN = { person: "browser-of-ann", name: "Ann" };

const serverAt = (url: string, more: object = {}) => ({
  ...{ id: "notes", transport: "http" as const, url, allow_private: true },
  ...more,
});

/** What the browser brings back from the page to which it was sent. */
async function consent(url: string) {
  const answer = await fetch(url, { redirect: "manual" });
  const back = new URL(answer.headers.get("location") ?? "http://refused/");
  return {
    back,
    ...(Object.fromEntries(back.searchParams) as { state: string; code?: string; iss?: string }),
  };
}

async function signIn(mcp: TestMcp, base = BASE) {
  const { url } = await mcp.servers.signIn("notes", { ...ANN, base });
  const { back, ...returned } = await consent(url);
  await mcp.servers.finishSignIn(returned, ANN);
  return { url: new URL(url), back };
}

const grantsOf = (auth: AuthorizationServer, type: string) =>
  auth.requests.filter(({ path, body }) => path === "/token" && body.get("grant_type") === type);

oneDatabase("signing in at MCP servers", (open) => {
  test("a person signs in once, for every server of the database, and nothing of it is readable there", async () => {
    const db = await open();
    await using auth = await startAuthorizationServer();
    await using server = await guardedMcp(auth);
    await using mcp = await testMcp(db);
    await using other = await testMcp(db);
    await mcp.servers.create(serverAt(server.url, { headers: { "X-Team": "only-for-the-server" } }));
    await Promise.all([mcp.reaches("notes", "reauth_required"), other.reaches("notes", "reauth_required")]);
    const { url, back } = await signIn(mcp);
    expect(back.pathname).toBe("/admin/mcp-servers");
    expect([url.searchParams.get("resource"), url.searchParams.get("scope")]).toEqual([
      server.url,
      "notes:read",
    ]);
    await Promise.all([mcp.reaches("notes", "connected"), other.reaches("notes", "connected")]);
    expect(await mcp.call("add", { a: 20, b: 22 })).toContain("42");
    expect(await other.call("add", { a: 20, b: 22 })).toContain("42");
    expect(mcp.servers.get("notes").signed_in).toMatchObject({
      ...{ by: "Ann", issuer: auth.issuer, scope: "notes:read", is_renewed: true },
    });
    const [token] = server.headers.map(({ authorization }) => authorization?.slice(7)).filter(Boolean);
    const rows = JSON.stringify(await db.execute("select * from mcp_states, mcp_servers"));
    expect(token).toStartWith("access-");
    expect(rows).not.toMatch(/access-|refresh-/);
    expect(mcp.redact(String(token))).not.toContain("access-");
    expect(auth.requests.filter(({ headers }) => headers["x-team"] !== undefined)).toEqual([]);

    await other.servers.signOut("notes");
    await Promise.all([mcp.reaches("notes", "reauth_required"), other.reaches("notes", "reauth_required")]);
    expect(mcp.servers.get("notes").signed_in).toBeNull();
    // Whoever has copied the tokens can use them no longer.
    expect(auth.grantOf(`Bearer ${token}`)).toBeUndefined();
    expect(auth.count("/revoke")).toBe(2);
    // It is registered once.
    await signIn(other);
    await mcp.reaches("notes", "connected");
    expect(auth.count("/register")).toBe(1);
  });

  test("a refresh token is exchanged once by two servers, and a sign-in that has ended wants a person", async () => {
    const db = await open();
    await using auth = await startAuthorizationServer();
    await using server = await guardedMcp(auth);
    await using mcp = await testMcp(db);
    await using other = await testMcp(db);
    await mcp.servers.create(serverAt(server.url));
    await mcp.reaches("notes", "reauth_required");
    await signIn(mcp);
    await Promise.all([mcp.reaches("notes", "connected"), other.reaches("notes", "connected")]);
    for (const round of [1, 2]) {
      auth.pass(3_700);
      const calls = [mcp, other, mcp, other].map((one) => one.call("add", { a: 1, b: 2 }));
      for (const result of await Promise.all(calls)) expect(result).toContain("3");
      // Each one was exchanged once: a second time would have ended the sign-in.
      expect(grantsOf(auth, "refresh_token")).toHaveLength(round);
    }
    auth.revokeAll();
    await expect(mcp.call("add", { a: 1, b: 2 })).rejects.toThrow();
    await Promise.all([mcp.reaches("notes", "reauth_required"), other.reaches("notes", "reauth_required")]);
    await signIn(other);
    await Promise.all([mcp.reaches("notes", "connected"), other.reaches("notes", "connected")]);
  });

  test("a sign-in counts once, and only for whoever began it", async () => {
    const db = await open();
    await using auth = await startAuthorizationServer();
    await using server = await guardedMcp(auth);
    await using mcp = await testMcp(db);
    await mcp.servers.create(serverAt(server.url));
    const { url } = await mcp.servers.signIn("notes", { ...ANN, base: BASE });
    const { back: _, ...returned } = await consent(url);
    const eve = { person: "browser-of-eve", name: "Eve" };
    await expect(mcp.servers.finishSignIn(returned, eve)).rejects.toThrow("another browser");
    await expect(mcp.servers.finishSignIn({ ...returned, state: "guessed" }, ANN)).rejects.toThrow(
      "begin it again",
    );
    await mcp.servers.finishSignIn(returned, ANN);
    await expect(mcp.servers.finishSignIn(returned, ANN)).rejects.toThrow("was used already");
    expect(grantsOf(auth, "authorization_code")).toHaveLength(1);
  });
});

const open = embeddedDatabase();

test("with a public address, Heddle is known by its own document, and is registered nowhere", async () => {
  const base = "https://heddle.example";
  const { client_id = "", ...document } = clientDocument(base) ?? {};
  const documents = { [client_id]: document as { redirect_uris: string[] } };
  await using auth = await startAuthorizationServer({ documents });
  await using server = await guardedMcp(auth);
  await using mcp = await testMcp(await open(), { baseUrl: base });
  await mcp.servers.create(serverAt(server.url));
  const { url, back } = await signIn(mcp, base);
  expect(url.searchParams.get("client_id")).toBe("https://heddle.example/oauth/client.json");
  expect(back.origin + back.pathname).toBe("https://heddle.example/admin/mcp-servers");
  await mcp.reaches("notes", "connected");
  expect(auth.count("/register")).toBe(0);
  auth.pass(3_700);
  expect(await mcp.call("add", { a: 1, b: 2 })).toContain("3");
});

test("a client that was registered by hand is used, at its own authorization server alone", async () => {
  const redirects = [`${BASE}/admin/mcp-servers`];
  const clients = { heddle: { secret: "a-secret-of-the-client", redirects } };
  await using auth = await startAuthorizationServer({ registers: false, clients });
  await using server = await guardedMcp(auth);
  await using mcp = await testMcp(await open());
  const oauth = {
    ...{ grant: "authorization_code" as const, client_id: "heddle", client_secret: "a-secret-of-the-client" },
    ...{ issuer: "https://another.example", scope: "notes:read notes:write" },
  };
  await mcp.servers.create(serverAt(server.url, { oauth }));
  await expect(signIn(mcp)).rejects.toThrow("Authorization server mismatch");
  await mcp.servers.update("notes", { oauth: { ...oauth, issuer: auth.issuer } });
  const { url } = await signIn(mcp);
  expect(url.searchParams.get("scope")).toBe("notes:read notes:write");
  await mcp.reaches("notes", "connected");
  auth.pass(3_700);
  expect(await mcp.call("add", { a: 1, b: 2 })).toContain("3");
  const [token] = server.headers
    .map(({ authorization }) => authorization?.slice(7))
    .filter(Boolean)
    .slice(-1);
  expect(auth.grantOf(`Bearer ${token}`)).toBeDefined();
  await mcp.servers.delete("notes");
  expect(auth.grantOf(`Bearer ${token}`)).toBeUndefined();
  // One that is down keeps nobody from signing out.
  await mcp.servers.create(serverAt(server.url, { oauth: { ...oauth, issuer: auth.issuer } }));
  await signIn(mcp);
  auth.setDown(true);
  await mcp.servers.signOut("notes");
  expect(mcp.servers.get("notes").signed_in).toBeNull();
});

test("an authorization server that cannot be trusted with a person is not used", async () => {
  const db = await open();
  for (const [options, problem] of [
    [{ pkce: false }, "does not support PKCE"],
    [{ registers: false }, "does not support dynamic client registration"],
  ] as const) {
    await using auth = await startAuthorizationServer(options);
    await using server = await guardedMcp(auth);
    await using mcp = await testMcp(db);
    await mcp.servers.create(serverAt(server.url));
    await expect(signIn(mcp)).rejects.toThrow(problem);
    await mcp.servers.delete("notes");
  }
  await using auth = await startAuthorizationServer();
  await using server = await guardedMcp(auth);
  await using mcp = await testMcp(db);
  await mcp.servers.create(serverAt(server.url));
  const { url } = await mcp.servers.signIn("notes", { ...ANN, base: BASE });
  const { back: _, ...returned } = await consent(url);
  // Another authorization server has sent the browser back with its own code.
  const mixed = { ...returned, iss: "https://evil.example" };
  await expect(mcp.servers.finishSignIn(mixed, ANN)).rejects.toThrow("Issuer mismatch");
  expect(auth.count("/token")).toBe(0);
  const again = await consent((await mcp.servers.signIn("notes", { ...ANN, base: BASE })).url);
  const said = { state: again.state, iss: String(again.iss), error: "access_denied" };
  await expect(mcp.servers.finishSignIn(said, ANN)).rejects.toThrow("did not sign Heddle in: access_denied");
  await mcp.servers.update("notes", { allow_private: false });
  await expect(signIn(mcp)).rejects.toThrow("private, loopback");
});

test("a token is exchanged before it ends, and one that is good is used while the authorization server is away", async () => {
  await using auth = await startAuthorizationServer({ tokenSeconds: 4 });
  await using server = await guardedMcp(auth);
  await using mcp = await testMcp(await open());
  await mcp.servers.create(serverAt(server.url));
  await signIn(mcp);
  await mcp.reaches("notes", "connected");
  const add = async () => String(await mcp.call("add", { a: 1, b: 2 })).includes("3");
  expect(await until(async () => (await add()) && grantsOf(auth, "refresh_token").length === 1)).toBe(true);
  const unauthorized = server.headers.filter(({ authorization }) => authorization === undefined).length;
  auth.setDown(true);
  const down = auth.requests.length;
  // It is due again after two of its four seconds, and the attempt fails.
  expect(await until(async () => (await add()) && auth.requests.length > down)).toBe(true);
  expect(await add()).toBe(true);
  expect(mcp.servers.get("notes").status.state).toBe("connected");
  expect(server.headers.filter(({ authorization }) => authorization === undefined)).toHaveLength(
    unauthorized,
  );
});

test("while no token can be had a call is not made, and nobody has to sign in when one can be had again", async () => {
  await using auth = await startAuthorizationServer({ tokenSeconds: 1 });
  await using server = await guardedMcp(auth);
  await using mcp = await testMcp(await open());
  await mcp.servers.create(serverAt(server.url));
  await signIn(mcp);
  await mcp.reaches("notes", "connected");
  auth.setDown(true);
  const failure = () =>
    mcp.call("add", { a: 1, b: 2 }).then(
      () => undefined,
      (error: Error) => error.message,
    );
  const why = await until(failure, (message) => message !== undefined);
  expect(why).toContain("The token of the sign-in could not be renewed: HTTP 503");
  // It was not sent.
  expect(why).not.toContain("may have taken effect");
  await mcp.reaches("notes", "degraded");
  expect(mcp.servers.get("notes").signed_in).toMatchObject({ by: "Ann" });
  auth.setDown(false);
  await mcp.reaches("notes", "connected");
});

test("a tool that wants more than was granted says so, and the next sign-in asks for it", async () => {
  await using auth = await startAuthorizationServer();
  await using server = await guardedMcp(auth);
  await using mcp = await testMcp(await open());
  await mcp.servers.create(serverAt(server.url));
  await signIn(mcp);
  await mcp.reaches("notes", "connected");
  server.wants.set("environment", "admin:read");
  await expect(mcp.call("environment")).rejects.toThrow('the permission "admin:read"');
  expect(await mcp.call("add", { a: 1, b: 2 })).toContain("3");
  const { url } = await signIn(mcp);
  expect(url.searchParams.get("scope")).toBe("notes:read admin:read");
  await mcp.reaches("notes", "connected");
  expect(await mcp.call("environment")).toContain("PATH");
});

test("a client that the authorization server does not know any more is registered again", async () => {
  await using auth = await startAuthorizationServer();
  await using server = await guardedMcp(auth);
  await using mcp = await testMcp(await open());
  await mcp.servers.create(serverAt(server.url));
  await signIn(mcp);
  await mcp.reaches("notes", "connected");
  // It says so when a token is to be exchanged, ...
  auth.forgetClients();
  auth.pass(3_700);
  await expect(mcp.servers.check("notes", AbortSignal.timeout(20_000))).rejects.toThrow(
    "The server does not accept Heddle's credentials.",
  );
  await mcp.reaches("notes", "reauth_required");
  await signIn(mcp);
  await mcp.reaches("notes", "connected");
  expect(auth.count("/register")).toBe(2);
  // ... or when a code is, while the tokens are still good, ...
  const begun = await mcp.servers.signIn("notes", { ...ANN, base: BASE });
  const { back: _, ...returned } = await consent(begun.url);
  auth.forgetClients();
  await expect(mcp.servers.finishSignIn(returned, ANN)).rejects.toThrow(
    "did not sign Heddle in: who are you?",
  );
  expect(await mcp.call("add", { a: 1, b: 2 })).toContain("3");
  await signIn(mcp);
  expect(auth.count("/register")).toBe(3);
  // ... or only to the person, on its own page.
  await mcp.servers.signOut("notes");
  auth.forgetClients();
  const { url } = await mcp.servers.signIn("notes", { ...ANN, base: BASE });
  expect((await fetch(url, { redirect: "manual" })).status).toBe(400);
  await signIn(mcp);
  await mcp.reaches("notes", "connected");
  expect(auth.count("/register")).toBe(4);
});

test("tokens go to no other address", async () => {
  await using auth = await startAuthorizationServer();
  await using server = await guardedMcp(auth);
  await using elsewhere = await guardedMcp(auth);
  await using mcp = await testMcp(await open());
  await mcp.servers.create(serverAt(server.url));
  await signIn(mcp);
  await mcp.reaches("notes", "connected");
  await mcp.servers.update("notes", { url: elsewhere.url });
  await mcp.reaches("notes", "reauth_required");
  expect(elsewhere.headers.every(({ authorization }) => authorization === undefined)).toBe(true);
});

test("the authorization server of these tests refuses what real ones refuse", async () => {
  await using auth = await startAuthorizationServer();
  const redirect = `${BASE}/admin/mcp-servers`;
  const post = async (path: string, body: string, type = "application/x-www-form-urlencoded") =>
    (await (
      await fetch(`${auth.issuer}${path}`, { method: "POST", body, headers: { "content-type": type } })
    ).json()) as Record<string, string>;
  const client = await post(
    "/register",
    JSON.stringify({ redirect_uris: [redirect], token_endpoint_auth_method: "none" }),
    "application/json",
  );
  const client_id = String(client.client_id);
  const verifier = "v".repeat(43);
  const code_challenge = new Bun.CryptoHasher("sha256").update(verifier).digest("base64url");
  const code = async (redirect_uri = redirect) => {
    const query = new URLSearchParams({
      ...{ client_id, redirect_uri, response_type: "code", code_challenge, code_challenge_method: "S256" },
    });
    return (await consent(`${auth.issuer}/authorize?${query}`)).code;
  };
  const token = (more: Record<string, string>) =>
    post(
      "/token",
      new URLSearchParams({
        ...{ grant_type: "authorization_code", client_id, redirect_uri: redirect, code_verifier: verifier },
        ...more,
      }).toString(),
    );
  expect(await code("http://localhost:8000/elsewhere")).toBeUndefined();
  const good = String(await code());
  expect((await token({ code: good, code_verifier: "w".repeat(43) })).error_description).toContain(
    "verifier",
  );
  expect((await token({ code: good, redirect_uri: "http://localhost:1/" })).error_description).toContain(
    "redirect_uri",
  );
  const { refresh_token = "", access_token = "" } = await token({ code: good });
  expect(auth.grantOf(`Bearer ${access_token}`)).toBeDefined();
  expect((await token({ code: good })).error_description).toContain("used before");
  expect(auth.grantOf(`Bearer ${access_token}`)).toBeUndefined();
  const ended = { grant_type: "refresh_token", refresh_token };
  expect((await token(ended)).error_description).toContain("has ended");
  const fresh = await token({ code: String(await code()) });
  const renew = { grant_type: "refresh_token", refresh_token: String(fresh.refresh_token) };
  const next = await token(renew);
  expect((await token(renew)).error_description).toContain("used before");
  expect(auth.grantOf(`Bearer ${next.access_token}`)).toBeUndefined();
});

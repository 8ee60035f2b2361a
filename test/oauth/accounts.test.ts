// Accounts at services in which people sign Heddle in for integrations.

import { afterEach, expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { getLogger } from "@logtape/logtape";
import { sql } from "drizzle-orm";
import type { Database } from "../../src/db/database.ts";
import { openDatabase } from "../../src/db/open.ts";
import { createConnections } from "../../src/listeners/connections.ts";
import { openAccounts } from "../../src/oauth/accounts/accounts.ts";
import { createRedactor } from "../../src/redact.ts";
import type { RegisteredOAuth } from "../../src/sdk/backend.ts";
import { isReauthRequired, isRetryable } from "../../src/sdk/errors.ts";
import { oneDatabase } from "../database.ts";
import { type AuthorizationServer, startAuthorizationServer } from "../fakes/authorization-server.ts";
import { testVault } from "../secrets/test-vault.ts";
import { until } from "../until.ts";
import { BASE, CLIENT, CLIENTS, consent, registeredAt } from "./provider.ts";

const ANN = { person: "browser-of-ann", name: "Ann" };
const log = getLogger("heddle");
const closing: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

/** One server of the database. */
async function serverOn(db: Database, ...registered: RegisteredOAuth[]) {
  const redactor = createRedactor();
  const connections = createConnections({
    ...{ db, redact: redactor.redact },
    onError(error) {
      throw error;
    },
  });
  const clock = { ms: 0 };
  const accounts = await openAccounts({
    ...{ db, vault: testVault(), addPassing: redactor.addPassing, connections, log },
    now: () => Date.now() + clock.ms,
  });
  accounts.replaceOwner("mail", registered);
  closing.push(accounts.close);
  const signIn = async () => {
    const { url } = await accounts.begin("mail", "post", { ...ANN, base: BASE });
    const { back, returned } = await consent(url);
    return { url: new URL(url), back, returned, account: await accounts.finish(returned, ANN) };
  };
  return { accounts, connections, clock, redact: redactor.redact, tokens: accounts.of("mail"), signIn };
}

/** Moves the clocks of all. */
function pass(seconds: number, auth: AuthorizationServer, ...servers: { clock: { ms: number } }[]): void {
  auth.pass(seconds);
  for (const { clock } of servers) clock.ms += seconds * 1000;
}

const refreshes = (auth: AuthorizationServer) =>
  auth.requests.filter(({ path, body }) => path === "/token" && body.get("grant_type") === "refresh_token");

const failureOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );

oneDatabase("accounts of integrations", (open) => {
  test("a person signs in once for every server, and nothing of it is readable anywhere", async () => {
    const db = await open();
    await using auth = await startAuthorizationServer({ registers: false, clients: CLIENTS });
    const one = await serverOn(db, registeredAt(auth.issuer));
    const other = await serverOn(db, registeredAt(auth.issuer));
    const changes: string[] = [];
    other.accounts.onChange((id) => changes.push(id));
    expect(one.tokens.isSignedIn("post")).toBe(false);
    expect(isReauthRequired(await failureOf(one.tokens.token("post")))).toBe(true);

    const { url, back, account } = await one.signIn();
    expect(Object.fromEntries(url.searchParams)).toMatchObject({
      ...{ client_id: CLIENT.id, scope: "mail send", access_type: "offline", code_challenge_method: "S256" },
    });
    expect(back.href).toStartWith(`${BASE}/admin/integrations/oauth/callback?code=`);
    expect(account.signedIn).toMatchObject({ by: "Ann", scope: "mail send", is_renewed: true });
    const token = await one.tokens.token("post");
    expect(auth.grantOf(`Bearer ${token}`)?.scope).toBe("mail send");
    await until(() => other.tokens.isSignedIn("post"), Boolean);
    expect(await other.tokens.token("post")).toBe(token);
    expect(changes).toEqual(["mail"]);
    const rows = JSON.stringify([
      (await db.execute("select * from oauth_accounts, oauth_sign_ins")).rows,
      (await db.execute("select * from oauth_accounts")).rows,
      one.accounts.list("mail"),
    ]);
    expect(rows).toContain("mail/post");
    expect(rows).not.toMatch(/access-|refresh-|secret-of-the-client/);
    expect(one.redact(token)).not.toContain("access-");
    expect(other.redact(token)).not.toContain("access-");

    await other.accounts.end("mail", "post");
    await until(
      () => one.tokens.isSignedIn("post"),
      (isSignedIn) => !isSignedIn,
    );
    // Whoever has copied a token can use it no longer.
    expect(auth.grantOf(`Bearer ${token}`)).toBeUndefined();
    expect(auth.count("/revoke")).toBe(2);
    await expect(other.accounts.end("mail", "post")).rejects.toThrow("Nobody is signed in");
    expect(await one.connections.list("mail")).toEqual([]);
  });

  test("a token is exchanged in time, once by two servers; one that the service refuses is exchanged at once", async () => {
    const db = await open();
    await using auth = await startAuthorizationServer({ registers: false, clients: CLIENTS });
    const one = await serverOn(db, registeredAt(auth.issuer));
    const other = await serverOn(db, registeredAt(auth.issuer));
    await one.signIn();
    await until(() => other.tokens.isSignedIn("post"), Boolean);
    for (const round of [1, 2]) {
      pass(3_700, auth, one, other);
      const got = await Promise.all([one, other, one, other].map(({ tokens }) => tokens.token("post")));
      // Each refresh token was used once: a second time would have ended the sign-in.
      expect(refreshes(auth)).toHaveLength(round);
      expect(new Set(got).size).toBe(1);
      expect(auth.grantOf(`Bearer ${got[0]}`)).toBeDefined();
    }
    // A minute before its end it is due, and still good while the service is away.
    pass(3_540, auth, one, other);
    auth.setDown(true);
    const good = await one.tokens.token("post");
    expect(auth.grantOf(`Bearer ${good}`)).toBeDefined();
    pass(120, auth, one, other);
    expect(isRetryable(await failureOf(one.tokens.token("post")))).toBe(true);
    auth.setDown(false);
    const next = await one.tokens.token("post");
    expect(next).not.toBe(good);
    // The service does not take it, whatever it said about its end.
    await other.tokens.refused("post", next);
    expect(await other.tokens.token("post")).not.toBe(next);
    await until(
      () => one.tokens.token("post"),
      (token) => token !== next,
    );
    expect(refreshes(auth).length).toBeGreaterThanOrEqual(4);
  });

  test("a sign-in that the service has ended wants a person, on every server, until somebody signs in", async () => {
    const db = await open();
    await using auth = await startAuthorizationServer({ registers: false, clients: CLIENTS });
    const one = await serverOn(db, registeredAt(auth.issuer));
    const other = await serverOn(db, registeredAt(auth.issuer));
    await one.signIn();
    await until(() => other.tokens.isSignedIn("post"), Boolean);
    auth.revokeAll();
    pass(3_700, auth, one, other);
    expect(isReauthRequired(await failureOf(one.tokens.token("post")))).toBe(true);
    expect(one.tokens.isSignedIn("post")).toBe(false);
    await until(
      () => other.tokens.isSignedIn("post"),
      (isSignedIn) => !isSignedIn,
    );
    const [connection] = await until(
      () => one.connections.list("mail"),
      (found) => found.length === 1,
    );
    expect(connection).toMatchObject({ name: "post", status: "reauth_required" });
    expect(connection?.detail).toContain("invalid_grant");
    await other.signIn();
    expect(await one.connections.list("mail")).toEqual([]);
    await until(() => one.tokens.isSignedIn("post"), Boolean);
    expect(auth.grantOf(`Bearer ${await one.tokens.token("post")}`)).toBeDefined();
  });

  test("kill -9 between the answer to an exchange and the storing of it", async () => {
    const { home, databaseUrl } = await open.place();
    await using keeping = await startAuthorizationServer({
      registers: false,
      clients: CLIENTS,
      rotates: false,
    });
    await using rotating = await startAuthorizationServer({ registers: false, clients: CLIENTS });
    const facts = { home, databaseUrl, issuers: { keeping: keeping.issuer, rotating: rotating.issuer } };
    const program = resolve(import.meta.dir, "killed-exchange.ts");
    const child = spawn(process.execPath, [program, JSON.stringify(facts)], { stdio: "inherit" });
    expect((await once(child, "exit"))[1]).toBe("SIGKILL");
    expect([refreshes(keeping).length, refreshes(rotating).length]).toEqual([1, 1]);
    const db = await openDatabase({ home, databaseUrl, log });
    closing.push(db.close);
    const registered = [keeping, rotating].map(({ issuer }, at) =>
      registeredAt(issuer, undefined, { name: at === 0 ? "keeping" : "rotating" }),
    );
    const { tokens, clock } = await serverOn(db, ...registered);
    const before = await tokens.token("keeping");
    // The dead server's right to exchange is not waited for while there is a good token.
    clock.ms = 3_490_000;
    expect(await tokens.token("keeping")).toBe(before);
    clock.ms = 7_000_000;
    await db.query.execute(sql`update oauth_accounts set oauth_claimed_until = now() - interval '1 second'`);
    expect(keeping.grantOf(`Bearer ${await tokens.token("keeping")}`)).toBeDefined();
    // A service that takes a refresh token once has ended the sign-in: a person is asked, and nothing is tried again and again.
    for (const _ of [1, 2]) expect(isReauthRequired(await failureOf(tokens.token("rotating")))).toBe(true);
    expect(refreshes(rotating)).toHaveLength(2);
  });

  test("a sign-in that cannot be decrypted hinders neither the start nor other accounts, and is made anew", async () => {
    const db = await open();
    await using auth = await startAuthorizationServer({ registers: false, clients: CLIENTS });
    const before = await serverOn(db, registeredAt(auth.issuer));
    await before.signIn();
    await db.execute(
      "insert into oauth_accounts (id, oauth, updated_at) values ('a/b', 'sealed:v2:broken', now())",
    );
    const server = await serverOn(db, registeredAt(auth.issuer));
    expect(server.tokens.isSignedIn("post")).toBe(true);
    await db.execute("update oauth_accounts set oauth = 'sealed:v2:broken'");
    const later = await serverOn(db, registeredAt(auth.issuer));
    expect(isReauthRequired(await failureOf(later.tokens.token("post")))).toBe(true);
    await later.signIn();
    expect(await later.tokens.token("post")).toStartWith("access-");
  });

  test("a sign-in counts once, for whoever began it, and at the service where it began", async () => {
    const db = await open();
    await using auth = await startAuthorizationServer({ registers: false, clients: CLIENTS });
    const settings: Record<string, string> = { CLIENT_ID: CLIENT.id };
    const one = await serverOn(db, registeredAt(auth.issuer, settings));
    const begin = async () => consent((await one.accounts.begin("mail", "post", { ...ANN, base: BASE })).url);
    await expect(begin()).rejects.toThrow("CLIENT_SECRET must be set before Heddle can sign in at The post.");
    settings.CLIENT_SECRET = CLIENT.secret;
    const { returned } = await begin();
    const eve = { person: "browser-of-eve", name: "Eve" };
    await expect(one.accounts.finish(returned, eve)).rejects.toThrow("another browser");
    await expect(one.accounts.finish({ ...returned, state: "guessed" }, ANN)).rejects.toThrow(
      "begin it again",
    );
    await one.accounts.finish(returned, ANN);
    await expect(one.accounts.finish(returned, ANN)).rejects.toThrow("was used already");

    const mixed = { ...(await begin()).returned, iss: "https://evil.example" };
    await expect(one.accounts.finish(mixed, ANN)).rejects.toThrow("another service");
    const { state } = (await begin()).returned;
    const said = { state, error: "access_denied", error_description: "Ann said no" };
    await expect(one.accounts.finish(said, ANN)).rejects.toThrow(
      "The post did not sign Heddle in: access_denied",
    );
    const stolen = { ...(await begin()).returned, code: "guessed" };
    await expect(one.accounts.finish(stolen, ANN)).rejects.toThrow("invalid_grant");

    // The tokens belong to this client at this service, and are not sent to another.
    expect(one.tokens.isSignedIn("post")).toBe(true);
    settings.CLIENT_ID = "another";
    expect(one.tokens.isSignedIn("post")).toBe(false);
    settings.CLIENT_ID = CLIENT.id;
    one.accounts.replaceOwner("mail", [registeredAt("https://elsewhere.example", settings)]);
    expect(one.tokens.isSignedIn("post")).toBe(false);
    expect(isReauthRequired(await failureOf(one.tokens.token("post")))).toBe(true);
    one.accounts.replaceOwner("mail", [registeredAt(auth.issuer, settings)]);
    expect(one.tokens.isSignedIn("post")).toBe(true);
  });
});

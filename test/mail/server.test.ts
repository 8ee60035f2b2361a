// A person signs a mailbox in, at a whole server with a real IMAP server. What else mail does over IMAP is in test/chat-contract.

import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ParsedMail, simpleParser } from "mailparser";
import { oneDatabase } from "../database.ts";
import { type AuthorizationServer, startAuthorizationServer } from "../fakes/authorization-server.ts";
import { ADMIN_KEY, ask, killAll, launch } from "../faults/process.ts";
import { until } from "../until.ts";
import { type Dovecot, hasDovecot, MAILBOX, startDovecot } from "./dovecot.ts";
import { letter } from "./letter.ts";
import { type Smtp, startSmtp } from "./smtp.ts";

setDefaultTimeout(120_000);

if (hasDovecot)
  oneDatabase("Mail", (open) => {
    let dovecot: Dovecot;
    let smtp: Smtp;
    let home: string;
    let environment: Record<string, string>;
    let url: string;
    let auth: AuthorizationServer;

    beforeAll(async () => {
      auth = await startAuthorizationServer({ registers: false, username: MAILBOX.user });
      dovecot = await startDovecot({ introspection: `${auth.issuer}/introspect` });
      smtp = await startSmtp({ isToken: (token) => auth.grantOf(`Bearer ${token}`) !== undefined });
      home = await mkdtemp(join(tmpdir(), "heddle-mail-"));
      const { databaseUrl } = await open.place();
      environment = {
        ...(databaseUrl !== undefined && { DATABASE_URL: databaseUrl }),
        ...{ HEDDLE_HOME: home, PORT: "0", UNATTENDED_RUNS_PER_HOUR: "0" },
        ...{ MAIL_ADDRESS: MAILBOX.user, MAIL_PASSWORD: MAILBOX.pass, MAIL_TLS: "off" },
        ...{ MAIL_IMAP_HOST: "127.0.0.1", MAIL_IMAP_PORT: String(dovecot.port) },
        ...{ MAIL_SMTP_HOST: "127.0.0.1", MAIL_SMTP_PORT: String(smtp.port) },
        ...{ MAIL_AUTHSERV_ID: "mx.heddle.test", MAIL_POLL_SECONDS: "1" },
      };
      const heddle = launch({ environment });
      url = await heddle.started;
      await connected();
    });
    afterAll(async () => {
      await killAll();
      await smtp.stop();
      await dovecot.stop();
      await auth[Symbol.asyncDispose]();
      await rm(home, { recursive: true, force: true });
    });

    async function call(path: string, body: object, method = "POST"): Promise<unknown> {
      const response = await fetch(`${url}${path}`, {
        method,
        headers: { authorization: `Bearer ${ADMIN_KEY}`, "content-type": "application/json" },
        body: JSON.stringify(body),
      });
      if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
      return response.json();
    }
    const connection = async () =>
      (await ask(url, "/api/v1/integrations/mail/connections")).connections.find(
        ({ name }: { name: string }) => name === "imap",
      ) as { status: string; detail: string } | undefined;
    const connected = () => until(connection, (found) => found?.status === "connected");
    const sentTo = (address: string) => smtp.sent.filter(({ to }) => to.includes(address));
    async function answersTo(address: string, count: number): Promise<ParsedMail[]> {
      const sent = await until(
        () => sentTo(address),
        (mails) => mails.length >= count,
      );
      return Promise.all(sent.map(({ source }) => simpleParser(source)));
    }
    test("a person signs the mailbox in: a token is used for both servers, exchanged when it is refused, and asked for again when it has ended", async () => {
      await call("/api/v1/people", {
        ...{ integration_id: "mail", external_id: "later@friends.test", name: "Later", status: "allowed" },
      });
      const kinds = async () =>
        (await ask(url, "/api/v1/repairs")).repairs.map(({ kind }: { kind: string }) => kind) as string[];
      const settings = {
        ...{ MAIL_AUTH: "oauth", MAIL_OAUTH_CLIENT_ID: "heddle", MAIL_OAUTH_CLIENT_SECRET: "of-the-client" },
        ...{
          MAIL_OAUTH_AUTHORIZE_URL: `${auth.issuer}/authorize`,
          MAIL_OAUTH_EXCHANGE_URL: `${auth.issuer}/token`,
        },
        ...{ MAIL_OAUTH_REVOKE_URL: `${auth.issuer}/revoke`, MAIL_OAUTH_SCOPE: "mail" },
      };
      await call("/api/v1/admin/integrations/mail/settings", { settings }, "PUT");
      await until(kinds, (found) => found.includes("sign_in_missing"));
      const at = "/api/v1/admin/integrations/mail/accounts";
      const account = async () =>
        (await ask(url, at)).accounts.find(({ name }: { name: string }) => name === "oauth");
      auth.addClient("heddle", { secret: "of-the-client", redirects: [(await account()).redirect_uri] });
      const signIn = async () => {
        const begun = (await call(`${at}/oauth/sign-in`, {})) as { url: string };
        const { headers } = await fetch(begun.url, { redirect: "manual" });
        const back = new URL(headers.get("location") ?? "");
        await call("/api/v1/admin/account-sign-ins", Object.fromEntries(back.searchParams));
      };
      await signIn();
      await connected();
      await dovecot.arrive(letter({ id: "token@friends.test", from: "later@friends.test" }));
      await answersTo("later@friends.test", 1);
      const tested = await call("/api/v1/admin/integrations/mail/test-connection", {});
      expect(JSON.stringify(tested)).toContain("sending works");

      // Both servers refuse the token, which Heddle thinks is good.
      auth.pass(4_000);
      await dovecot.cutConnections();
      await dovecot.arrive(letter({ id: "fresh@friends.test", from: "later@friends.test" }));
      await answersTo("later@friends.test", 2);
      expect(auth.requests.filter(({ body }) => body.get("grant_type") === "refresh_token")).toHaveLength(1);

      auth.revokeAll();
      await dovecot.cutConnections();
      await until(kinds, (found) => found.includes("connection_unauthorized"));
      expect((await account()).signed_in).toBeNull();
      await dovecot.arrive(letter({ id: "later@friends.test2", from: "later@friends.test" }));
      await signIn();
      await answersTo("later@friends.test", 3);
      await until(kinds, (found) => !found.includes("connection_unauthorized"));
    });
  });

// Mail at a whole server: a real IMAP server, a real process that is killed, and an SMTP server.

import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ParsedMail, simpleParser } from "mailparser";
import { eachDatabase } from "../database.ts";
import { type AuthorizationServer, startAuthorizationServer } from "../fakes/authorization-server.ts";
import { ADMIN_KEY, ask, killAll, launch } from "../faults/process.ts";
import { until } from "../until.ts";
import { type Dovecot, hasDovecot, MAILBOX, startDovecot } from "./dovecot.ts";
import { type Smtp, startSmtp } from "./smtp.ts";

setDefaultTimeout(120_000);

if (hasDovecot)
  eachDatabase("Mail", (open) => {
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
      await dovecot.arrive(letter({ id: "old@x", subject: "Before Heddle" }));
      await start();
    });
    afterAll(async () => {
      await killAll();
      await smtp.stop();
      await dovecot.stop();
      await auth[Symbol.asyncDispose]();
      await rm(home, { recursive: true, force: true });
    });

    async function start(): Promise<void> {
      const heddle = launch({ environment });
      url = await heddle.started;
      await connected();
    }
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
    const drafts = async (): Promise<ParsedMail[]> =>
      Promise.all((await dovecot.mailsIn("Drafts")).map(({ source }) => simpleParser(source)));

    test("a mail of somebody allowed and proven is answered in its thread, and the next one continues the conversation", async () => {
      await call("/api/v1/people", {
        integration_id: "mail",
        external_id: "ada@friends.test",
        name: "Ada",
        status: "allowed",
      });
      await dovecot.arrive(
        letter({ id: "first@friends.test", from: "Ada <ada@friends.test>", text: "Is the shed locked?" }),
      );
      const [answer] = await answersTo("ada@friends.test", 1);
      expect(answer?.inReplyTo).toBe("<first@friends.test>");
      expect(answer?.references).toBe("<first@friends.test>");
      expect(answer?.subject).toBe("Re: A question");
      expect(answer?.from?.value[0]?.address).toBe(MAILBOX.user);
      expect(answer?.messageId).toMatch(/^<heddle\.[0-9a-f-]+@heddle\.test>$/);
      expect(answer?.headers.get("auto-submitted")).toBe("auto-replied");
      expect(answer?.text).toContain("> Is the shed locked?");
      expect(answer?.html).toContain("<blockquote");
      // It is kept among the sent mails, with the same id, and the mail is marked.
      const [copy] = await until(
        () => dovecot.mailsIn("Sent"),
        (mails) => mails.length === 1,
      );
      expect(copy?.source).toContain(answer?.messageId ?? "?");
      await until(
        async () =>
          (await dovecot.mailsIn("INBOX")).find(({ source }) => source.includes("<first@friends.test>")),
        (mail) => mail?.flags.includes("heddle/handled") === true && mail.flags.includes("\\Answered"),
      );
      await dovecot.arrive(
        letter({
          ...{ id: "second@friends.test", from: "Ada <ada@friends.test>", text: "And the gate?" },
          inReplyTo: answer?.messageId ?? "",
          references: `<first@friends.test> ${answer?.messageId}`,
        }),
      );
      const [, second] = await answersTo("ada@friends.test", 2);
      expect(second?.references).toEqual([
        "<first@friends.test>",
        answer?.messageId ?? "",
        "<second@friends.test>",
      ]);
      const tasks = (await ask(url, "/api/v1/tasks?limit=200")).tasks as { session_id: string }[];
      expect(new Set(tasks.map(({ session_id }) => session_id)).size).toBe(1);
    });

    test("strangers get drafts; machines, the mailbox itself and what came before get nothing", async () => {
      await dovecot.arrive(
        letter({ id: "auto@friends.test", from: "ada@friends.test", header: "Auto-Submitted: auto-replied" }),
        letter({ id: "list@friends.test", from: "ada@friends.test", header: "List-Id: <news.friends.test>" }),
        letter({ id: "own@heddle.test", from: MAILBOX.user }),
        // Whoever pretends to be Ada is a stranger: this server has not proven it.
        letter({ id: "forged@x", from: "ada@friends.test", subject: "Forged", isProven: false }),
      );
      const found = await until(drafts, (mails) => mails.length === 1);
      expect(found[0]?.subject).toBe("Re: Forged");
      expect(found[0]?.inReplyTo).toBe("<forged@x>");
      expect(sentTo("ada@friends.test").length).toBe(2);
    });

    test("a cut connection is made again, and new UIDs bring nothing twice", async () => {
      await dovecot.cutConnections();
      await until(connection, (found) => found?.status !== "connected");
      await dovecot.arrive(letter({ id: "third@friends.test", from: "ada@friends.test" }));
      await answersTo("ada@friends.test", 3);
      await connected();
      await dovecot.renewUids();
      await dovecot.arrive(letter({ id: "fourth@friends.test", from: "ada@friends.test" }));
      const answers = await answersTo("ada@friends.test", 4);
      expect(answers.map(({ inReplyTo }) => inReplyTo).toSorted()).toEqual([
        "<first@friends.test>",
        "<fourth@friends.test>",
        "<second@friends.test>",
        "<third@friends.test>",
      ]);
    });

    test("a mail that the server refuses for good is given up, one that it refuses for now is sent later", async () => {
      await call("/api/v1/people", {
        integration_id: "mail",
        external_id: "gone@friends.test",
        name: "Gone",
        status: "allowed",
      });
      await call("/api/v1/people", {
        integration_id: "mail",
        external_id: "later@friends.test",
        name: "Later",
        status: "allowed",
      });
      smtp.refusals.set("gone@friends.test", 550).set("later@friends.test", 451);
      await dovecot.arrive(
        letter({ id: "gone@friends.test", from: "gone@friends.test" }),
        letter({ id: "later@friends.test", from: "later@friends.test" }),
      );
      const deliveries = async (status: string) =>
        (await ask(url, `/api/v1/deliveries?status=${status}`)).deliveries as { last_error: string | null }[];
      const [dead] = await until(
        () => deliveries("dead"),
        (found) => found.length === 1,
      );
      expect(dead?.last_error).toContain("550");
      smtp.refusals.clear();
      await answersTo("later@friends.test", 1);
    });

    test("the connection can be tested, and a refused password is told to people", async () => {
      const tested = await call("/api/v1/admin/integrations/mail/test-connection", {});
      expect(JSON.stringify(tested)).toContain(`Signed in as ${MAILBOX.user}`);
      await call(
        "/api/v1/admin/integrations/mail/settings",
        { settings: { MAIL_PASSWORD: "another-password-altogether" } },
        "PUT",
      );
      const refused = await until(connection, (found) => found?.status === "reauth_required");
      expect(refused?.detail).toContain("does not accept");
      const { repairs } = await ask(url, "/api/v1/repairs");
      expect(repairs.map(({ kind }: { kind: string }) => kind)).toContain("connection_unauthorized");
    });

    test("a person signs the mailbox in: a token is used for both servers, exchanged when it is refused, and asked for again when it has ended", async () => {
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
      await answersTo("later@friends.test", 2);
      const tested = await call("/api/v1/admin/integrations/mail/test-connection", {});
      expect(JSON.stringify(tested)).toContain("sending works");

      // Both servers refuse the token, which Heddle thinks is good.
      auth.pass(4_000);
      await dovecot.cutConnections();
      await dovecot.arrive(letter({ id: "fresh@friends.test", from: "later@friends.test" }));
      await answersTo("later@friends.test", 3);
      expect(auth.requests.filter(({ body }) => body.get("grant_type") === "refresh_token")).toHaveLength(1);

      auth.revokeAll();
      await dovecot.cutConnections();
      await until(kinds, (found) => found.includes("connection_unauthorized"));
      expect((await account()).signed_in).toBeNull();
      await dovecot.arrive(letter({ id: "later@friends.test2", from: "later@friends.test" }));
      await signIn();
      await answersTo("later@friends.test", 4);
      await until(kinds, (found) => !found.includes("connection_unauthorized"));
    });
  });

interface Letter {
  id: string;
  from?: string;
  subject?: string;
  text?: string;
  header?: string;
  inReplyTo?: string;
  references?: string;
  /** Whether the own server says that the mail comes from its author's domain. */
  isProven?: boolean;
}

/** A mail as it arrives. */
function letter({
  from = "stranger@x.test",
  text = "How are you?",
  isProven = true,
  ...letter
}: Letter): string {
  const domain = /@([^>]+)/.exec(from)?.[1];
  return [
    isProven && `Authentication-Results: mx.heddle.test; dmarc=pass header.from=${domain}; spf=pass`,
    `Message-ID: <${letter.id}>`,
    `From: ${from}`,
    `To: ${MAILBOX.user}`,
    `Subject: ${letter.subject ?? "A question"}`,
    `Date: ${new Date().toUTCString()}`,
    letter.inReplyTo && `In-Reply-To: ${letter.inReplyTo}`,
    letter.references && `References: ${letter.references}`,
    letter.header,
    "",
    text,
    "",
  ]
    .filter((line) => line !== false && line !== undefined)
    .join("\n");
}

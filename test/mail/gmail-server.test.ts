// Mail over the Gmail API at a whole server, in a process that is killed: a person signs the mailbox in, and each mail is answered once.

import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { oneDatabase } from "../database.ts";
import { type AuthorizationServer, startAuthorizationServer } from "../fakes/authorization-server.ts";
import {
  type FakeGmail,
  GMAIL_SCOPE,
  PUBSUB_SCOPE,
  SUBSCRIPTION,
  startFakeGmail,
  TOPIC,
} from "../fakes/gmail/fake-gmail.ts";
import { headerOf } from "../fakes/gmail/mailbox.ts";
import { ADMIN_KEY, ask, type HeddleProcess, killAll, lapse, launch } from "../faults/process.ts";
import { until } from "../until.ts";
import { MAILBOX } from "./dovecot.ts";
import { letter } from "./letter.ts";

setDefaultTimeout(120_000);

const ADA = "ada@friends.test";

oneDatabase("Mail over the Gmail API", (open) => {
  let auth: AuthorizationServer;
  let gmail: FakeGmail;
  let home: string;
  let environment: Record<string, string>;
  let database: string | undefined;
  let heddle: HeddleProcess;
  let url: string;

  beforeAll(async () => {
    auth = await startAuthorizationServer({ registers: false, rotates: false });
    gmail = startFakeGmail({ address: MAILBOX.user, grantOf: auth.grantOf });
    home = await mkdtemp(join(tmpdir(), "heddle-gmail-"));
    database = (await open.place()).databaseUrl;
    environment = {
      ...(database !== undefined && { DATABASE_URL: database }),
      ...{ HEDDLE_HOME: home, PORT: "0", UNATTENDED_RUNS_PER_HOUR: "0" },
      ...{ MAIL_ADDRESS: MAILBOX.user, MAIL_PROTOCOL: "gmail", MAIL_AUTHSERV_ID: "mx.heddle.test" },
      ...{ MAIL_GMAIL_URL: gmail.url, MAIL_PUBSUB_URL: gmail.url },
      ...{ MAIL_PUBSUB_TOPIC: TOPIC, MAIL_PUBSUB_SUBSCRIPTION: SUBSCRIPTION },
      ...{ MAIL_AUTH: "oauth", MAIL_OAUTH_CLIENT_ID: "heddle", MAIL_OAUTH_CLIENT_SECRET: "of-the-client" },
      ...{
        MAIL_OAUTH_AUTHORIZE_URL: `${auth.issuer}/authorize`,
        MAIL_OAUTH_EXCHANGE_URL: `${auth.issuer}/token`,
      },
      MAIL_OAUTH_SCOPE: `${GMAIL_SCOPE} ${PUBSUB_SCOPE}`,
    };
    await start();
  });
  afterAll(async () => {
    await killAll();
    await gmail.stop();
    await auth[Symbol.asyncDispose]();
    await rm(home, { recursive: true, force: true });
  });

  async function start(): Promise<void> {
    heddle = launch({ environment });
    url = await heddle.started;
  }
  async function call(path: string, body: object): Promise<unknown> {
    const response = await fetch(`${url}/api/v1${path}`, {
      method: "POST",
      headers: { authorization: `Bearer ${ADMIN_KEY}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return response.json();
  }
  async function signIn(): Promise<void> {
    const at = "/admin/integrations/mail/accounts";
    // Integrations load after the server has started.
    const account = await until(
      async () =>
        (await ask(url, `/api/v1${at}`)).accounts?.find(({ name }: { name: string }) => name === "oauth"),
      (found) => found !== undefined,
    );
    const { redirect_uri } = account;
    auth.addClient("heddle", { secret: "of-the-client", redirects: [redirect_uri] });
    const begun = (await call(`${at}/oauth/sign-in`, {})) as { url: string };
    const { headers } = await fetch(begun.url, { redirect: "manual" });
    const back = new URL(headers.get("location") ?? "");
    await call("/admin/account-sign-ins", Object.fromEntries(back.searchParams));
  }
  const connected = () =>
    until(
      async () =>
        (await ask(url, "/api/v1/integrations/mail/connections")).connections as {
          name: string;
          status: string;
        }[],
      (found) => found.some(({ name, status }) => name === "gmail" && status === "connected"),
    );
  /** What the answers answer. */
  const answered = (): string[] =>
    gmail
      .withLabel("SENT")
      .map(({ source }) => headerOf(source, "in-reply-to"))
      .sort();
  const arrive = (id: string) => gmail.arrive(letter({ id, from: ADA }));

  test("each mail is answered once in its thread, over a lost answer, a kill -9, and a token that ends", async () => {
    await signIn();
    await connected();
    const account = { integration_id: "mail", external_id: ADA, name: "Ada", status: "allowed" };
    await call("/people", account);
    gmail.refuse("/messages/send", 503, { isDone: true });
    const { threadId } = arrive("first@x");
    await until(answered, (found) => found.length === 1);
    expect(gmail.withLabel("SENT")[0]?.threadId).toBe(threadId);

    const ids = Array.from({ length: 16 }, (_, number) => `mail${String(number).padStart(2, "0")}@x`);
    for (const id of ids.slice(0, 10)) arrive(id);
    await until(answered, (found) => found.length > 2);
    heddle.kill("SIGKILL");
    await heddle.ended;
    for (const id of ids.slice(10)) arrive(id);
    auth.pass(4_000);
    if (database) await lapse(database);
    await start();
    const all = ["first@x", ...ids].map((id) => `<${id}>`);
    await until(answered, (found) => new Set(found).size === all.length, { withinSeconds: 60 });
    const deliveries = async () => (await ask(url, "/api/v1/deliveries?limit=100")).deliveries;
    await until(deliveries, (found: { status: string }[]) =>
      found.every(({ status }) => status === "delivered"),
    );
    expect(answered()).toEqual(all.sort());
    const handled = [...gmail.mailbox.labels].find(([, name]) => name === "heddle/handled")?.[0] ?? "?";
    expect(gmail.withLabel("INBOX").filter(({ labelIds }) => !labelIds.includes(handled))).toEqual([]);
  });
});

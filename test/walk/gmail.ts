// Mail over the Gmail API: a person signs the mailbox in, and Pub/Sub tells of mails.

import { simpleParser } from "mailparser";
import { startAuthorizationServer } from "../fakes/authorization-server.ts";
import { startCuttingProxy } from "../fakes/cutting-proxy.ts";
import { GMAIL_SCOPE, PUBSUB_SCOPE, SUBSCRIPTION, startFakeGmail, TOPIC } from "../fakes/gmail/fake-gmail.ts";
import { headerOf } from "../fakes/gmail/mailbox.ts";
import { MAILBOX } from "../mail/dovecot.ts";
import { letter } from "../mail/letter.ts";
import { until } from "../until.ts";
import type { Heddle } from "./heddle.ts";
import type { Subject } from "./subject.ts";

const ADA = "ada@friends.test";
const CLIENT = { id: "heddle", secret: "secret-of-the-client-of-the-walk" };

export async function gmail(): Promise<Subject[]> {
  const auth = await startAuthorizationServer({ registers: false, rotates: false });
  const google = startFakeGmail({ address: MAILBOX.user, grantOf: auth.grantOf });
  const proxy = await startCuttingProxy(Number(new URL(google.url).port));
  const address = `http://127.0.0.1:${proxy.port}`;
  let mails = 0;
  let server: Heddle | undefined;

  async function signIn(heddle: Heddle): Promise<void> {
    const at = "/admin/integrations/mail/accounts";
    const account = await until(
      async () => (await heddle.api(at)).accounts?.find(({ name }: { name: string }) => name === "oauth"),
      (found) => found !== undefined,
    );
    auth.addClient(CLIENT.id, { secret: CLIENT.secret, redirects: [account.redirect_uri] });
    const begun = await heddle.api(`${at}/oauth/sign-in`, {});
    const { headers } = await fetch(begun.url, { redirect: "manual" });
    const back = new URL(headers.get("location") ?? "");
    await heddle.api("/admin/account-sign-ins", Object.fromEntries(back.searchParams));
  }
  async function sentTo(id: string): Promise<string[]> {
    const own = google.withLabel("SENT").filter(({ source }) => headerOf(source, "references")?.includes(id));
    return Promise.all(own.map(async ({ source }) => (await simpleParser(source)).text ?? ""));
  }
  const at = (link: string, method: "GET" | "POST") =>
    fetch(`${server?.url()}${new URL(link).pathname}`, { method });
  const subject: Subject<string> = {
    ...{ name: "Gmail over its API", integration: "mail", connection: "gmail", approver: `mail:${ADA}` },
    lacks: { stream: "Nobody can watch a mail being written." },
    settings: {
      ...{ MAIL_ADDRESS: MAILBOX.user, MAIL_PROTOCOL: "gmail", MAIL_AUTHSERV_ID: "mx.heddle.test" },
      ...{ MAIL_GMAIL_URL: address, MAIL_PUBSUB_URL: address, MAIL_AUTH: "oauth" },
      ...{ MAIL_PUBSUB_TOPIC: TOPIC, MAIL_PUBSUB_SUBSCRIPTION: SUBSCRIPTION },
      ...{ MAIL_OAUTH_CLIENT_ID: CLIENT.id, MAIL_OAUTH_CLIENT_SECRET: CLIENT.secret },
      ...{
        MAIL_OAUTH_AUTHORIZE_URL: `${auth.issuer}/authorize`,
        MAIL_OAUTH_SCOPE: `${GMAIL_SCOPE} ${PUBSUB_SCOPE}`,
      },
      MAIL_OAUTH_EXCHANGE_URL: `${auth.issuer}/token`,
    },
    async prepare(heddle) {
      server = heddle;
      await signIn(heddle);
      await heddle.allow("mail", ADA, "Ada");
    },
    async tell(text) {
      const id = `walk${++mails}@friends.test`;
      google.arrive(letter({ id, from: ADA, text }));
      return id;
    },
    answers: sentTo,
    async question(id) {
      const text = (await sentTo(id)).find((one) => one.includes("May it?"));
      const link = /https:\S+\/decisions\/\S+/.exec(text ?? "")?.[0];
      return text === undefined || link === undefined
        ? undefined
        : { text, yes: (await at(link, "GET")).ok ? link : undefined };
    },
    async decide(_id, { yes = "" }) {
      const answer = await at(yes, "POST");
      return answer.ok ? "it is approved" : `${answer.status}`;
    },
    ...{ cut: proxy.cut, drop: proxy.drop },
    async stop() {
      proxy.stop();
      await google.stop();
      await auth[Symbol.asyncDispose]();
    },
  };
  return [subject as Subject];
}

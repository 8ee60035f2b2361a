// Gmail over IMAP, against a strict server with its extensions (X-GM-EXT-1): labels, threads, drafts, IDLE and connections that vanish.

import { afterAll, afterEach, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import { getLogger } from "@logtape/logtape";
import {
  deliver,
  fakeHeddle,
  type RunningListener,
  registered,
  startListener,
  toolContext,
  useSettings,
  useTokens,
} from "heddle/sdk/testing";
import { simpleParser } from "mailparser";
import "../../integrations/mail/dispatcher.ts";
import "../../integrations/mail/listeners.ts";
import { searchMail } from "../../integrations/mail/tools/read.ts";
import { moveMail, trashMail } from "../../integrations/mail/tools/sort.ts";
import { startLoop } from "../../src/listeners/loop.ts";
import { startCuttingProxy } from "../fakes/cutting-proxy.ts";
import type { GmailMessage } from "../fakes/gmail-imap/mailbox.ts";
import { type GmailImap, type GmailImapOptions, startGmailImap } from "../fakes/gmail-imap/server.ts";
import { MAIL_SCOPE } from "../fakes/gmail-imap/sign-in.ts";
import { until } from "../until.ts";
import { MAILBOX } from "./dovecot.ts";
import { type Letter, letter } from "./letter.ts";
import { type Smtp, startSmtp } from "./smtp.ts";

setDefaultTimeout(60_000);

const ADA = "ada@friends.test";
const heddle = fakeHeddle();
let gmail: GmailImap;
let smtp: Smtp;
const listeners: RunningListener[] = [];

const settingsFor = (imapPort: number): Record<string, string | undefined> => ({
  ...{ MAIL_ADDRESS: MAILBOX.user, MAIL_PASSWORD: MAILBOX.pass, MAIL_TLS: "off", MAIL_POLL_SECONDS: "1" },
  ...{ MAIL_IMAP_HOST: "127.0.0.1", MAIL_IMAP_PORT: String(imapPort), MAIL_AUTHSERV_ID: "mx.heddle.test" },
  ...{ MAIL_SMTP_HOST: "127.0.0.1", MAIL_SMTP_PORT: String(smtp.port), MAIL_SAVE_SENT: "no" },
  ...{ MAIL_ANSWER: undefined, MAIL_FOLDERS: undefined, MAIL_AUTH: undefined },
});
async function start(options: Partial<GmailImapOptions> = {}): Promise<void> {
  await gmail?.stop();
  gmail = await startGmailImap({ ...MAILBOX, ...options });
  useSettings(settingsFor(gmail.port));
}
beforeEach(async () => {
  smtp = await startSmtp();
  await start();
  heddle.clear();
  heddle.people.push({ id: ADA, name: "Ada", place: null, status: "allowed" });
});
afterEach(async () => {
  await Promise.all(listeners.splice(0).map((one) => one.stop()));
  await smtp.stop();
});
afterAll(async () => {
  await gmail.stop();
  heddle.restore();
  useTokens({ google: undefined });
  useSettings(Object.fromEntries(Object.keys(settingsFor(0)).map((name) => [name, undefined])));
});

async function listening(): Promise<RunningListener> {
  const listener = startListener("imap");
  listeners.push(listener);
  await listener.reported;
  return listener;
}
const arrive = (more: Partial<Letter> & { id: string }, labels?: string[]): GmailMessage =>
  gmail.arrive(letter({ from: ADA, ...more }), labels);
const takes = (...ids: string[]) =>
  until(
    () => heddle.events.map(({ metadata }) => metadata?.message_id),
    (found) => found.join() === ids.map((id) => `<${id}>`).join(),
  );
const answer = (text = "Fine.") => deliver("mail", heddle.events.at(-1)?.dispatchConfig as never, text);
const labelled = (label: string) => gmail.mailbox.messages.filter(({ labels }) => labels.has(label));

test("an answer labels the mail, and sends it in its thread", async () => {
  await listening();
  const first = arrive({ id: "first@x", subject: "Roof" });
  await takes("first@x");
  await answer();
  const sent = await simpleParser(smtp.sent[0]?.source ?? "");
  expect([sent.subject, sent.inReplyTo]).toEqual(["Re: Roof", "<first@x>"]);
  expect([...first.labels]).toEqual(["\\Inbox", "heddle/handled"]);
  expect([...first.flags]).toContain("\\Answered");
  // The label is a folder, and what is in it is the same mail.
  expect([...(gmail.mailbox.folders.get("heddle/handled")?.uids.values() ?? [])]).toEqual([first]);
  expect(gmail.refusals).toEqual([]);
});

test("with drafts only, the answer is a draft in Gmail's thread, and nothing is sent", async () => {
  useSettings({ MAIL_ANSWER: "draft" });
  await listening();
  const first = arrive({ id: "first@x", subject: "Roof" });
  await takes("first@x");
  expect((await answer()).receipt).toMatchObject({ mode: "draft" });
  expect(smtp.sent).toEqual([]);
  const [draft, ...more] = labelled("\\Draft");
  expect(more).toEqual([]);
  expect(draft?.thrid).toBe(first.thrid);
  expect([...(draft?.flags ?? [])]).toEqual(["\\Draft", "\\Seen"]);
  // It is in no folder that is read, and would not be answered there.
  expect(heddle.events).toHaveLength(1);
  expect(gmail.refusals).toEqual([]);
});

test("labels are read as folders, and a mail that gets one is taken once", async () => {
  gmail.mailbox.makeFolder("Work", "", "Work");
  useSettings({ MAIL_FOLDERS: "Work, INBOX" });
  await listening();
  const mail = arrive({ id: "labelled@x" }, ["Work"]);
  await takes("labelled@x");
  mail.labels.add("\\Inbox");
  gmail.mailbox.show(mail);
  arrive({ id: "next@x" });
  await takes("labelled@x", "next@x");
});

test("IDLE is begun again before Gmail ends the connection", async () => {
  await start({ longestIdleMs: 4_000 });
  const { reports } = await listening();
  const idles = () => gmail.commands.filter((name) => name === "IDLE").length;
  await until(idles, (count) => count > 5);
  arrive({ id: "idle@x" });
  await takes("idle@x");
  const said = await until(
    () => reports.map(([, detail]) => detail).at(-1),
    (detail) => detail?.includes("last mail") === true,
  );
  expect(said).toEndWith("told by IDLE");
  // One connection all the time.
  expect(gmail.commands.filter((name) => name === "AUTHENTICATE")).toHaveLength(1);
});

test("a connection that carries nothing any more is noticed, told and made again", async () => {
  const proxy = await startCuttingProxy(gmail.port);
  useSettings({ MAIL_IMAP_PORT: String(proxy.port) });
  const listener = registered().listeners.find(({ name }) => name === "imap");
  if (!listener) throw new Error("There is no listener.");
  const reports: string[] = [];
  const loop = startLoop({
    ...{ listener: { ...listener, silenceSeconds: 3 }, name: "imap", since: async () => null },
    ...{ report: (status: string) => void reports.push(status), alive: () => undefined },
    ...{ log: getLogger("test"), now: () => performance.now(), random: () => 0 },
    sleep: (_ms, signal) => Bun.sleep(20).then(() => signal.throwIfAborted()),
  });
  try {
    await until(
      () => reports,
      (told) => told.at(-1) === "connected",
    );
    proxy.cut();
    arrive({ id: "cut@x" });
    await takes("cut@x");
    expect(reports).toContain("degraded");
  } finally {
    await loop.stop();
    proxy.stop();
  }
});

test("a refused password is told to people, and too many connections are tried again", async () => {
  useSettings({ MAIL_PASSWORD: "wrong" });
  const refused = startListener("imap");
  expect(await refused.reported.catch((error: Error) => error.name)).toBe("ReauthRequired");
  await refused.stop().catch(() => undefined);
  await start({ mostConnections: 0 });
  const full = startListener("imap");
  const said = await full.reported.catch((error: Error) => error);
  expect(String(said)).toContain("Too many simultaneous connections");
  await full.stop().catch(() => undefined);
});

/** Whose the tokens are, and what they cover. */
const GRANTS: Record<string, { user: string; scope: string }> = {
  good: { user: MAILBOX.user, scope: MAIL_SCOPE },
  ofAnother: { user: "another@heddle.test", scope: MAIL_SCOPE },
  readOnly: { user: MAILBOX.user, scope: "https://www.googleapis.com/auth/gmail.readonly" },
};
const BY_TOKEN = { MAIL_AUTH: "google", MAIL_PASSWORD: undefined };

async function startWithTokens(...tokens: string[]): Promise<void> {
  await start({ grantOf: (token) => GRANTS[token] });
  useSettings(BY_TOKEN);
  useTokens({ google: tokens });
}
const whyNot = async (): Promise<Error> => {
  const listener = startListener("imap");
  const error = await listener.reported.catch((thrown: Error) => thrown);
  await listener.stop().catch(() => undefined);
  return error as Error;
};

test("a person's token opens the mailbox and sends; one that has ended is exchanged once, for both", async () => {
  await startWithTokens("ended", "good");
  await smtp.stop();
  smtp = await startSmtp({ isToken: (token) => token === "good" });
  useSettings({ ...settingsFor(gmail.port), ...BY_TOKEN });
  await listening();
  arrive({ id: "token@x" });
  await takes("token@x");
  await answer();
  expect(smtp.sent).toHaveLength(1);
  expect(gmail.refusals.map((said) => said.replace(/^\S+ /, ""))).toEqual([
    "NO [AUTHENTICATIONFAILED] Invalid credentials (Failure)",
  ]);
});

test.each(["ofAnother", "readOnly", "unknown"])(
  "a token that does not open this mailbox needs a person: %s",
  async (token) => {
    await startWithTokens(token, "ended");
    const error = await whyNot();
    expect(error.name).toBe("ReauthRequired");
    expect(error.message).toContain("Sign in again");
    // The token and the proof are nobody's to read.
    expect(JSON.stringify([error.message, String(error.cause), error.stack])).not.toContain(token);
    await startWithTokens(token, "good");
    await listening();
  },
);

test("a server that takes no tokens is named, and so is the setting", async () => {
  useSettings(BY_TOKEN);
  useTokens({ google: "good" });
  const error = await whyNot();
  expect(error.message).toMatch(/takes no sign-in with a token.*MAIL_AUTH/);
});

test("the account's own password is refused with Gmail's reason", async () => {
  await start({ accountPassword: "of-the-account" });
  useSettings({ MAIL_PASSWORD: "of-the-account" });
  const error = await whyNot();
  expect(error.name).toBe("ReauthRequired");
  expect(error.message).toMatch(/Application-specific password required/);
  expect(error.message).not.toContain("of-the-account");
});

test("moves change labels: to the archive, to a label, back to the inbox, and into the trash", async () => {
  gmail.mailbox.makeFolder("Work", "", "Work");
  const mail = arrive({ id: "1@x" });
  const idOf = async (folder: string): Promise<string> => {
    const found = (await searchMail({ folder }, toolContext())) as { mails: { mail: string }[] };
    return found.mails[0]?.mail ?? "";
  };
  const inbox = await idOf("INBOX");
  const archived = (await moveMail({ mail: inbox, to: "archive" }, toolContext())) as { mail: string };
  expect([...mail.labels]).toEqual([]);
  // In the inbox it had another id.
  expect(archived.mail).toBe(await idOf("[Gmail]/All Mail"));
  await moveMail({ mail: archived.mail, to: "folder", folder: "work" }, toolContext());
  expect([...mail.labels]).toEqual(["Work"]);
  await moveMail({ mail: archived.mail, to: "inbox" }, toolContext());
  expect([...mail.labels]).toEqual(["Work", "\\Inbox"]);
  const gone = (await trashMail({ mail: archived.mail, is_spam: true }, toolContext())) as { mail: string };
  expect(mail.place).toBe("spam");
  expect(gone.mail).toBe(await idOf("[Gmail]/Spam"));
  expect(gmail.refusals).toEqual([]);
});

test("Gmail's own search language is passed on, and quotes what has spaces and other letters", async () => {
  arrive({ id: "1@x", subject: "Käse kaufen" });
  const found = async (gmailSearch: string) => {
    const { mails } = (await searchMail({ gmail: gmailSearch }, toolContext())) as { mails: unknown[] };
    return mails.length;
  };
  expect(await found("is:unread from:ada")).toBe(1);
  expect(await found("subject:Roof")).toBe(0);
  expect(await found("Käse")).toBe(1);
  expect(gmail.refusals).toEqual([]);
});

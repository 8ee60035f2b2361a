// Mail over the Gmail API, against a strict fake of Gmail and Pub/Sub: what is taken and when, what is sent, and what becomes of refusals.

import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "bun:test";
import { getLogger } from "@logtape/logtape";
import { Permanent, Retryable } from "heddle/sdk";
import {
  deliver,
  fakeHeddle,
  type RunningListener,
  registered,
  startListener,
  useSettings,
  useTokens,
} from "heddle/sdk/testing";
import { simpleParser } from "mailparser";
import "../../integrations/mail/dispatcher.ts";
import "../../integrations/mail/hooks.ts";
import "../../integrations/mail/listeners.ts";
import { startLoop } from "../../src/listeners/loop.ts";
import { startCuttingProxy } from "../fakes/cutting-proxy.ts";
import {
  type FakeGmail,
  GMAIL_SCOPE,
  PUBSUB_SCOPE,
  SUBSCRIPTION,
  startFakeGmail,
  TOPIC,
} from "../fakes/gmail/fake-gmail.ts";
import { headerOf } from "../fakes/gmail/mailbox.ts";
import { until } from "../until.ts";
import { MAILBOX } from "./dovecot.ts";
import { type Letter, letter } from "./letter.ts";

const WITHOUT_PUBSUB = { MAIL_PUBSUB_TOPIC: undefined, MAIL_PUBSUB_SUBSCRIPTION: undefined };
const ADA = "ada@friends.test";
const BOTH = `${GMAIL_SCOPE} ${PUBSUB_SCOPE}`;
/** Tokens that are good, and what for. */
const grants = new Map<string, { scope: string }>();
const heddle = fakeHeddle();
let gmail: FakeGmail;
let listeners: RunningListener[] = [];

beforeAll(() => {
  // Those of another test's file would be here as well.
  expect(registered().listeners.map(({ name }) => name)).toContain("gmail");
});
afterAll(() => {
  heddle.restore();
  useTokens({ google: undefined });
  // Settings are those of all test files.
  useSettings({
    ...{ MAIL_ADDRESS: undefined, MAIL_PROTOCOL: undefined, MAIL_AUTHSERV_ID: undefined },
    ...{ MAIL_GMAIL_URL: undefined, MAIL_PUBSUB_URL: undefined, MAIL_POLL_SECONDS: undefined },
    ...{ MAIL_PUBSUB_TOPIC: undefined, MAIL_PUBSUB_SUBSCRIPTION: undefined },
    ...{ MAIL_FOLDERS: undefined, MAIL_ANSWER: undefined },
  });
});

beforeEach(() => {
  grants.clear();
  grants.set("Bearer good", { scope: BOTH });
  gmail = startFakeGmail({ address: MAILBOX.user, grantOf: (given) => grants.get(given ?? "") });
  heddle.clear();
  heddle.people.push({ id: ADA, name: "Ada", place: null, status: "allowed" });
  useTokens({ google: "good" });
  useSettings({
    ...{ MAIL_ADDRESS: MAILBOX.user, MAIL_PROTOCOL: "gmail", MAIL_AUTHSERV_ID: "mx.heddle.test" },
    ...{ MAIL_GMAIL_URL: gmail.url, MAIL_PUBSUB_URL: gmail.url, MAIL_POLL_SECONDS: "1" },
    ...{ MAIL_PUBSUB_TOPIC: TOPIC, MAIL_PUBSUB_SUBSCRIPTION: SUBSCRIPTION, MAIL_IMPORT_DAYS: undefined },
    ...{ MAIL_FOLDERS: undefined, MAIL_ANSWER: undefined },
  });
});
afterEach(async () => {
  await Promise.all(listeners.map((one) => one.stop()));
  listeners = [];
  await gmail.stop();
});

async function listening(since: Date | null = null): Promise<RunningListener> {
  const listener = startListener("gmail", { since });
  listeners.push(listener);
  await listener.reported;
  return listener;
}
async function stop(): Promise<void> {
  await Promise.all(listeners.splice(0).map((one) => one.stop()));
}
const arrive = (more: Partial<Letter> & { id: string }, labels?: string[]) =>
  gmail.arrive(letter({ from: ADA, ...more }), labels);
const taken = (): unknown[] => heddle.events.map(({ metadata }) => metadata?.message_id);
const takes = (...ids: string[]) =>
  until(
    () => taken(),
    (found) => found.length === ids.length && ids.every((id, at) => found[at] === `<${id}>`),
  );
const sent = () => gmail.withLabel("SENT");
const answer = (config: Record<string, unknown>, text = "It is.") => deliver("mail", config, text);
const target = (at = 0) => heddle.events[at]?.dispatchConfig as Record<string, unknown>;

test("Pub/Sub tells of new mail, which is acknowledged once it is taken; what came before is left alone", async () => {
  arrive({ id: "old@x" });
  useSettings({ MAIL_POLL_SECONDS: "50" });
  await listening();
  arrive({ id: "new@x" });
  await takes("new@x");
  expect(target()).toMatchObject({ to: ADA, is_trusted: true, in_reply_to: "<new@x>" });
  await until(
    () => gmail.pubsub.subscriptions.get(SUBSCRIPTION)?.notices.length,
    (left) => left === 0,
  );
  arrive({ id: "sent@x" }, ["SENT"]);
  arrive({ id: "draft@x" }, ["DRAFT"]);
  arrive({ id: "spam@x" }, ["SPAM"]);
  const archived = arrive({ id: "archived@x" }, ["UNREAD"]);
  arrive({ id: "next@x" });
  await takes("new@x", "next@x");
  // Into the inbox again, by a filter or by hand.
  gmail.mailbox.addLabels(archived, ["INBOX"]);
  await takes("new@x", "next@x", "archived@x");
});

test("what came while nobody listened is caught up on, page by page, once", async () => {
  await listening();
  await stop();
  const ids = Array.from({ length: 20 }, (_, number) => `missed${number}@x`);
  for (const id of ids) arrive({ id });
  // Dies after some of them, and begins again at what it had not stored.
  const refusal = gmail.refuse("/messages/18900000000a", 400, { times: 99 });
  const first = startListener("gmail", { since: new Date(Date.now() - 1_000) });
  await until(
    () => taken().length,
    (count) => count === 9,
  );
  await first.stop().catch(() => undefined);
  refusal.times = 0;
  await listening(new Date(Date.now() - 1_000));
  await takes(...ids);
});

test("a history that Gmail has forgotten is made up for, from the latest mails", async () => {
  useSettings(WITHOUT_PUBSUB);
  arrive({ id: "known@x" }, ["INBOX"]);
  await listening();
  arrive({ id: "taken@x" });
  await takes("taken@x");
  await stop();
  for (let number = 0; number < 10; number += 1) arrive({ id: `lost${number}@x` });
  gmail.mailbox.forgetHistory();
  await listening(new Date());
  // What came just before the beginning may be among them, since clocks differ.
  const lost = Array.from({ length: 10 }, (_, number) => `lost${number}@x`);
  await until(taken, (found) => found.includes("<lost9@x>"));
  expect(taken().filter((id) => id !== "<known@x>")).toEqual(["<taken@x>", ...lost.map((id) => `<${id}>`)]);
});

test("where Pub/Sub fails, Gmail is asked, and people are told why", async () => {
  gmail.pubsub.topics.set(TOPIC, false);
  const listener = await listening();
  await until(
    () => listener.reports.at(-1),
    (report) => report?.[0] === "degraded" && report[1]?.includes("Error sending test message") === true,
  );
  arrive({ id: "asked@x" });
  await takes("asked@x");
  gmail.pubsub.topics.set(TOPIC, true);
  await until(
    () => listener.reports.at(-1)?.[0],
    (status) => status === "connected",
  );
  // Once a day, or when Gmail would forget it.
  expect(gmail.requests.filter((line) => line.endsWith("/watch")).length).toBeLessThan(5);
});

test("an answer is sent in its thread, and the mail is marked", async () => {
  await listening();
  const first = arrive({ id: "first@x", text: "Is the shed locked?" });
  await takes("first@x");
  const outcome = await answer(target());
  const [mail] = sent();
  expect(mail?.threadId).toBe(first.threadId);
  const parsed = await simpleParser(mail?.source ?? "");
  expect([parsed.inReplyTo, parsed.subject, parsed.text]).toEqual([
    "<first@x>",
    "Re: A question",
    expect.stringContaining("> Is the shed locked?"),
  ]);
  // Gmail gives the mail an id of its own, to which people answer.
  expect(outcome.receipt).toEqual({ message_id: parsed.messageId, mode: "reply" });
  const [label] = [...gmail.mailbox.labels].find(([, name]) => name === "heddle/handled") ?? [];
  expect(first.labelIds).toContain(label ?? "?");
  arrive({ id: "second@x", inReplyTo: parsed.messageId ?? "" });
  await takes("first@x", "second@x");
  expect(heddle.events[1]?.clientId).toBe(heddle.events[0]?.clientId ?? "");
  // The label was deleted meanwhile.
  gmail.mailbox.labels.delete(label ?? "");
  await answer(target(1));
  expect([...gmail.mailbox.labels.values()]).toContain("heddle/handled");
});

test("an answer whose outcome nobody knows is sent once, also beside a thread that is gone", async () => {
  await listening();
  const first = arrive({ id: "first@x" });
  await takes("first@x");
  gmail.refuse("/messages/send", 503, { isDone: true });
  const outcome = await answer(target());
  expect(outcome.attempts).toBe(2);
  expect(sent()).toHaveLength(1);
  gmail.mailbox.messages.delete(first.id);
  gmail.mailbox.messages.delete(sent()[0]?.id ?? "");
  gmail.refuse("/messages/send", 503, { isDone: true });
  await answer(target(), "Once more.");
  expect(sent()).toHaveLength(1);
});

test("drafts are put into the thread, once", async () => {
  useSettings({ MAIL_ANSWER: "draft" });
  await listening();
  const { threadId } = arrive({ id: "first@x" });
  await takes("first@x");
  gmail.refuse("/drafts", 503, { isDone: true });
  expect((await answer(target())).receipt).toMatchObject({ mode: "draft" });
  expect(sent()).toHaveLength(0);
  expect(gmail.withLabel("DRAFT").map((one) => one.threadId)).toEqual([threadId]);
});

test("limits are waited for, and a mail that Gmail will never take is given up", async () => {
  await listening();
  arrive({ id: "first@x" });
  await takes("first@x");
  gmail.refuse("/messages/send", 403, { reason: "userRateLimitExceeded" });
  expect((await answer(target())).attempts).toBe(2);
  gmail.refuse("/messages/send", 400, { reason: "invalidArgument", times: 9 });
  const refused = await answer(target(), "Again.").catch((error: unknown) => error);
  expect(refused).toMatchObject({ attempts: 1, error: expect.any(Permanent) });
  // Reading waits by itself.
  gmail.refuse("/history", 403, { reason: "rateLimitExceeded", times: 1 });
  arrive({ id: "second@x" });
  await takes("first@x", "second@x");
});

test("a token that has ended is exchanged, and one that covers too little is told to people", async () => {
  useTokens({ google: ["ended", "good"] });
  await listening();
  await stop();
  grants.set("Bearer good", { scope: PUBSUB_SCOPE });
  const refused = startListener("gmail");
  expect(await refused.reported.catch((error: Error) => error.message)).toContain("agree to all of it");
  await refused.stop().catch(() => undefined);
  grants.clear();
  const ended = startListener("gmail");
  expect(await ended.reported.catch((error: Error) => error.name)).toBe("ReauthRequired");
  await ended.stop().catch(() => undefined);
});

test("the account is Google's, whatever is set for IMAP, and is asked for what is used", () => {
  const google = () => registered().oauth.find(({ name }) => name === "google");
  expect(google()?.when?.()).toBe(true);
  expect(google()?.provider().scope).toBe(BOTH);
  useSettings(WITHOUT_PUBSUB);
  expect(google()?.provider().scope).toBe(GMAIL_SCOPE);
  useSettings({ MAIL_PROTOCOL: undefined });
  expect(google()?.when?.()).toBe(false);
});

test("a network that vanishes is noticed, told, and listened over again", async () => {
  const proxy = await startCuttingProxy(gmail.port);
  const url = `http://127.0.0.1:${proxy.port}`;
  useSettings({ MAIL_GMAIL_URL: url, MAIL_PUBSUB_URL: url });
  const listener = registered().listeners.find(({ name }) => name === "gmail");
  if (!listener) throw new Error("There is no listener.");
  const reports: string[] = [];
  const loop = startLoop({
    listener: { ...listener, silenceSeconds: 2 },
    name: "gmail",
    since: async () => null,
    report: (status) => void reports.push(status),
    alive: () => undefined,
    log: getLogger("test"),
    now: () => performance.now(),
    sleep: (_ms, signal) => Bun.sleep(20).then(() => signal.throwIfAborted()),
    random: () => 0,
  });
  try {
    await until(() => gmail.requests.filter((line) => line.endsWith("/history")).length > 3);
    // Connections that carry nothing any more cost no more than a pause, since each request may take another one.
    proxy.cut();
    arrive({ id: "cut@x" });
    await takes("cut@x");
    // On a busy machine the pause may be longer than what may pass unsaid; then it is said, once.
    expect(reports.slice(0, 2)).toEqual(["connecting", "connected"]);
    expect(reports.filter((status) => status === "degraded").length).toBeLessThan(2);
    await until(
      () => reports,
      (told) => told.at(-1) === "connected",
    );
    gmail.setSilent(true);
    arrive({ id: "unheard@x" });
    await until(
      () => reports,
      (told) => told.at(-1) === "degraded",
    );
    gmail.setSilent(false);
    await until(
      () => reports,
      (told) => told.at(-1) === "connected",
    );
    await takes("cut@x", "unheard@x");
  } finally {
    await loop.stop();
    proxy.stop();
  }
});

test("the connection is tested with all that is used", async () => {
  const { signal } = new AbortController();
  const check = async () => registered().integration?.testConnection?.({ signal });
  expect(await check()).toBe(`Signed in as ${MAILBOX.user}, over the Gmail API. Pub/Sub tells of new mail.`);
  const one = gmail.pubsub.subscriptions.get(SUBSCRIPTION);
  if (one) one.isAllowed = false;
  await expect(check()).rejects.toThrow('give it the role "Pub/Sub Subscriber"');
  useSettings({ MAIL_PUBSUB_SUBSCRIPTION: undefined });
  await expect(check()).rejects.toThrow("must both be set, or neither");
  useSettings({ MAIL_FOLDERS: "INBOX, Wörk" });
  await expect(check()).rejects.toThrow('there is no "Wörk"');
  useSettings({ MAIL_FOLDERS: "SENT" });
  await expect(check()).rejects.toThrow("what is there is not answered");
  useSettings({ MAIL_FOLDERS: undefined, MAIL_ADDRESS: "another@heddle.test" });
  await expect(check()).rejects.toThrow(`the mailbox that was signed in, ${MAILBOX.user}`);
  useSettings({ MAIL_ADDRESS: "", MAIL_PROTOCOL: "imap" });
  await expect(check()).rejects.toThrow("MAIL_ADDRESS must be set to the address of the mailbox.");
});

test("Gmail's words about a limit are a time", async () => {
  const { ask } = await import("../../integrations/mail/gmail/client.ts");
  const at = new Date(Date.now() + 90_000).toISOString();
  const body = { error: { code: 429, message: `User-rate limit exceeded.  Retry after ${at}` } };
  const error = await ask(Promise.resolve(Response.json(body, { status: 429 }))).catch(
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(Retryable);
  expect((error as Retryable).retryAfterSeconds).toBeWithin(80, 92);
  expect(headerOf(Buffer.from("A: 1\r\n\r\n"), "a")).toBe("1");
});

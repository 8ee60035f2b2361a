// The tools of mail, the same at each kind of mailbox: Gmail over IMAP, any provider over IMAP, and Gmail over its API.

import { afterAll, afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { ToolContext } from "heddle/sdk";
import { fakeHeddle, toolContext, useSettings, useTokens } from "heddle/sdk/testing";
import { simpleParser } from "mailparser";
import { takeMail } from "../../integrations/mail/take-mail.ts";
import { draftMail } from "../../integrations/mail/tools/draft.ts";
import { readOne, searchMail } from "../../integrations/mail/tools/read.ts";
import { labelMail, moveMail, trashMail } from "../../integrations/mail/tools/sort.ts";
import { GMAIL_SCOPE, PUBSUB_SCOPE, startFakeGmail } from "../fakes/gmail/fake-gmail.ts";
import { startGmailImap } from "../fakes/gmail-imap/server.ts";
import { hasDovecot, MAILBOX, startDovecot } from "./dovecot.ts";
import { type Letter, letter } from "./letter.ts";

interface Box {
  settings: Record<string, string | undefined>;
  arrive(source: string): unknown;
  drafts(): Promise<string[]> | string[];
  stop(): unknown;
}

const BOXES: Record<string, () => Promise<Box>> = {
  async "Gmail over IMAP"() {
    const gmail = await startGmailImap(MAILBOX);
    return {
      settings: { MAIL_IMAP_PORT: String(gmail.port) },
      arrive: (source) => gmail.arrive(source),
      drafts: () =>
        gmail.mailbox.messages
          .filter(({ labels }) => labels.has("\\Draft"))
          .map(({ source }) => String(source)),
      async stop() {
        // The strict server had nothing to refuse.
        expect(gmail.refusals).toEqual([]);
        await gmail.stop();
      },
    };
  },
  ...(hasDovecot && {
    async "IMAP of any provider"() {
      const dovecot = await startDovecot();
      return {
        settings: { MAIL_IMAP_PORT: String(dovecot.port) },
        arrive: dovecot.arrive,
        drafts: async () => (await dovecot.mailsIn("Drafts")).map(({ source }) => source),
        stop: dovecot.stop,
      };
    },
  }),
  async "Gmail over its API"() {
    const gmail = startFakeGmail({
      address: MAILBOX.user,
      grantOf: () => ({ scope: `${GMAIL_SCOPE} ${PUBSUB_SCOPE}` }),
    });
    useTokens({ google: "good" });
    return {
      settings: { MAIL_PROTOCOL: "gmail", MAIL_GMAIL_URL: gmail.url },
      arrive: (source) => gmail.arrive(source),
      drafts: () => gmail.withLabel("DRAFT").map(({ source }) => String(source)),
      stop: gmail.stop,
    };
  },
};

interface Shown {
  mail: string;
  from: string;
  subject: string;
  is_proven: boolean;
  unread: boolean;
  starred: boolean;
  labels: string[];
  thread: string;
}

const heddle = fakeHeddle();
const NAMES = [
  "MAIL_ADDRESS",
  "MAIL_PASSWORD",
  "MAIL_TLS",
  "MAIL_IMAP_HOST",
  "MAIL_IMAP_PORT",
  "MAIL_PROTOCOL",
];
const forget = () =>
  useSettings(
    Object.fromEntries([...NAMES, "MAIL_GMAIL_URL", "MAIL_AUTHSERV_ID"].map((name) => [name, undefined])),
  );
afterAll(() => {
  heddle.restore();
  useTokens({ google: undefined });
  forget();
});

const stranger = (client_id = "telegram:7"): ToolContext =>
  toolContext({ answers_stranger: true, client_id });
const search = async (wanted: object, ctx = toolContext()) =>
  (await searchMail(wanted, ctx)) as { mails: Shown[]; has_more: boolean; error?: string };
const one = async (wanted: object): Promise<Shown> => {
  const { mails } = await search(wanted);
  expect(mails).toHaveLength(1);
  return mails[0] as Shown;
};

for (const [name, start] of Object.entries(BOXES)) {
  describe(name, () => {
    let box: Box;
    beforeEach(async () => {
      forget();
      heddle.clear();
      box = await start();
      useSettings({
        ...{ MAIL_ADDRESS: MAILBOX.user, MAIL_PASSWORD: MAILBOX.pass, MAIL_TLS: "off" },
        ...{ MAIL_IMAP_HOST: "127.0.0.1", MAIL_AUTHSERV_ID: "mx.heddle.test", ...box.settings },
      });
    });
    afterEach(async () => box.stop());
    const arrive = (mail: Letter) => box.arrive(letter(mail));

    test("mails are found by who wrote them, by words, and as a thread, newest first", async () => {
      await arrive({ id: "1@x", from: "Ada <ada@friends.test>", subject: "Roof", text: "It leaks." });
      await arrive({
        id: "2@x",
        from: "Bob <bob@friends.test>",
        subject: "Re: Roof",
        text: "I come.",
        inReplyTo: "<1@x>",
        references: "<1@x>",
      });
      await arrive({
        id: "3@x",
        from: "Zoë <zoe@friends.test>",
        subject: "Lunch",
        text: "Käse?",
        isProven: false,
      });
      expect(await one({ from: "ada@friends.test" })).toMatchObject({
        ...{ from: "Ada <ada@friends.test>", subject: "Roof", is_proven: true, unread: true },
      });
      expect((await one({ text: "I come" })).subject).toBe("Re: Roof");
      expect(await one({ subject: "Lunch" })).toMatchObject({ is_proven: false });
      const { thread } = await one({ from: "ada" });
      expect((await search({ thread })).mails.map(({ subject }) => subject)).toEqual(["Re: Roof", "Roof"]);
      expect(await search({ limit: 1 })).toMatchObject({ mails: [{ subject: "Lunch" }], has_more: true });
      expect((await search({ after: "2001-01-01", before: "2001-01-02" })).mails).toEqual([]);
      expect(await search({ folder: "Nowhere" })).toEqual({
        error: 'The mailbox has no folder or label "Nowhere".',
      } as never);
    });

    test("a mail is read as a person sees it, without being marked as read", async () => {
      await arrive({
        id: "1@x",
        from: "ada@friends.test",
        text: "Yes.\n\nOn 1 May 2026, Bob wrote:\n> Will you?",
      });
      const { mail } = await one({});
      const read = (await readOne({ mail }, toolContext())) as Record<string, unknown>;
      expect(read).toMatchObject({ text: "Yes.", to: [MAILBOX.user], is_automatic: false, files: [] });
      expect(read.quoted_characters).toBeGreaterThan(10);
      expect(await readOne({ mail, history: true }, toolContext())).toMatchObject({
        quoted: expect.stringContaining("> Will you?"),
      });
      expect((await one({})).unread).toBe(true);
      const gone = "1.999.INBOX";
      expect(await readOne({ mail: gone }, toolContext())).toEqual({
        error: expect.stringContaining("no such mail"),
      });
    });

    test("labels, read and starred are set and taken away", async () => {
      await arrive({ id: "1@x" });
      const { mail } = await one({});
      expect(
        await labelMail({ mail, add: ["Invoices"], unread: false, starred: true }, toolContext()),
      ).toEqual({
        ...{ mail, labels: ["Invoices"], unread: false, starred: true },
      });
      expect(await labelMail({ mail, remove: ["Invoices"], unread: true }, toolContext())).toEqual({
        ...{ mail, labels: [], unread: true, starred: true },
      });
      // What only mail_trash may do.
      for (const label of ["TRASH", "Spam", "\\Deleted", "[Gmail]/Trash", "inbox"])
        expect(await labelMail({ mail, add: [label] }, toolContext())).toEqual({
          error: expect.stringContaining("people's own"),
        });
    });

    test("a mail goes into the trash, and cannot be moved there as into a folder", async () => {
      await arrive({ id: "1@x" });
      const { mail } = await one({});
      for (const folder of ["Trash", "[Gmail]/Trash", "Sent", "Drafts"])
        expect(await moveMail({ mail, to: "folder", folder }, toolContext())).toHaveProperty("error");
      expect(await trashMail({ mail }, toolContext())).not.toHaveProperty("error");
      expect((await search({})).mails).toEqual([]);
    });

    test("a draft answers a mail in its thread, and is there once, however often its call is made", async () => {
      await arrive({ id: "1@x", from: "Ada <ada@friends.test>", subject: "Roof", text: "It leaks." });
      const { mail } = await one({});
      for (let time = 0; time < 2; time++)
        expect(
          await draftMail({ reply_to: mail, text: "I *come*." }, toolContext({ call_id: "call-7" })),
        ).toMatchObject({ message: expect.stringContaining("A person has to send it") });
      const drafts = await box.drafts();
      expect(drafts).toHaveLength(1);
      const draft = await simpleParser(drafts[0] ?? "");
      expect(draft.subject).toBe("Re: Roof");
      expect(draft.inReplyTo).toBe("<1@x>");
      expect(draft.to).toMatchObject({ text: "ada@friends.test" });
      expect(draft.text).toContain("> It leaks.");
      expect(await draftMail({ text: "Hi", to: "bob@x.test" }, toolContext())).toHaveProperty("error");
      await draftMail({ text: "Hi", to: "bob@x.test", subject: "News" }, toolContext({ call_id: "call-8" }));
      expect(await box.drafts()).toHaveLength(2);
    });

    test("a stranger's run reaches the mails of its own conversation, and nothing else", async () => {
      await arrive({ id: "private@x", from: "ada@friends.test", subject: "The code is 1234" });
      await arrive({ id: "own@x", from: "eve@evil.test", subject: "Hello" });
      const [secret, own] = [await one({ from: "ada" }), await one({ from: "eve" })];
      const place = { folder: "INBOX", uidValidity: "1", uid: 1 };
      await takeMail(
        Buffer.from(letter({ id: "own@x", from: "eve@evil.test" }).replaceAll("\n", "\r\n")),
        place,
      );
      const ctx = stranger(heddle.events[0]?.clientId);
      expect((await search({}, ctx)).error).toContain("cannot search");
      for (const refused of [
        readOne({ mail: secret.mail }, ctx),
        labelMail({ mail: secret.mail, add: ["X"] }, ctx),
        moveMail({ mail: secret.mail, to: "archive" }, ctx),
        trashMail({ mail: secret.mail }, ctx),
        draftMail({ reply_to: secret.mail, text: "Hi" }, ctx),
        draftMail({ reply_to: own.mail, to: "elsewhere@evil.test", text: "Hi" }, ctx),
        readOne({ mail: own.mail }, stranger()),
      ])
        expect(await refused).toEqual({ error: expect.stringContaining("not allowed") });
      expect(await readOne({ mail: own.mail }, ctx)).toMatchObject({ subject: "Hello" });
      expect(await labelMail({ mail: own.mail, add: ["Enquiries"] }, ctx)).toMatchObject({
        labels: ["Enquiries"],
      });
    });
  });
}

test("over the Gmail API, the mails of a search are read at once, and are shown in their order", async () => {
  const gmail = startFakeGmail({
    address: MAILBOX.user,
    grantOf: () => ({ scope: `${GMAIL_SCOPE} ${PUBSUB_SCOPE}` }),
  });
  try {
    forget();
    useTokens({ google: "good" });
    useSettings({ MAIL_ADDRESS: MAILBOX.user, MAIL_PROTOCOL: "gmail", MAIL_GMAIL_URL: gmail.url });
    for (let at = 1; at <= 20; at++) gmail.arrive(letter({ id: `${at}@x`, subject: `Number ${at}` }));
    gmail.slowDown(20);
    const { mails } = await search({ text: "Number", limit: 20 });
    expect(mails.map(({ subject }) => subject)).toEqual(
      Array.from({ length: 20 }, (_, at) => `Number ${20 - at}`),
    );
    // As many as Gmail takes from one program, and no more.
    expect(gmail.mostAtOnce).toBeWithin(2, 9);
  } finally {
    await gmail.stop();
  }
});

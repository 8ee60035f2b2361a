// What only mail has.

import { expect } from "bun:test";
import { type ParsedMail, simpleParser } from "mailparser";
import { type Dovecot, MAILBOX } from "../../mail/dovecot.ts";
import { letter } from "../../mail/letter.ts";
import type { Smtp } from "../../mail/smtp.ts";
import type { OwnCase } from "../driver.ts";
import { eventually } from "../eventually.ts";
import type { World } from "../world.ts";

const answersTo = async (smtp: Smtp, address: string, count: number): Promise<ParsedMail[]> => {
  const sent = await eventually(
    () => smtp.sent.filter(({ to }) => to.includes(address)),
    (mails) => mails.length >= count,
  );
  return Promise.all(sent.map(({ source }) => simpleParser(source)));
};

export const mailCases = (dovecot: Dovecot, smtp: Smtp): OwnCase[] => [
  {
    name: "an answer quotes, is kept among the sent mails, and the mail is marked",
    async run(world) {
      await world.allow("mail", "ada@friends.test");
      const first = { id: "first@friends.test", from: "Ada <ada@friends.test>", text: "Is the shed locked?" };
      await dovecot.arrive(letter(first));
      const [answer] = await answersTo(smtp, "ada@friends.test", 1);
      expect(answer?.inReplyTo).toBe("<first@friends.test>");
      expect(answer?.references).toBe("<first@friends.test>");
      expect(answer?.subject).toBe("Re: A question");
      expect(answer?.from?.value[0]?.address).toBe(MAILBOX.user);
      expect(answer?.messageId).toMatch(/^<heddle\.[0-9a-f-]+@heddle\.test>$/);
      expect(answer?.headers.get("auto-submitted")).toBe("auto-replied");
      expect(answer?.text).toContain("> Is the shed locked?");
      expect(answer?.html).toContain("<blockquote");
      await eventually(
        async () => (await dovecot.mailsIn("Sent")).map(({ source }) => source),
        (sources) => sources.some((source) => source.includes(answer?.messageId ?? "?")),
      );
      await eventually(
        async () =>
          (await dovecot.mailsIn("INBOX")).find(({ source }) => source.includes("<first@friends.test>")),
        (mail) => mail?.flags.includes("heddle/handled") === true && mail.flags.includes("\\Answered"),
      );
    },
  },
  {
    name: "strangers get drafts; lists get nothing",
    async run() {
      const from = "eve@friends.test";
      await dovecot.arrive(
        letter({ id: "list@friends.test", from, header: "List-Id: <news.friends.test>" }),
        // Whoever pretends to be somebody allowed is a stranger: this server has not proven it.
        letter({ id: "forged@x", from: "person0@friends.test", subject: "Forged", isProven: false }),
      );
      const [draft] = await eventually(
        async () => (await dovecot.mailsIn("Drafts")).filter(({ source }) => source.includes("Forged")),
        (mails) => mails.length > 0,
      );
      const { subject, inReplyTo } = await simpleParser(draft?.source ?? "");
      expect([subject, inReplyTo]).toEqual(["Re: Forged", "<forged@x>"]);
      const drafts = (await dovecot.mailsIn("Drafts")).filter(({ source }) => source.includes("eve@"));
      expect(drafts).toEqual([]);
    },
  },
  {
    name: "an answer of yes from whoever was asked decides on a call",
    async run() {
      const from = "person0@friends.test";
      await dovecot.arrive(letter({ id: "ask@friends.test", from, text: "{q999998} [ask]" }));
      const isInThread = ({ references }: ParsedMail) =>
        [references ?? []].flat().includes("<ask@friends.test>");
      const thread = async () =>
        (await answersTo(smtp, from, 0)).filter(isInThread).map(({ text = "", messageId = "" }) => ({
          ...{ text, messageId },
        }));
      const [question] = await eventually(thread, (found) => found.length === 1);
      expect(question?.text).toContain("create_schedule");
      const reply = { from, inReplyTo: question?.messageId ?? "", references: "<ask@friends.test>" };
      await dovecot.arrive(
        letter({ ...reply, id: "forged-yes@friends.test", text: "Yes.", isProven: false }),
        letter({ ...reply, id: "yes@friends.test", text: "Yes." }),
      );
      await eventually(thread, (found) => found.some(({ text }) => text.includes("Answer to {q999998}")));
      // The answer was a decision, and is no message.
      expect((await thread()).filter(({ text }) => text.includes("Answer to"))).toHaveLength(1);
    },
  },
  {
    name: "a mail that the server refuses for good is given up",
    async run(world) {
      await world.allow("mail", "gone@elsewhere.test");
      smtp.refusals.set("gone@elsewhere.test", 550);
      await dovecot.arrive(letter({ id: "gone@elsewhere.test", from: "gone@elsewhere.test" }));
      const [dead] = await eventually(
        async () => (await world.get("/deliveries?status=dead&dispatch_type=mail")).deliveries,
        (found) => found.length === 1,
      );
      expect(dead.last_error).toContain("550");
    },
  },
];

export const mailCasesAtTheEnd = (dovecot: Dovecot, smtp: Smtp): OwnCase[] => [
  {
    name: "new UIDs bring nothing twice",
    async run(world) {
      await dovecot.renewUids();
      await dovecot.arrive(letter({ id: "fourth@friends.test", from: "ada@friends.test" }));
      const answers = await answersTo(smtp, "ada@friends.test", 2);
      expect(answers.map(({ inReplyTo }) => inReplyTo)).toEqual([
        "<first@friends.test>",
        "<fourth@friends.test>",
      ]);
      await eventually(
        () => imap(world),
        (found) => found?.status === "connected",
      );
    },
  },
  {
    name: "the connection can be tested, and a refused password is told to people",
    async run(world) {
      const tested = await world.send("/admin/integrations/mail/test-connection", {});
      expect(JSON.stringify(tested)).toContain(`Signed in as ${MAILBOX.user}`);
      const settings = { MAIL_PASSWORD: "another-password-altogether" };
      await world.send("/admin/integrations/mail/settings", { settings }, "PUT");
      const refused = await eventually(
        () => imap(world),
        (found) => found?.status === "reauth_required",
      );
      expect(refused?.detail).toContain("does not accept");
      const { repairs } = await world.get("/repairs");
      expect(repairs.map(({ kind }: { kind: string }) => kind)).toContain("connection_unauthorized");
    },
  },
];

const imap = (world: World) => world.connection("mail", "imap");

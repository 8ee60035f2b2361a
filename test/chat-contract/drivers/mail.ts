// Mail: a real IMAP server, and an SMTP server that keeps what it is sent. Each room is somebody who writes to the mailbox.

import { type ParsedMail, simpleParser } from "mailparser";
import { startCuttingProxy } from "../../fakes/cutting-proxy.ts";
import { MAILBOX, startDovecot } from "../../mail/dovecot.ts";
import { letter } from "../../mail/letter.ts";
import { type SentMail, startSmtp } from "../../mail/smtp.ts";
import type { ChatDriver, Said } from "../driver.ts";
import { mailCases, mailCasesAtTheEnd } from "../own/mail.ts";
import type { World } from "../world.ts";

const PEOPLE = Array.from({ length: 20 }, (_, number) => `person${number}@friends.test`);

export async function mailDriver(): Promise<ChatDriver> {
  const [dovecot, smtp] = [await startDovecot(), await startSmtp()];
  const proxy = await startCuttingProxy(dovecot.port);
  // What came before Heddle is not answered.
  await dovecot.arrive(letter({ id: "old@friends.test", from: PEOPLE[1] ?? "", text: "{q999999}" }));
  let world: World | undefined;
  let people = 0;
  let mails = 0;
  const sources = new Map<string, string>();
  const known = new Map<SentMail, Promise<ParsedMail>>();
  function read(mail: SentMail): Promise<ParsedMail> {
    const parsed = known.get(mail) ?? simpleParser(mail.source);
    known.set(mail, parsed);
    return parsed;
  }
  async function textsOf({ room, conversation }: Said): Promise<string[]> {
    const mails = await Promise.all(smtp.sent.filter(({ to }) => to.includes(room)).map(read));
    return mails
      .filter(({ references }) => [references ?? []].flat().includes(`<${conversation}>`))
      .map(({ text = "" }) => text);
  }
  const at = (link: string, method: "GET" | "POST") =>
    fetch(`${world?.url}${new URL(link).pathname}`, { method });
  return {
    ...{ name: "mail", integration: "mail", listener: "imap", limit: 1_000_000 },
    lacks: {
      reaction: "Mail has no reactions.",
      "format fallback": "Each mail has its text beside the HTML.",
      correction: "What was sent cannot be changed.",
      "rate limit": "SMTP servers do not say how long to wait.",
      streaming: "Nobody can watch a mail being written.",
      meanwhile: "What was sent is neither changed nor deleted.",
      "conversation gone": "What was sent cannot be deleted.",
      "out of order": "Mails are not edited.",
      "shown and gone": "Nothing is shown before it is finished.",
      "limit amid": "Nothing is shown before it is finished.",
    },
    mayDouble: "A server that dies after it has sent a mail sends it again, under the same id.",
    environment: {
      ...{ MAIL_ADDRESS: MAILBOX.user, MAIL_PASSWORD: MAILBOX.pass, MAIL_TLS: "off" },
      ...{ MAIL_IMAP_HOST: "127.0.0.1", MAIL_IMAP_PORT: String(proxy.port) },
      ...{ MAIL_SMTP_HOST: "127.0.0.1", MAIL_SMTP_PORT: String(smtp.port) },
      ...{ MAIL_AUTHSERV_ID: "mx.heddle.test", MAIL_POLL_SECONDS: "1" },
    },
    approver: `mail:${PEOPLE[0]}`,
    questionStays: "A mail that was sent cannot be changed; its links say that it is decided.",
    async prepare(given) {
      world = given;
      for (const person of PEOPLE) await given.allow("mail", person);
    },
    roomFor: { approval: () => PEOPLE[0] ?? "" },
    room: () => PEOPLE[++people] ?? "none is left",
    async say(room, text, after) {
      const id = `q${++mails}@friends.test`;
      const source = letter({
        ...{ id, from: room, text },
        ...(after && { inReplyTo: `<${after.id}>`, references: `<${after.conversation}>` }),
      });
      sources.set(id, source);
      await dovecot.arrive(source);
      return { room, id, conversation: after?.conversation ?? id };
    },
    redeliver: ({ id }) => dovecot.arrive(sources.get(id) ?? ""),
    echo: ({ conversation }, text) =>
      dovecot.arrive(
        letter({ id: `own${++mails}@heddle.test`, from: MAILBOX.user, text, inReplyTo: `<${conversation}>` }),
      ),
    saysBot: ({ room, conversation }, text) =>
      dovecot.arrive(
        letter({
          ...{ id: `auto${++mails}@friends.test`, from: room, text, inReplyTo: `<${conversation}>` },
          header: "Auto-Submitted: auto-replied",
        }),
      ),
    posts: textsOf,
    async question(said) {
      const text = (await textsOf(said)).find((one) => one.includes("May it?"));
      const link = /https:\S+\/decisions\/\S+/.exec(text ?? "")?.[0];
      if (text === undefined || link === undefined) return undefined;
      // Opening the link decides nothing.
      return { text, yes: (await at(link, "GET")).ok ? link : undefined };
    },
    forge: async (_said, { yes = "" }) => (await at(`${yes.slice(0, -1)}~`, "POST")).text(),
    async press(_said, { yes = "" }) {
      const answer = await at(yes, "POST");
      return answer.ok ? "" : answer.text();
    },
    trouble(room) {
      smtp.refusals.set(room, 451);
      return () => void smtp.refusals.delete(room);
    },
    connections: () => proxy.connections,
    drop: proxy.drop,
    cut: proxy.cut,
    own: mailCases(dovecot, smtp),
    ownLast: mailCasesAtTheEnd(dovecot, smtp),
    async stop() {
      proxy.stop();
      await smtp.stop();
      await dovecot.stop();
    },
  };
}

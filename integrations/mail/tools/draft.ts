// A draft, which a person reads and sends.

import { register, t } from "heddle/sdk";
import type { FoundMail } from "../browse/browser.ts";
import { NotPossible } from "../browse/not-possible.ts";
import { compose, type Quoted } from "../compose.ts";
import { ownAddresses, usesGmailApi } from "../config.ts";
import type { Mail } from "../mail.ts";
import { quoteOf } from "../quote.ts";
import { mailService } from "../service.ts";
import { ANSWERABLE, LONGEST_ADDRESS, type Target } from "../target.ts";
import { inMailbox, reached, refuseStrangers } from "./_reach.ts";
import { MAIL } from "./_schema.ts";

export const draftMail = register(
  {
    name: "mail_draft",
    // Repeated, it is the same draft, found by the id of the call. Nobody but the mailbox's owner sees it, so that it reaches nobody outside.
    annotations: { idempotent: true },
    description:
      "Put a mail among the drafts, for a person to send. Give `reply_to` to answer a mail in its thread, or `to` and `subject` for a new one.",
    parameters: t.Object({
      reply_to: t.Optional(MAIL),
      to: t.Optional(
        t.String({
          ...{ pattern: ANSWERABLE.source, maxLength: LONGEST_ADDRESS },
          description: "One address. Default: who wrote the mail that is answered",
        }),
      ),
      subject: t.Optional(
        t.String({ minLength: 1, maxLength: 500, description: "Default: that of the mail" }),
      ),
      text: t.String({ minLength: 1, maxLength: 50_000, description: "Markdown" }),
    }),
  },
  ({ reply_to, to, subject, text }, ctx) =>
    inMailbox(async () => {
      if (to !== undefined || reply_to === undefined)
        refuseStrangers(ctx, "only answers to its own mails can be drafted");
      const answered = reply_to === undefined ? undefined : await reached(reply_to, ctx);
      const target = answered ? replyTo(answered, { to, subject }) : newMail(to, subject);
      const quoted: Quoted | null = answered ? await quoteOf(answered.found.source) : null;
      const mail = await compose({
        ...{ target, text, files: [], quoted, deliveryId: ctx.call_id, date: new Date() },
      });
      await mailService().putDraft(mail, target, { mayBeDone: true, signal: ctx.signal });
      return { message: `A draft to ${target.to} is in the mailbox. A person has to send it.` };
    }),
);

interface Given {
  to: string | undefined;
  subject: string | undefined;
}

function newMail(to: string | undefined, subject: string | undefined): Target {
  if (to === undefined || subject === undefined)
    throw new NotPossible("Give to and subject, or reply_to to answer a mail.");
  return { to, subject };
}

function replyTo({ found, mail }: { found: FoundMail; mail: Mail }, { to, subject }: Given): Target {
  const own = ownAddresses();
  const author = mail.replyTo ?? mail.from;
  // One's own mail is continued to those to whom it went.
  const other =
    author && !own.includes(author.address) ? author : mail.to.find(({ address }) => !own.includes(address));
  const addressee = to ?? other?.address;
  if (addressee === undefined) throw new NotPossible("The mail names nobody to answer; give to.");
  const alias = mail.to.map(({ address }) => address).find((address) => own.includes(address));
  return {
    ...{ to: addressee, subject: subject ?? mail.subject, references: mail.references },
    ...(alias !== undefined && { from: alias }),
    ...(mail.hasId && { in_reply_to: mail.id }),
    // At Gmail a draft joins the thread that it names.
    ...(usesGmailApi() && found.thread !== null && { gmail_thread_id: found.thread }),
  };
}

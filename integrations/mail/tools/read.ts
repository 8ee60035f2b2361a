// Tools that look into the mailbox. They reach out as well, since a stranger elsewhere, such as in a chat, gets the answer: what is read for
// them waits for a person.

import { register, t } from "heddle/sdk";
import { type FoundMail, mailBrowser } from "../browse/browser.ts";
import { NotPossible } from "../browse/not-possible.ts";
import { type Mail, type Person, readMail } from "../mail.ts";
import { inMailbox, reached, refuseStrangers } from "./_reach.ts";
import { MAIL } from "./_schema.ts";

const DEFAULT_LIMIT = 20;
const MOST = 50;
const words = (description: string) => t.Optional(t.String({ minLength: 1, maxLength: 200, description }));
const day = (description: string) =>
  t.Optional(t.String({ pattern: "^\\d{4}-\\d{2}-\\d{2}$", description: `${description}: 2026-01-31` }));

export const searchMail = register(
  {
    name: "mail_search",
    annotations: { readOnly: true, egress: true },
    description:
      "Search the mailbox; newest first. All that you give must fit. Without `folder`, Gmail's whole mailbox is searched, and the inbox elsewhere.",
    parameters: t.Object({
      text: words("Words in the mail"),
      from: words("Part of the sender's name or address"),
      to: words("Part of a recipient's name or address"),
      subject: words("Words in the subject"),
      after: day("On this day or later"),
      before: day("Before this day"),
      unread: t.Optional(t.Boolean()),
      folder: words("A folder, or at Gmail a label"),
      thread: t.Optional(
        t.String({
          pattern: '^[^\\s"]{1,998}$',
          description: "`thread` of a mail: all mails of that conversation",
        }),
      ),
      gmail: words("Only for Gmail: a search as in its search box, such as has:attachment newer_than:7d"),
      limit: t.Optional(t.Integer({ minimum: 1, maximum: MOST, description: `Default ${DEFAULT_LIMIT}` })),
    }),
  },
  ({ after, before, limit = DEFAULT_LIMIT, ...wanted }, ctx) =>
    inMailbox(async () => {
      refuseStrangers(ctx, "it cannot search the mailbox");
      const days = { after: dayOf("after", after), before: dayOf("before", before) };
      const { mails, hasMore } = await mailBrowser().search({ ...wanted, ...days, limit }, ctx.signal);
      const shown = await Promise.all(
        mails.map(async (found) => {
          const mail = await readMail(found.source);
          return about(found, mail);
        }),
      );
      return { mails: shown, has_more: hasMore };
    }),
);

export const readOne = register(
  {
    name: "mail_read",
    annotations: { readOnly: true, egress: true },
    description: "Read one mail: who wrote it, its text as a person sees it, and which files are in it.",
    parameters: t.Object({
      mail: MAIL,
      history: t.Optional(t.Boolean({ description: "Also what it quotes of earlier mails, or forwards" })),
    }),
  },
  ({ mail: id, history = false }, ctx) =>
    inMailbox(async () => {
      const { found, mail } = await reached(id, ctx);
      const { text, quoted, hidden, files, to, isFromMachine } = mail;
      return {
        ...about(found, mail),
        ...{ to: to.slice(0, MOST).map(shownPerson), is_automatic: isFromMachine, text },
        ...(history ? { quoted } : { quoted_characters: quoted.length }),
        ...(hidden > 0 && { hidden_characters: hidden }),
        files: files.slice(0, MOST).map(({ name, type, data }) => ({ name, type, bytes: data.length })),
      };
    }),
);

function about({ id, labels, isUnread, isStarred, thread }: FoundMail, mail: Mail) {
  const { from, subject, date, isAuthentic, references, inReplyTo } = mail;
  return {
    ...{ mail: id, from: from ? shownPerson(from) : null, is_proven: isAuthentic, subject },
    date: date && !Number.isNaN(date.getTime()) ? date.toISOString() : null,
    ...{ unread: isUnread, starred: isStarred, labels },
    thread: thread ?? references[0] ?? inReplyTo ?? mail.id,
  };
}

const shownPerson = ({ name, address }: Person): string => (name === "" ? address : `${name} <${address}>`);

function dayOf(name: string, text: string | undefined): Date | undefined {
  if (text === undefined) return undefined;
  const found = new Date(`${text}T00:00:00Z`);
  if (!Number.isNaN(found.getTime())) return found;
  throw new NotPossible(`${name} must be a day, such as 2026-01-31; got ${text}.`);
}

// Tools that put mails in order.

import { register, t } from "heddle/sdk";
import { mailBrowser } from "../browse/browser.ts";
import { NotPossible } from "../browse/not-possible.ts";
import { inMailbox, reached } from "./_reach.ts";
import { MAIL } from "./_schema.ts";

/** Labels of Gmail's own, which say where a mail is: with some of them, a label would delete one. */
const OWN = [
  ..."inbox sent draft drafts trash bin spam junk chat chats unread starred important".split(" "),
  ..."scheduled snoozed muted all".split(" "),
];
const MOST_LABELS = 20;
const labelList = (description: string) =>
  t.Optional(t.Array(t.String({ minLength: 1, maxLength: 100 }), { maxItems: MOST_LABELS, description }));

function checkLabels(names: string[]): void {
  const wrong = names.find(
    (name) =>
      OWN.includes(name.trim().toLowerCase()) ||
      /^(\s|\\|\[|category_)/i.test(name) ||
      /[\p{Cc}"\\*%]/u.test(name),
  );
  if (wrong === undefined) return;
  throw new NotPossible(
    `A label must be one of people's own, such as Invoices or Work/Urgent; got "${wrong}".`,
  );
}

export const labelMail = register(
  {
    name: "mail_label",
    annotations: { idempotent: true },
    description: "Label a mail, or mark it as read, unread or starred. What you leave out stays as it is.",
    parameters: t.Object({
      mail: MAIL,
      add: labelList("Labels that it gets, such as Invoices or Work/Urgent; one that is not there is made"),
      remove: labelList("Labels that it loses"),
      unread: t.Optional(t.Boolean()),
      starred: t.Optional(t.Boolean()),
    }),
  },
  ({ mail: id, add = [], remove = [], unread, starred }, ctx) =>
    inMailbox(async () => {
      checkLabels([...add, ...remove]);
      await reached(id, ctx);
      const browser = mailBrowser();
      await browser.label(id, { add, remove, unread, starred }, ctx.signal);
      const { labels, isUnread, isStarred } = await browser.read(id, ctx.signal);
      return { mail: id, labels, unread: isUnread, starred: isStarred };
    }),
);

export const moveMail = register(
  {
    name: "mail_move",
    annotations: { idempotent: true },
    description: "Archive a mail, or move it to a folder (at Gmail: a label) or back to the inbox.",
    parameters: t.Object({
      mail: MAIL,
      to: t.Union([t.Literal("archive"), t.Literal("inbox"), t.Literal("folder")], {
        description: "Where it goes; a folder is named beside it",
      }),
      folder: t.Optional(
        t.String({ minLength: 1, maxLength: 200, description: 'The folder, with `to: "folder"`' }),
      ),
    }),
  },
  ({ mail: id, to, folder }, ctx) =>
    inMailbox(async () => {
      if (to === "folder" && folder === undefined) return { error: "folder must name the folder." };
      await reached(id, ctx);
      const destination = to === "folder" ? { folder: folder ?? "" } : { place: to };
      return moved(await mailBrowser().move(id, destination, ctx.signal));
    }),
);

export const trashMail = register(
  {
    name: "mail_trash",
    // Mail servers empty both after some weeks.
    annotations: { destructive: true, idempotent: true },
    description: "Put a mail into the trash, or into spam. Do it only when a person has asked for it.",
    parameters: t.Object({ mail: MAIL, is_spam: t.Optional(t.Boolean()) }),
  },
  ({ mail: id, is_spam = false }, ctx) =>
    inMailbox(async () => {
      await reached(id, ctx);
      return moved(await mailBrowser().move(id, { place: is_spam ? "spam" : "trash" }, ctx.signal));
    }),
);

/** A mail that is moved gets another id at most servers. */
const moved = (id: string | null) =>
  id === null
    ? { message: "It is moved. Its id is another one now; look for it with mail_search." }
    : { mail: id };

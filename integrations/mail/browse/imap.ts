// Tools over IMAP. Gmail keeps each mail once and has labels instead of folders, so there a move changes labels.

import type { FetchMessageObject, ImapFlow, SearchObject } from "imapflow";
import { settings } from "../config.ts";
import { folderFor, inFolder, withMailbox } from "../imap.ts";
import { idOf } from "../mail.ts";
import type { Destination, FoundMail, LabelChange, MailBrowser, Wanted } from "./browser.ts";
import { NO_SUCH_MAIL, NotPossible, noFolder } from "./not-possible.ts";

const USES = { archive: "\\Archive", trash: "\\Trash", spam: "\\Junk" } as const;
/** What is deleted there, or looks as if the mailbox had written it. */
const NOT_TO = ["\\Trash", "\\Junk", "\\Sent", "\\Drafts"];
/** A keyword of IMAP has no spaces and none of its special characters. */
const KEYWORD = /^[^\s(){%*"\\\]\p{Cc}]{1,100}$/u;
const ASCII = /^[\x21-\x7e]+$/;

export const imapBrowser: MailBrowser = {
  search: (wanted, signal) =>
    withMailbox(signal, async (client) => {
      const folder =
        wanted.folder === undefined ? await everything(client) : await named(client, wanted.folder);
      return inFolder(client, folder, async () => {
        const found = (await client.search(queryOf(client, wanted), { uid: true })) || [];
        const uids = found.sort((a, b) => b - a).slice(0, wanted.limit);
        const asked = { headers: true, flags: true, labels: true, threadId: true } as const;
        const mails = uids.length === 0 ? [] : await client.fetchAll(uids.join(","), asked, { uid: true });
        return {
          mails: mails
            .sort((a, b) => b.uid - a.uid)
            .map((mail) => shown(client, folder, mail, mail.headers ?? Buffer.alloc(0))),
          hasMore: found.length > uids.length,
        };
      });
    }),

  read: (id, signal) =>
    atMail(id, signal, async (client, uid, folder) => {
      const source = { maxLength: settings.MAIL_MAX_BYTES };
      const asked = { source, flags: true, labels: true, threadId: true } as const;
      const mail = await client.fetchOne(uid, asked, { uid: true });
      if (!mail || mail.source === undefined) throw new NotPossible(NO_SUCH_MAIL);
      return shown(client, folder, mail, mail.source);
    }),

  label: (id, change, signal) => atMail(id, signal, (client, uid) => relabel(client, uid, change)),

  move: (id, to, signal) =>
    atMail(id, signal, (client, uid, folder) =>
      isGmailServer(client) && !isAway(to)
        ? moveByLabels(client, uid, { folder, to })
        : moveByFolder(client, uid, { folder, to }),
    ),
};

const isGmailServer = ({ capabilities }: ImapFlow): boolean => capabilities.has("X-GM-EXT-1");
/** The trash and spam are folders at Gmail as well. */
const isAway = (to: Destination): boolean => "place" in to && (to.place === "trash" || to.place === "spam");

/** Gmail's folder with all mails; elsewhere INBOX. */
const everything = async (client: ImapFlow): Promise<string> => (await folderFor(client, "\\All")) ?? "INBOX";

async function named(client: ImapFlow, wanted: string): Promise<string> {
  const all = (await client.list()).map(({ path }) => path);
  const found =
    all.find((path) => path === wanted) ?? all.find((path) => path.toLowerCase() === wanted.toLowerCase());
  if (found === undefined) throw noFolder(wanted);
  return found;
}

function queryOf(client: ImapFlow, wanted: Wanted): SearchObject {
  const { text, from, to, subject, after, before, unread, thread, gmail } = wanted;
  if (gmail !== undefined && !isGmailServer(client))
    throw new NotPossible('Only Gmail understands "gmail"; use the other fields.');
  const query: SearchObject = {
    ...(text !== undefined && { text }),
    ...(from !== undefined && { from }),
    ...(to !== undefined && { to }),
    ...(subject !== undefined && { subject }),
    ...(after && { since: after }),
    ...(before && { before }),
    ...(unread !== undefined && { seen: !unread }),
    ...(gmail !== undefined && { gmraw: gmail }),
    ...(thread !== undefined && inThread(thread)),
  };
  return Object.keys(query).length === 0 ? { all: true } : query;
}

/** A thread is named by the server's id of it, or by the Message-ID of its first mail. */
const inThread = (thread: string): SearchObject =>
  thread.startsWith("<")
    ? { or: [{ header: { "message-id": thread } }, { header: { references: thread } }] }
    : { threadId: thread };

function shown(client: ImapFlow, folder: string, mail: FetchMessageObject, source: Buffer): FoundMail {
  const { uid, flags = new Set<string>(), labels, threadId } = mail;
  const own = [...(isGmailServer(client) ? (labels ?? []) : flags)];
  return {
    id: idIn(client, folder, uid),
    source,
    labels: own.filter((one) => !one.startsWith("\\") && !one.startsWith("$")),
    isUnread: !flags.has("\\Seen"),
    isStarred: flags.has("\\Flagged"),
    thread: threadId ?? null,
  };
}

const idIn = ({ mailbox }: ImapFlow, folder: string, uid: number): string =>
  idOf({ folder, uid, uidValidity: mailbox ? String(mailbox.uidValidity) : "" });

/** Runs work at the mail that an id names, in its folder. */
async function atMail<Result>(
  id: string,
  signal: AbortSignal,
  work: (client: ImapFlow, uid: string, folder: string) => Promise<Result>,
): Promise<Result> {
  const [uidValidity = "", uid = "", ...rest] = id.split(".");
  const wanted = rest.join(".");
  if (!/^\d{1,20}$/.test(uidValidity) || !/^\d{1,10}$/.test(uid) || wanted === "")
    throw new NotPossible(NO_SUCH_MAIL);
  return withMailbox(signal, async (client) => {
    const folder = await named(client, wanted);
    return inFolder(client, folder, async () => {
      const { mailbox } = client;
      // With another UIDVALIDITY the UID names a different mail.
      if (!mailbox || String(mailbox.uidValidity) !== uidValidity) throw new NotPossible(NO_SUCH_MAIL);
      if (!(await client.fetchOne(uid, { uid: true }, { uid: true }))) throw new NotPossible(NO_SUCH_MAIL);
      return work(client, uid, folder);
    });
  });
}

async function relabel(client: ImapFlow, uid: string, change: LabelChange): Promise<void> {
  const { add, remove, unread, starred } = change;
  const isGmail = isGmailServer(client);
  const wrong = isGmail
    ? undefined
    : [...add, ...remove].find((one) => !KEYWORD.test(one) || !ASCII.test(one));
  if (wrong !== undefined)
    throw new NotPossible(
      `This mail server takes labels of ASCII letters and digits without spaces; got "${wrong}".`,
    );
  const options = { uid: true, ...(isGmail && { useLabels: true }) };
  const done = [
    add.length === 0 || (await client.messageFlagsAdd(uid, add, options)),
    remove.length === 0 || (await client.messageFlagsRemove(uid, remove, options)),
    unread === undefined || (await flag(client, uid, "\\Seen", !unread)),
    starred === undefined || (await flag(client, uid, "\\Flagged", starred)),
  ];
  if (done.includes(false)) throw new NotPossible("The mail server did not take these labels.");
}

const flag = (client: ImapFlow, uid: string, name: string, isSet: boolean): Promise<boolean> =>
  isSet
    ? client.messageFlagsAdd(uid, [name], { uid: true })
    : client.messageFlagsRemove(uid, [name], { uid: true });

interface Move {
  folder: string;
  to: Destination;
}

async function moveByFolder(client: ImapFlow, uid: string, { folder, to }: Move): Promise<string | null> {
  const path = await pathOf(client, to);
  if (path === folder) return idIn(client, folder, Number(uid));
  const moved = await client.messageMove(uid, path, { uid: true });
  if (!moved) throw new NotPossible(`The mail server did not move the mail to "${path}".`);
  const now = moved.uidMap?.get(Number(uid));
  return now === undefined ? null : idOf({ folder: path, uid: now, uidValidity: String(moved.uidValidity) });
}

async function pathOf(client: ImapFlow, to: Destination): Promise<string> {
  if ("folder" in to) {
    const path = await named(client, to.folder);
    const use = (await client.list()).find((one) => one.path === path)?.specialUse;
    if (use && NOT_TO.includes(use)) throw new NotPossible(`Mails are not moved to "${path}".`);
    return path;
  }
  if (to.place === "inbox") return "INBOX";
  const path = await folderFor(client, USES[to.place]);
  if (path === undefined) throw new NotPossible(`The mailbox has no folder for ${to.place}; name a folder.`);
  return path;
}

/** Takes the mail out of the inbox, or puts it there, and gives it the label that is the folder's name. */
async function moveByLabels(client: ImapFlow, uid: string, { folder, to }: Move): Promise<string | null> {
  const isInbox = "place" in to ? to.place === "inbox" : to.folder.toUpperCase() === "INBOX";
  const label = "folder" in to && !isInbox ? await named(client, to.folder) : undefined;
  if (label?.startsWith("[Gmail]")) throw new NotPossible(`Mails are not moved to "${label}" at Gmail.`);
  const mail = await client.fetchOne(uid, { uid: true }, { uid: true });
  const options = { uid: true, useLabels: true };
  const isAdded = await client.messageFlagsAdd(uid, isInbox ? ["\\Inbox"] : label ? [label] : [], options);
  if ((isInbox || label !== undefined) && !isAdded)
    throw new NotPossible("The mail server did not take the label.");
  if (!isInbox) await client.messageFlagsRemove(uid, ["\\Inbox"], options);
  if (folder !== "INBOX" || isInbox) return idIn(client, folder, Number(uid));
  const emailId = mail ? mail.emailId : undefined;
  return emailId === undefined ? null : idOfEmail(client, emailId);
}

/** The mail's id in the folder with all mails. */
async function idOfEmail(client: ImapFlow, emailId: string): Promise<string | null> {
  const folder = await everything(client);
  await client.mailboxOpen(folder);
  const [uid] = (await client.search({ emailId }, { uid: true })) || [];
  return uid === undefined ? null : idIn(client, folder, uid);
}

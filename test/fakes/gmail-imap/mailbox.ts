// A mailbox of Gmail as IMAP shows it: each mail is there once, with labels, and folders are views of the mails that have one. A mail has a UID
// of its own in each.

import { headerOf } from "../gmail/mailbox.ts";

export interface GmailMessage {
  msgid: string;
  thrid: string;
  /** System labels begin with a backslash. */
  labels: Set<string>;
  flags: Set<string>;
  /** Mails in the trash and in spam are in no other folder. */
  place: "all" | "trash" | "spam";
  source: Buffer;
  date: Date;
}

export interface Folder {
  name: string;
  /** How LIST describes it. */
  use: string;
  label: string;
  uidValidity: number;
  uidNext: number;
  uids: Map<number, GmailMessage>;
}

const SYSTEM: [name: string, use: string, label: string][] = [
  ["INBOX", "", "\\Inbox"],
  ["[Gmail]/All Mail", "\\All", ""],
  ["[Gmail]/Drafts", "\\Drafts", "\\Draft"],
  ["[Gmail]/Sent Mail", "\\Sent", "\\Sent"],
  ["[Gmail]/Spam", "\\Junk", ""],
  ["[Gmail]/Starred", "\\Flagged", "\\Starred"],
  ["[Gmail]/Trash", "\\Trash", ""],
];
/** Labels that a client may set itself. */
export const SETTABLE = ["\\Inbox", "\\Starred", "\\Important"];
const RE = /^(re|fwd?): */i;

export type GmailFolders = ReturnType<typeof createGmailFolders>;

export function createGmailFolders() {
  const folders = new Map<string, Folder>();
  const messages: GmailMessage[] = [];
  const told = new Set<() => void>();
  let counter = 1_278_455_344_230_334_865n;
  let validity = 1;

  function makeFolder(name: string, use: string, label: string): Folder {
    const made = { name, use, label, uidValidity: ++validity, uidNext: 1, uids: new Map() };
    folders.set(name, made);
    return made;
  }
  for (const [name, use, label] of SYSTEM) makeFolder(name, use, label);

  function belongs(message: GmailMessage, { name, label }: Folder): boolean {
    if (name === "[Gmail]/Trash") return message.place === "trash";
    if (name === "[Gmail]/Spam") return message.place === "spam";
    return message.place === "all" && (name === "[Gmail]/All Mail" || message.labels.has(label));
  }

  /** Brings the folders in line with a mail's labels. */
  function show(message: GmailMessage): void {
    for (const label of message.labels) {
      if (!label.startsWith("\\") && !folders.has(label)) makeFolder(label, "", label);
    }
    for (const folder of folders.values()) {
      const known = uidIn(folder, message);
      if (belongs(message, folder) && known === undefined) folder.uids.set(folder.uidNext++, message);
      if (!belongs(message, folder) && known !== undefined) folder.uids.delete(known);
    }
    for (const tell of [...told]) tell();
  }

  /** Gmail puts a mail into the thread to which it refers, if the subject is the same. */
  function threadFor(source: Buffer): string | undefined {
    const refers = `${headerOf(source, "in-reply-to")} ${headerOf(source, "references")}`;
    const subject = (of: Buffer) => headerOf(of, "subject").replace(RE, "");
    return messages.find(
      (one) =>
        refers.includes(headerOf(one.source, "message-id") || "nothing") &&
        subject(one.source) === subject(source),
    )?.thrid;
  }

  return {
    folders,
    messages,
    makeFolder,
    show,
    /** Called after each change. */
    onChange(tell: () => void): () => void {
      told.add(tell);
      return () => void told.delete(tell);
    },
    add(source: Buffer, labels: string[], flags: string[] = []): GmailMessage {
      const msgid = String(++counter);
      const message: GmailMessage = {
        ...{ msgid, thrid: threadFor(source) ?? msgid, labels: new Set(labels), flags: new Set(flags) },
        ...{ place: "all", source, date: new Date() },
      };
      messages.push(message);
      show(message);
      return message;
    },
    /** Does what a move to the folder does with the labels. */
    move(message: GmailMessage, from: Folder, to: Folder): void {
      if (from.label !== "") message.labels.delete(from.label);
      if (to.label !== "") message.labels.add(to.label);
      const places: Record<string, GmailMessage["place"]> = {
        "[Gmail]/Trash": "trash",
        "[Gmail]/Spam": "spam",
      };
      message.place = places[to.name] ?? "all";
      // The archive is what has no label of the inbox.
      if (to.name === "[Gmail]/All Mail") message.labels.delete("\\Inbox");
      show(message);
    },
  };
}

export const uidIn = ({ uids }: Folder, message: GmailMessage): number | undefined =>
  [...uids].find(([, one]) => one === message)?.[0];

/** What X-GM-LABELS shows in a folder: all labels but the folder's own. */
export const labelsIn = (folder: Folder, { labels }: GmailMessage): string[] =>
  [...labels].filter((label) => label !== folder.label);

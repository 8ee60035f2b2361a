// What tools do in a mailbox, over IMAP or over the Gmail API.

import { usesGmailApi } from "../config.ts";
import { gmailBrowser } from "./gmail.ts";
import { imapBrowser } from "./imap.ts";

/** What is looked for; what is left out is not asked for. */
export interface Wanted {
  text?: string | undefined;
  from?: string | undefined;
  to?: string | undefined;
  subject?: string | undefined;
  /** On this day or later. */
  after?: Date | undefined;
  /** Before this day. */
  before?: Date | undefined;
  unread?: boolean | undefined;
  folder?: string | undefined;
  thread?: string | undefined;
  /** A search as people write it in Gmail. */
  gmail?: string | undefined;
  limit: number;
}

export interface FoundMail {
  id: string;
  /** The headers, or the whole mail where one mail was asked for. */
  source: Buffer;
  /** Labels at Gmail, elsewhere keywords; without those that mail programs keep for themselves. */
  labels: string[];
  isUnread: boolean;
  isStarred: boolean;
  /** The server's id of the thread; null if it has none. */
  thread: string | null;
}

export interface LabelChange {
  add: string[];
  remove: string[];
  unread?: boolean | undefined;
  starred?: boolean | undefined;
}

/** Where a mail is moved to: a place that every mailbox has by some name, or a folder. */
export type Destination = { place: "archive" | "inbox" | "trash" | "spam" } | { folder: string };

export interface MailBrowser {
  /** Newest first. */
  search(wanted: Wanted, signal: AbortSignal): Promise<{ mails: FoundMail[]; hasMore: boolean }>;
  read(id: string, signal: AbortSignal): Promise<FoundMail>;
  label(id: string, change: LabelChange, signal: AbortSignal): Promise<void>;
  /** Resolves with the id that the mail has then; null if the server does not tell. */
  move(id: string, to: Destination, signal: AbortSignal): Promise<string | null>;
}

export const mailBrowser = (): MailBrowser => (usesGmailApi() ? gmailBrowser : imapBrowser);

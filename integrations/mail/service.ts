// What the dispatcher does in a mailbox, over IMAP and SMTP or over the Gmail API.

import type { ComposedMail, Quoted } from "./compose.ts";
import { usesGmailApi } from "./config.ts";
import { gmailService } from "./gmail/service.ts";
import { imapService } from "./mailbox.ts";
import type { Target } from "./target.ts";

export interface Attempt {
  /** Whether an earlier attempt may have done it. */
  mayBeDone: boolean;
  signal: AbortSignal;
}

export interface MailService {
  /** Sends the mail; resolves with the Message-ID under which it went out. */
  send(mail: ComposedMail, target: Target, attempt: Attempt): Promise<string>;
  /** Puts it among the drafts; resolves with its Message-ID. */
  putDraft(mail: ComposedMail, target: Target, attempt: Attempt): Promise<string>;
  /** Keeps a copy among the sent mails, where the server does not do that itself. */
  keepCopy(mail: ComposedMail, signal: AbortSignal): Promise<void>;
  /** Marks the mail as handled, and as answered if it was. */
  markAnswered(target: Target, isAnswered: boolean, signal: AbortSignal): Promise<void>;
  /** What the answer quotes; null if the mail is not there any more. */
  quotedFrom(target: Target, signal: AbortSignal): Promise<Quoted | null>;
  /** Says what works; throws what does not. */
  check(signal: AbortSignal): Promise<string>;
}

export const mailService = (): MailService => (usesGmailApi() ? gmailService : imapService);

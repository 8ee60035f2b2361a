// Mails as they arrive in the mailbox of the tests.

import { MAILBOX } from "./dovecot.ts";

export interface Letter {
  id: string;
  from?: string;
  subject?: string;
  text?: string;
  header?: string;
  inReplyTo?: string;
  references?: string;
  /** Whether the own server says that the mail comes from its author's domain. */
  isProven?: boolean;
}

export function letter({
  from = "stranger@x.test",
  text = "How are you?",
  isProven = true,
  ...letter
}: Letter): string {
  const domain = /@([^>]+)/.exec(from)?.[1];
  return [
    isProven && `Authentication-Results: mx.heddle.test; dmarc=pass header.from=${domain}; spf=pass`,
    `Message-ID: <${letter.id}>`,
    `From: ${from}`,
    `To: ${MAILBOX.user}`,
    `Subject: ${letter.subject ?? "A question"}`,
    `Date: ${new Date().toUTCString()}`,
    letter.inReplyTo && `In-Reply-To: ${letter.inReplyTo}`,
    letter.references && `References: ${letter.references}`,
    letter.header,
    "",
    text,
    "",
  ]
    .filter((line) => line !== false && line !== undefined)
    .join("\n");
}

// Writes the answer as a mail: in the thread, as text and as HTML, with what it answers quoted below.

import { micromark } from "micromark";
import { ownAddress, ownAddresses, settings } from "./config.ts";
import type { SentFile } from "./sent-files.ts";
import type { Target } from "./target.ts";

export interface Reply {
  target: Target;
  /** Which of the mailbox's addresses answers. Default: the one that was written to. */
  from?: string;
  text: string;
  files: SentFile[];
  quoted: Quoted | null;
  date: Date;
  deliveryId: string;
}

export interface Quoted {
  from: string;
  date: string | null;
  text: string;
}

export interface ComposedMail {
  id: string;
  deliveryId: string;
  from: string;
  to: string[];
  raw: Buffer;
}

const RE = /^(re|aw|antw|sv|rv|ref)(\[\d+\])?: ?/i;

export async function compose({
  target,
  from = addressFor(target),
  text,
  files,
  quoted,
  date,
  deliveryId,
}: Reply): Promise<ComposedMail> {
  const id = messageIdOf(deliveryId);
  const above = quoted ? introduction(quoted) : "";
  // Written to memory, since the same bytes are sent and kept among the sent mails.
  const { createTransport } = await import("nodemailer");
  const writer = createTransport({ streamTransport: true, buffer: true, newline: "windows" });
  const { message } = await writer.sendMail({
    from: { name: settings.MAIL_FROM_NAME, address: from },
    ...{ to: target.to, subject: subjectOf(target), messageId: id, date },
    ...(target.in_reply_to !== undefined && {
      inReplyTo: target.in_reply_to,
      references: [...(target.references ?? []), target.in_reply_to],
    }),
    // Tells other programs not to answer (RFC 3834).
    headers: { "Auto-Submitted": "auto-replied", "X-Heddle-Delivery": deliveryId },
    text: quoted ? `${text}\n\n${above}\n${quoteLines(quoted.text)}` : text,
    html: `${htmlOf(text)}${quoted ? `<p>${escaped(above)}</p><blockquote type="cite">${htmlLines(quoted.text)}</blockquote>` : ""}`,
    attachments: files.map(({ name, data, type }) => ({
      filename: name,
      content: data,
      ...(type !== undefined && { contentType: type }),
    })),
    ...{ disableFileAccess: true, disableUrlAccess: true },
  });
  return { id, deliveryId, from, to: [target.to], raw: message as Buffer };
}

/** The address that the settings do not name any more is not used. */
function addressFor({ from }: Target): string {
  const wanted = from?.toLowerCase();
  return wanted !== undefined && ownAddresses().includes(wanted) ? wanted : ownAddress();
}

/** The same in every attempt, so that a mail that an earlier attempt has sent is recognised. */
export const messageIdOf = (deliveryId: string): string =>
  `<heddle.${deliveryId.replace(/[^A-Za-z0-9.-]/g, "-")}@${ownAddress().split("@").at(-1)}>`;

const subjectOf = ({ subject, in_reply_to }: Target): string =>
  in_reply_to === undefined || RE.test(subject) ? subject : `Re: ${subject}`;

const introduction = ({ from, date }: Quoted): string =>
  date === null ? `${from} wrote:` : `On ${date.slice(0, 16).replace("T", " ")} UTC, ${from} wrote:`;

const quoteLines = (text: string): string =>
  text
    .split("\n")
    .map((line) => (line.startsWith(">") ? `>${line}` : `> ${line}`))
    .join("\n");

/** Pictures are fetched from wherever they are when the mail is read, and could carry something there. */
const htmlOf = (markdown: string): string => micromark(markdown).replace(/<img [^<>]*>/g, "");

const htmlLines = (text: string): string => text.split("\n").map(escaped).join("<br>\n");

export const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

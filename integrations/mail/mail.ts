// A mail as the rest of the integration sees it.

import { createHash } from "node:crypto";
import type { EmailAddress } from "mailparser";
import { isAuthentic } from "./authentic.ts";
import { readHtml } from "./html-text.ts";
import { isFromMachine } from "./machine.ts";
import { type ReadText, readPlain } from "./plain-text.ts";
import { ANSWERABLE, LONGEST_ADDRESS } from "./target.ts";

export interface Person {
  name: string;
  /** In lower case. */
  address: string;
}

/** Where a mail is: in a folder of an IMAP server, or at Gmail. */
export type Place = { folder: string; uidValidity: string; uid: number } | { id: string; threadId: string };

/** As tools name a mail. */
export const idOf = (place: Place): string =>
  "uid" in place ? `${place.uidValidity}.${place.uid}.${place.folder}` : place.id;

export interface MailFile {
  name: string;
  type: string;
  data: Buffer;
}

export interface Mail extends ReadText {
  /** With its angle brackets; made from the content if the mail has none. */
  id: string;
  /** Whether the mail itself has an id, to which an answer can refer. */
  hasId: boolean;
  inReplyTo: string | undefined;
  /** The ids of the mails before it in the thread, oldest first. */
  references: string[];
  from: Person | undefined;
  /** Where answers are wanted, if not at `from`. */
  replyTo: Person | undefined;
  /** All in To and Cc. */
  to: Person[];
  subject: string;
  date: Date | undefined;
  files: MailFile[];
  /** Whether the own server has found that the mail really comes from the domain of `from`. */
  isAuthentic: boolean;
  /** Whether a program wrote it, or it went to a list: it must not be answered. */
  isFromMachine: boolean;
}

/** The values of a header, unfolded, topmost first. */
export type HeaderReader = (name: string) => string[];

const MOST_HTML = 5_000_000;
const MOST_REFERENCES = 100;
const MESSAGE_ID = /<[^<>\s]{1,900}>/g;

/** Reads a mail as it came over the wire. */
export async function readMail(source: Buffer): Promise<Mail> {
  // Only where mails come in, since it is large.
  const { parseAddressHeader, simpleParser } = await import("mailparser");
  const parsed = await simpleParser(source, {
    ...{ skipHtmlToText: true, skipTextToHtml: true, skipImageLinks: true, checksumAlgo: false },
  });
  const headers: HeaderReader = (name) =>
    parsed.headerLines
      .filter(({ key }) => key === name)
      .map(({ line }) =>
        line
          .slice(line.indexOf(":") + 1)
          .replace(/\r?\n[ \t]*/g, " ")
          .trim(),
      );
  const people = (values: string[]): Person[] =>
    peopleIn(values.flatMap((value) => parseAddressHeader(value, { flatten: true }).value as EmailAddress[]));
  const froms = people(headers("from"));
  const [from] = froms;
  const [ownId] = idsIn(headers("message-id").slice(0, 1));
  const html = typeof parsed.html === "string" ? parsed.html.slice(0, MOST_HTML) : "";
  return {
    ...(html === "" ? readPlain(parsed.text ?? "") : readHtml(html)),
    id: ownId ?? `<${createHash("sha256").update(source).digest("hex")}@no-message-id>`,
    hasId: ownId !== undefined,
    inReplyTo: idsIn(headers("in-reply-to"))[0],
    references: idsIn(headers("references")).slice(-MOST_REFERENCES),
    from,
    replyTo: people(headers("reply-to"))[0],
    to: people([...headers("to"), ...headers("cc")]),
    subject: (parsed.subject ?? "").replace(/\s+/g, " ").trim().slice(0, 500),
    date: parsed.date,
    files: parsed.attachments.map(({ filename, contentType, content }) => ({
      name: filename ?? (contentType === "message/rfc822" ? "mail.eml" : "file"),
      type: contentType,
      data: content,
    })),
    // A mail with several authors is nobody's in particular.
    isAuthentic: from !== undefined && froms.length === 1 && isAuthentic(headers, from.address),
    isFromMachine: isFromMachine(headers, from?.address, people(headers("reply-to"))[0]?.address),
  };
}

const idsIn = (values: string[]): string[] => [...new Set(values.join(" ").match(MESSAGE_ID) ?? [])];

const peopleIn = (addresses: EmailAddress[]): Person[] =>
  addresses
    .flatMap(({ name, address }) =>
      address && address.length <= LONGEST_ADDRESS && ANSWERABLE.test(address)
        ? [{ name: name.slice(0, 200), address: address.toLowerCase() }]
        : [],
    )
    .slice(0, 200);

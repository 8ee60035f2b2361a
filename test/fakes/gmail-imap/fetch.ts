// What FETCH answers, with Gmail's items.

import { type Argument, quoted, textOf, Unreadable } from "./command.ts";
import { type Folder, type GmailMessage, labelsIn } from "./mailbox.ts";

export interface Shown {
  message: GmailMessage;
  uid: number;
  folder: Folder;
}

/** The parts of one mail's line; a buffer is a literal. Reading a body without PEEK marks the mail as read. */
export function fetched(items: Argument, shown: Shown): (string | Buffer)[] {
  const parts: (string | Buffer)[] = [];
  for (const item of itemsIn(items)) {
    if (parts.length > 0) parts.push(" ");
    parts.push(...one(item, shown));
  }
  return parts;
}

/** HEADER.FIELDS and its list come as one item. */
const itemsIn = (items: Argument): string[] => (Array.isArray(items) ? items : [items]).map(textOf);

function one(item: string, { message, uid, folder }: Shown): (string | Buffer)[] {
  const name = item.toUpperCase();
  const { msgid, thrid, flags, source, date } = message;
  if (name === "UID") return [`UID ${uid}`];
  if (name === "FLAGS") return [`FLAGS (${[...flags].join(" ")})`];
  if (name === "INTERNALDATE") return [`INTERNALDATE "${internalDate(date)}"`];
  if (name === "RFC822.SIZE") return [`RFC822.SIZE ${source.length}`];
  if (name === "X-GM-MSGID") return [`X-GM-MSGID ${msgid}`];
  if (name === "X-GM-THRID") return [`X-GM-THRID ${thrid}`];
  if (name === "X-GM-LABELS") return [`X-GM-LABELS (${labelsIn(folder, message).map(quoted).join(" ")})`];
  const body = /^BODY(\.PEEK)?\[(HEADER)?\](<0\.(\d+)>)?$/.exec(name);
  if (!body) throw new Unreadable("Could not parse command");
  const [, peek, section, partial, most] = body;
  if (peek === undefined) flags.add("\\Seen");
  const end = source.indexOf("\r\n\r\n");
  const whole = section && end >= 0 ? source.subarray(0, end + 4) : source;
  const bytes = most === undefined ? whole : whole.subarray(0, Number(most));
  return [`BODY[${section ?? ""}]${partial === undefined ? "" : "<0>"} {${bytes.length}}\r\n`, bytes];
}

const internalDate = (date: Date): string => {
  const [, day, month, year, time] = date.toUTCString().split(" ");
  return `${day}-${month}-${year} ${time} +0000`;
};

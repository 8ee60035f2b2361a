// What the bot reads.

import type { Mail, MailFile, Person } from "./mail.ts";

export const PREAMBLE = {
  reply:
    "A mail has arrived. Your final answer is sent as the reply, to the one who wrote it. Write only the text of the reply, without a subject " +
    "or a quotation. If no reply is needed, answer NO_REPLY and nothing else.",
  draft:
    "A mail has arrived. Your final answer is put among the drafts as a reply, and a person decides whether to send it. Write only the text " +
    "of the reply, without a subject or a quotation. If no reply is needed, answer NO_REPLY and nothing else.",
};

export function contentOf(mail: Mail, left: string[]): string {
  const { from, to, subject, date, text, quoted, hidden, isAuthentic, isFromMachine } = mail;
  const lines = quoted === "" ? 0 : quoted.split("\n").length;
  const notes = [
    lines > 0 && !isForwarded(mail) && `${counted(lines, "line")} of earlier mails left out.`,
    hidden > 0 && `${counted(hidden, "character")} left out that the mail hides from its reader.`,
    ...left.map((file) => `File left out: ${file}.`),
  ].filter((note) => note !== false);
  return [
    `From: ${from ? shown(from) : "nobody"}${isAuthentic ? "" : " (not proven)"}${isFromMachine ? " (automatic)" : ""}`,
    to.length > 0 && `To: ${to.slice(0, 20).map(shown).join(", ")}`,
    `Subject: ${subject || "(none)"}`,
    date && !Number.isNaN(date.getTime()) && `Date: ${date.toISOString()}`,
    "",
    text || "(no text)",
    notes.length > 0 && `\n[${notes.join(" ")}]`,
  ]
    .filter((line) => line !== false && line !== undefined)
    .join("\n");
}

/** What somebody passes on was written by others, so it comes as a file, which never counts as the sender's own words. */
export const forwardedFile = (mail: Mail): MailFile[] =>
  isForwarded(mail)
    ? [{ name: "forwarded.txt", type: "text/plain", data: Buffer.from(mail.quoted, "utf8") }]
    : [];

const isForwarded = ({ subject, quoted, text }: Mail): boolean =>
  quoted !== "" && (text === "" || /^(fwd?|wg|tr|rv|i): /i.test(subject));

const shown = ({ name, address }: Person): string => (name === "" ? address : `${name} <${address}>`);
const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? " was" : "s were"}`;

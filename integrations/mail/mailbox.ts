// What the dispatcher does in the mailbox: drafts, copies of what was sent, marks on what was answered, and the text that is quoted.

import type { ImapFlow } from "imapflow";
import type { ComposedMail, Quoted } from "./compose.ts";
import { isGmail, settings } from "./config.ts";
import { folderFor, inFolder, withMailbox } from "./imap.ts";
import { readMail } from "./mail.ts";
import type { Target } from "./target.ts";

const HANDLED = "heddle/handled";
const MOST_QUOTED = 10_000;

/** Puts the answer among the drafts, unless an earlier attempt has. */
export async function putDraft(
  mail: ComposedMail,
  mayBeThere: boolean,
  signal: AbortSignal,
): Promise<boolean> {
  return withMailbox(signal, async (client) => {
    const drafts = await folderFor(client, "\\Drafts");
    if (drafts === undefined) throw new Error("The mailbox has no folder for drafts.");
    if (mayBeThere && (await has(client, drafts, mail.id))) return true;
    await client.append(drafts, mail.raw, ["\\Draft", "\\Seen"]);
    return true;
  });
}

/** Keeps a copy among the sent mails, where the server does not do that itself. */
export async function keepCopy(mail: ComposedMail, signal: AbortSignal): Promise<void> {
  const choice = settings.MAIL_SAVE_SENT;
  if (choice === "no" || (choice === "auto" && isGmail())) return;
  await withMailbox(signal, async (client) => {
    const sent = await folderFor(client, "\\Sent");
    if (sent === undefined || (await has(client, sent, mail.id))) return;
    await client.append(sent, mail.raw, ["\\Seen"]);
  });
}

/** Whether the folder with this special use contains the mail. */
export async function wasStored(id: string, use: string, signal: AbortSignal): Promise<boolean> {
  return withMailbox(signal, async (client) => {
    const folder = await folderFor(client, use);
    return folder !== undefined && has(client, folder, id);
  });
}

async function has(client: ImapFlow, folder: string, id: string): Promise<boolean> {
  return inFolder(client, folder, async () => {
    const found = await client.search({ header: { "message-id": id } }, { uid: true });
    return Array.isArray(found) && found.length > 0;
  });
}

/** Marks the mail as handled, and as answered if it was. */
export async function markAnswered(target: Target, isAnswered: boolean, signal: AbortSignal): Promise<void> {
  await atOriginal(target, signal, async (client, uid) => {
    if (isAnswered) await client.messageFlagsAdd(uid, ["\\Answered"], { uid: true });
    // Gmail shows labels, and keeps other flags to itself.
    const hasLabels = client.capabilities.has("X-GM-EXT-1");
    await client.messageFlagsAdd(uid, [HANDLED], { uid: true, ...(hasLabels && { useLabels: true }) });
  });
}

/** What the answer quotes; null if the mail is not there any more. */
export async function quotedFrom(target: Target, signal: AbortSignal): Promise<Quoted | null> {
  const quoted = await atOriginal(target, signal, async (client, uid) => {
    const found = await client.fetchOne(
      uid,
      { source: { maxLength: settings.MAIL_MAX_BYTES } },
      { uid: true },
    );
    const source = found ? found.source : undefined;
    if (!source) return null;
    const { from, date, text } = await readMail(source);
    return {
      from: from ? from.name || from.address : "Somebody",
      date: date && !Number.isNaN(date.getTime()) ? date.toISOString() : null,
      text: text.slice(0, MOST_QUOTED),
    };
  });
  return quoted ?? null;
}

async function atOriginal<Result>(
  { folder, uid_validity, uid }: Target,
  signal: AbortSignal,
  work: (client: ImapFlow, uid: string) => Promise<Result>,
): Promise<Result | undefined> {
  if (folder === undefined || uid === undefined) return undefined;
  return withMailbox(signal, (client) =>
    inFolder(client, folder, async () => {
      const { mailbox } = client;
      // With another UIDVALIDITY the UID names a different mail.
      if (!mailbox || String(mailbox.uidValidity) !== uid_validity) return undefined;
      return work(client, String(uid));
    }),
  );
}

// Takes what is new in a folder. The cursor, a UID that means something only together with UIDVALIDITY, moves on after a mail is stored.

import { type ListenContext, log, store } from "heddle/sdk";
import type { ImapFlow } from "imapflow";
import { shortened } from "../_keys/shortened.ts";
import { ownAddress, settings } from "./config.ts";
import { inFolder } from "./imap.ts";
import type { LastMail } from "./last-mail.ts";
import { takeMail } from "./take-mail.ts";

const DAY_MS = 86_400_000;
const CLOCKS_MS = 300_000;
const UIDS_IN_LINE = 500;

interface Cursor {
  uidValidity: string;
  /** The last UID that has been taken. */
  uid: number;
  /** Since when mail is taken, in milliseconds since 1970. */
  from: number;
  /** When it last moved, in milliseconds since 1970. */
  at: number;
}

const keyOf = (folder: string): string => shortened(`cursor:${ownAddress()}:${folder}`);

/** Returns the last mail that it has taken. */
export async function takeNew(
  client: ImapFlow,
  folder: string,
  ctx: ListenContext,
): Promise<LastMail | undefined> {
  return inFolder(client, folder, async () => {
    let last: LastMail | undefined;
    const cursor = await cursorOf(client, folder);
    const { uidValidity } = cursor;
    const key = keyOf(folder);
    for (const uid of await newUids(client, cursor)) {
      ctx.signal.throwIfAborted();
      const cameAt = await takeOne(client, { folder, uidValidity, uid });
      ctx.alive();
      if (cameAt) last = { cameAt, takenAt: new Date() };
      Object.assign(cursor, { uid, at: Date.now() });
      await store.set(key, cursor);
    }
    return last;
  });
}

/** Stores from where the folder is followed, unless that is known. Mail that comes afterwards is taken, whatever happens in between. */
export const followFolder = (client: ImapFlow, folder: string): Promise<unknown> =>
  inFolder(client, folder, () => cursorOf(client, folder));

/** The cursor of the open folder. */
async function cursorOf(client: ImapFlow, folder: string): Promise<Cursor> {
  const { mailbox } = client;
  if (!mailbox) throw new Error(`The folder "${folder}" could not be opened.`);
  const key = keyOf(folder);
  const stored = await store.get<Cursor>(key);
  if (stored?.uidValidity === String(mailbox.uidValidity)) return stored;
  const cursor = await begin(client, folder, stored, Date.now());
  await store.set(key, cursor);
  return cursor;
}

/** Where to begin in a folder that is seen for the first time, or whose UIDs are new ones. */
async function begin(
  client: ImapFlow,
  folder: string,
  before: Cursor | undefined,
  now: number,
): Promise<Cursor> {
  const { mailbox } = client;
  if (!mailbox) throw new Error(`The folder "${folder}" could not be opened.`);
  const { uidNext } = mailbox;
  const from = before?.from ?? now - settings.MAIL_IMPORT_DAYS * DAY_MS;
  const cursor = { uidValidity: String(mailbox.uidValidity), uid: uidNext - 1, from, at: now };
  if (!before && settings.MAIL_IMPORT_DAYS === 0) return cursor;
  if (before) log.warning("The folder has new UIDs; its latest mails are looked at again", { folder });
  // What has come since the last look, and a day before, is looked at again; Message-IDs tell what is known. Clocks may differ a little.
  const since = before ? Math.max(before.at - DAY_MS, from - CLOCKS_MS) : from;
  const found = await client.search({ since: new Date(since) }, { uid: true });
  if (!Array.isArray(found) || found.length === 0) return cursor;
  let least = uidNext;
  // Servers refuse lines of more than some thousand characters.
  for (let at = 0; at < found.length; at += UIDS_IN_LINE) {
    const some = found.slice(at, at + UIDS_IN_LINE).join(",");
    for (const { uid, internalDate } of await client.fetchAll(some, { internalDate: true }, { uid: true })) {
      if (internalDate && new Date(internalDate).getTime() >= since) least = Math.min(least, uid);
    }
  }
  return { ...cursor, uid: least - 1 };
}

/** The UIDs after the cursor, in the order in which the mails came. */
async function newUids(client: ImapFlow, { uid: last }: Cursor): Promise<number[]> {
  const { mailbox } = client;
  if (!mailbox || mailbox.exists === 0) return [];
  // "n:*" contains the last mail even if its UID is below n.
  const found = await client.search({ uid: `${last + 1}:*` }, { uid: true });
  return (Array.isArray(found) ? found : []).filter((uid) => uid > last).sort((a, b) => a - b);
}

/** Returns when the mail came; undefined if there was none to take. */
async function takeOne(
  client: ImapFlow,
  place: { folder: string; uidValidity: string; uid: number },
): Promise<Date | undefined> {
  const found = await client.fetchOne(
    String(place.uid),
    { flags: true, internalDate: true, source: { maxLength: settings.MAIL_MAX_BYTES } },
    { uid: true },
  );
  // Deleted meanwhile.
  if (!found || found.source === undefined) return undefined;
  if (found.flags?.has("\\Draft") || found.flags?.has("\\Deleted")) return undefined;
  await takeMail(found.source, place);
  return found.internalDate === undefined ? undefined : new Date(found.internalDate);
}
